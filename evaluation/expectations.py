"""What has to hold of a model's answers before and after a change of a text, and by how much it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.asking import FloatArray
from evaluation.predictions import probability_of_all

_NOISE = 1e-6  # of a probability, which another batch may move by as much
_WRONG = 1e-9  # the least that a wrong answer misses by


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a model can say.

    Attributes:
        names: The k labels.
        several: Whether a record has any number of them.
        threshold: Of these, the probability above which one is predicted.
    """

    names: tuple[str, ...]
    several: bool = False
    threshold: float = 0.5

    def chosen(self, probs: FloatArray) -> npt.NDArray[np.int64]:
        """Return (n, k) ones for the labels that are said, from (n, k) probabilities."""
        if self.several:
            return np.asarray(probs > self.threshold, dtype=np.int64)
        return np.asarray(np.eye(len(self.names), dtype=np.int64)[probs.argmax(axis=1)])

    def sure(self, probs: FloatArray, chosen: npt.NDArray[np.int64]) -> FloatArray:
        """Return (n,) the probability of these labels."""
        return np.asarray(probability_of_all(probs, chosen) if self.several else (probs * chosen).sum(axis=1))

    def told(self, probs: FloatArray) -> str:
        """Return one answer in words, from (k,) probabilities."""
        chosen = self.chosen(probs[None])
        said = ", ".join(name for name, is_said in zip(self.names, chosen[0], strict=True) if is_said)
        return f"{said or 'none'} ({self.sure(probs[None], chosen)[0]:.2f})"

    @property
    def is_scale(self) -> bool:
        """Whether the labels are numbers, of which a record has one."""
        return not self.several and all(map(_is_number, self.names))

    def weights(self, label: str | None) -> FloatArray:
        """Return (k,) what the probabilities are multiplied by: 1 for the label; the steps of a scale for none."""
        return np.array([float(name) if label is None else float(name == label) for name in self.names])


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What has to hold.

    Attributes:
        said: In words.
        misses: (n,) by how much pairs miss it, above 0 where they do, from (n, k) probabilities before and after.
        told: What a model says, in words, from (k,) probabilities.
    """

    said: str
    misses: Callable[[FloatArray, FloatArray], FloatArray]
    told: Callable[[FloatArray], str]


def one_of(answers: Answers, labels: Sequence[str]) -> Expectation:
    """Expect one of the labels; all of them and no others where records have several."""
    wanted = np.array([name in labels for name in answers.names], dtype=np.int64)

    def misses(_: FloatArray, after: FloatArray) -> FloatArray:
        chosen = answers.chosen(after)
        if answers.several:
            right, sure = (chosen == wanted).all(axis=1), answers.sure(after, np.tile(wanted, (len(after), 1)))
        else:
            right, sure = (chosen * wanted).any(axis=1), (after * wanted).sum(axis=1)
        return np.where(right, 0.0, np.maximum(1 - sure, _WRONG))

    between = ", " if answers.several else " or "
    return Expectation(said=between.join(labels) or "none", misses=misses, told=answers.told)


def invariant(answers: Answers) -> Expectation:
    """Expect the same answer."""

    def misses(before: FloatArray, after: FloatArray) -> FloatArray:
        chosen = answers.chosen(before)
        differs = (chosen != answers.chosen(after)).any(axis=1)
        moved = answers.sure(before, chosen) - answers.sure(after, chosen)
        return np.where(differs, np.maximum(moved, _WRONG), 0.0)

    return Expectation(said="the same answer", misses=misses, told=answers.told)


def direction(answers: Answers, label: str | None, way: str, tolerance: float) -> Expectation:
    """Expect the probability of a label to move, or not to; on a scale, and without a label, the mean step.

    Args:
        answers: What the model can say; numbers where there is no label.
        label: Whose probability.
        way: `up` or `down`: by more than the tolerance; `not up` or `not down`: by no more.
        tolerance: In the unit of what moves.
    """
    weights = answers.weights(label)
    name = f"P({label})" if label else "the mean"
    sign = 1.0 if way.endswith("up") else -1.0

    def misses(before: FloatArray, after: FloatArray) -> FloatArray:
        moved: FloatArray = sign * ((after - before) @ weights)
        if way.startswith("not"):
            return np.maximum(moved - tolerance - _NOISE, 0.0)
        return np.where(moved > tolerance + _NOISE, 0.0, np.maximum(tolerance - moved, _WRONG))

    by = f" by {'' if way.startswith('not') else 'more than '}{tolerance:g}" if tolerance else ""
    more = " or more" if way.startswith("not") and tolerance else ""
    return Expectation(said=f"{name} {way}{by}{more}", misses=misses, told=lambda row: f"{name} {row @ weights:.2f}")


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
