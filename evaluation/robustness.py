"""How much worse a model gets when texts are changed in ways that leave their answers as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.asking import Ask, Asked, Record, read_records
from evaluation.classification import means
from evaluation.columns import kept
from evaluation.comparison import Comparison, compared
from evaluation.holm import holm
from evaluation.intervals import (
    Interval,
    check_confidence,
    check_resampling,
    resampled_sums,
    wilson_interval,
)
from evaluation.perturbations import PERTURBATIONS, check_perturbations, perturb
from evaluation.predictions import AnyPredictions, check_any_predictions, check_length, check_names
from evaluation.requirements import paired_difference
from evaluation.settings import check_number, check_whole
from evaluation.shown import Listed, Shown
from evaluation.sums import metrics_of, record_columns

_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True, repr=False)
class RobustnessPoint(Shown):
    """A model on n texts that are changed at one strength, beside the same texts as they are.

    Attributes:
        strength: Share of the places that were changed, in (0, 1].
        changed: Share of the texts that came out as others, in [0, 1].
        accuracy: On the texts as they became, in [0, 1].
        macro_f1: Likewise.
        accuracy_drop: Accuracy before less that after, of the same records, in [-1, 1].
        macro_f1_drop: The same of macro-F1.
        flips: Share of the n texts that the model answers otherwise than before, right or wrong, in [0, 1].
        broken: Texts that only the model of before has right.
        mended: Texts that it has right only after.
    """

    strength: float
    changed: float
    accuracy: Interval
    macro_f1: Interval
    accuracy_drop: Interval
    macro_f1_drop: Interval
    flips: Interval
    broken: int
    mended: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers, ready for JSON."""
        return {name: one.to_dict() if isinstance(one, Interval) else one for name, one in vars(self).items()}


@dataclass(frozen=True, kw_only=True, repr=False)
class Harm(Shown):
    """What one perturbation does to a model.

    Attributes:
        perturbation: Its name.
        curve: A point for each strength, rising.
        adjusted_p: Chance of as many answers broken and as few mended at the greatest strength if the change did not
            matter (McNemar's exact test, one-sided), adjusted for the number of perturbations (Holm 1979), in (0, 1].
        harmful: Whether that is below 1 less the confidence.
        reason: The finding in one sentence.
        keeps: The answers that the change leaves as they are.
        examples: Up to three texts that it broke at the greatest strength, as they became.
        records: Their positions among the texts that were given.
    """

    perturbation: str
    curve: tuple[RobustnessPoint, ...]
    adjusted_p: float
    harmful: bool
    reason: str
    keeps: str
    examples: tuple[Record, ...]
    records: tuple[int, ...]

    @property
    def worst(self) -> RobustnessPoint:
        """What was found at the greatest strength."""
        return self.curve[-1]

    def _columns(self) -> Mapping[str, Any]:
        worst = self.worst
        return {
            "perturbation": [self.perturbation],
            "strength": [worst.strength],
            "accuracy_drop": [worst.accuracy_drop.value],
            "low": [worst.accuracy_drop.low],
            "high": [worst.accuracy_drop.high],
            "flips": [worst.flips.value],
            "adjusted_p": [self.adjusted_p],
            "harmful": [self.harmful],
        }

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        plain = {"examples": [list(one) for one in self.examples], "records": list(self.records)}
        return {**vars(self), "curve": [one.to_dict() for one in self.curve], **plain}


@dataclass(frozen=True, kw_only=True, repr=False)
class Robustness(Shown):
    """What `robustness` found.

    Attributes:
        n: Texts that the model was asked about.
        of: Texts that were given.
        accuracy: On the texts as they are, in [0, 1].
        macro_f1: Likewise.
        harms: One for each perturbation that changed a text, the greatest loss of accuracy first.
        unchanged: Perturbations that found nothing to change in these texts.
        asked: Different texts that the model was asked about in all.
        confidence: Coverage of the intervals, in (0, 1).
    """

    n: int
    of: int
    accuracy: Interval
    macro_f1: Interval
    harms: tuple[Harm, ...]
    unchanged: tuple[str, ...]
    asked: int
    confidence: float

    @property
    def note(self) -> str:  # type: ignore[override]
        """How many texts it was, and what could not be tried."""
        drawn = f"{self.n:,} texts" if self.n == self.of else f"{self.n:,} texts drawn from {self.of:,}"
        nothing = f"; nothing to change for {', '.join(self.unchanged)}" if self.unchanged else ""
        return f"{drawn}{nothing}"

    def _columns(self) -> Mapping[str, Any]:
        return Listed(self.harms)._columns()

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        plain = {"harms": [one.to_dict() for one in self.harms], "unchanged": list(self.unchanged), "note": self.note}
        return {**vars(self), "accuracy": self.accuracy.to_dict(), "macro_f1": self.macro_f1.to_dict(), **plain}


def robustness(
    texts: Any,
    labels: Any,
    ask: Ask,
    *,
    label_names: Any,
    perturbations: Sequence[str] | None = None,
    strengths: Sequence[float] | None = None,
    threshold: float = 0.5,
    most: int = 300,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Robustness:
    """Ask a model about texts as they are, and as they become with typos, in capital letters, cut short and so on.

    Every difference is one of the same records, with a paired bootstrap interval. A perturbation is named harmful by
    the exact test of McNemar (1947) at its greatest strength, one-sided, and by the adjustment of Holm (1979) for all
    perturbations that change a text: the chance that any is named on a model that minds none is at most
    1 - `confidence`. The intervals themselves are not adjusted.

    Args:
        texts: n texts; n tuples of texts where a record has several fields, each of which is changed.
        labels: As in `evaluate`, one or several for each record.
        ask: From a list of texts, or tuples, to (n, k) probabilities. It is asked about no text twice.
        label_names: The k labels, in the order of the columns.
        perturbations: Names from `evaluation.perturbations.PERTURBATIONS`; all, unless given.
        strengths: In (0, 1], for all of them; those of each, unless given.
        threshold: Of records with several labels, the probability above which a label is predicted.
        most: Texts to ask about; where there are more, that many are drawn.
        seed: Of the draws, the changes and the resamples.
        resamples: Bootstrap resamples, at least 1.
        confidence: Coverage of the intervals, in (0, 1).

    Raises:
        ValueError: As in `evaluate`; an unknown perturbation; probabilities of another shape.

    Example:
        >>> def shouted(texts):
        ...     return [[0.9, 0.1] if text.isupper() else [0.1, 0.9] for text in texts]
        >>> texts = ["where is it", "WHERE IS IT", "it is here", "IT IS HERE"] * 10
        >>> found = robustness(texts, [1, 0] * 20, shouted, label_names=["angry", "calm"])
        >>> print(found.harms[0].reason.partition(";")[0])
        with words in capital letters, accuracy falls from 1.000 to 0.500 (by 0.500 [0.350, 0.650])
    """
    check_confidence(confidence)
    check_resampling(seed, resamples)
    check_whole(most, "most", least=1)
    names = [*PERTURBATIONS] if perturbations is None else list(dict.fromkeys(kept(perturbations)))
    check_perturbations(names)
    steps = None if strengths is None else _rising(strengths)
    records, of_texts = read_records(texts)
    label_names, labels = check_names(label_names), kept(labels)
    if hasattr(labels, "__len__"):
        check_length("labels", labels, len(records))
    even = np.full((len(records), len(label_names)), 1 / len(label_names))
    truth = check_any_predictions(labels, even, label_names=label_names, threshold=threshold).labels
    rows = np.sort(np.random.default_rng(seed).permutation(len(records))[:most])
    trial = _Trial(
        asked=Asked(ask, len(label_names), of_texts=of_texts),
        records=[records[row] for row in rows],
        rows=rows,
        truth={"labels": truth[rows], "label_names": label_names, "threshold": threshold},
        drawing={"seed": seed, "resamples": resamples},
        confidence=confidence,
    )
    changes = {name: trial.changes(name, steps or PERTURBATIONS[name].strengths) for name in names}
    trial.asked.learn(one for steps_of in changes.values() for change in steps_of.values() for one in change)
    moved = {name: change for name, change in changes.items() if any(one != trial.records for one in change.values())}
    harms = trial.harms(moved)
    accuracy, macro_f1 = trial.scores(trial.before)
    return Robustness(
        n=len(rows),
        of=len(records),
        accuracy=accuracy,
        macro_f1=macro_f1,
        harms=tuple(sorted(harms, key=lambda one: (not one.harmful, -one.worst.accuracy_drop.numbers[0]))),
        unchanged=tuple(name for name in names if name not in moved),
        asked=len(trial.asked),
        confidence=confidence,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Trial:
    """The records that a model is asked about, and how its answers are held against each other."""

    asked: Asked
    records: list[Record]
    rows: npt.NDArray[np.intp]
    truth: Mapping[str, Any]
    drawing: Mapping[str, Any]
    confidence: float

    @cached_property
    def before(self) -> AnyPredictions:
        """What it says of the records as they are."""
        return self.said_of(self.records)

    def said_of(self, records: list[Record]) -> AnyPredictions:
        """Return what it says of the same records, however they are written."""
        return check_any_predictions(pred_probs=self.asked.probs(records), name="ask", **self.truth)

    def changes(self, name: str, strengths: Sequence[float]) -> dict[float, list[Record]]:
        """Return the records as they become at each strength."""
        seed: int = self.drawing["seed"]
        return {
            strength: [tuple(perturb(text, name, strength, seed=seed) for text in one) for one in self.records]
            for strength in strengths
        }

    def harms(self, changes: Mapping[str, Mapping[float, list[Record]]]) -> list[Harm]:
        """Return what each of the changes does."""
        from scipy.stats import binomtest  # takes most of a second to import

        curves = {name: [self.point(*step) for step in steps.items()] for name, steps in changes.items()}
        counts = [(curve[-1].broken, curve[-1].mended) for curve in curves.values()]
        p = [binomtest(up, up + down, alternative="greater").pvalue if up else 1.0 for up, down in counts]
        return [
            self.harm(name, curve, adjusted, changes[name])
            for (name, curve), adjusted in zip(curves.items(), holm(p), strict=True)
        ]

    def point(self, strength: float, changed: list[Record]) -> RobustnessPoint:
        """Return what one change of one strength does."""
        after = self.said_of(changed)
        found = compared(after, self.before, confidence=self.confidence, groups=None, **self.drawing)
        accuracy, macro_f1 = self.scores(after)
        flips = int(_otherwise(self.before, after).sum())
        return RobustnessPoint(
            strength=float(strength),
            changed=sum(one != other for one, other in zip(changed, self.records, strict=True)) / len(changed),
            accuracy=accuracy,
            macro_f1=macro_f1,
            accuracy_drop=_with_width(found),
            macro_f1_drop=found.macro_f1,
            flips=wilson_interval(flips, len(changed), self.confidence),
            broken=found.wins,
            mended=found.losses,
        )

    def scores(self, said: AnyPredictions) -> tuple[Interval, Interval]:
        """Return accuracy and macro-F1, as `evaluate` does."""
        columns = record_columns(said)
        point = metrics_of(np.asarray(columns.sum(axis=0)).ravel(), said.k)
        drawn = metrics_of(resampled_sums(columns, **self.drawing), said.k)
        found = means(point, drawn, self.confidence, records=said.n)
        return found["accuracy"], found["macro_f1"]

    def harm(
        self, name: str, curve: list[RobustnessPoint], adjusted_p: float, changes: Mapping[float, list[Record]]
    ) -> Harm:
        """Return one change's finding, with a few of the records that it breaks."""
        strongest = [*changes.values()][-1]
        after = self.said_of(strongest)
        broken = np.flatnonzero(self.before.correct & ~after.correct)
        surest = broken[np.argsort(after.label_probability[broken], kind="stable")][:_EXAMPLES]
        return Harm(
            perturbation=name,
            curve=tuple(curve),
            adjusted_p=adjusted_p,
            harmful=adjusted_p < 1 - self.confidence,
            reason=_reason(name, self.before, after, curve[-1]),
            keeps=PERTURBATIONS[name].keeps,
            examples=tuple(strongest[i] for i in surest),
            records=tuple(self.rows[surest].tolist()),
        )


def _rising(strengths: Sequence[float]) -> list[float]:
    for strength in strengths:
        check_number(strength, "strengths", "shares of the places, above 0 and at most 1", above=0, most=1)
    if not len(strengths):
        raise ValueError("strengths: expected at least one, got none")
    return sorted({float(strength) for strength in strengths})


def _with_width(found: Comparison) -> Interval:
    """Return the difference of accuracy; where every resample has the same, with the interval of few records."""
    _, low, high = found.accuracy.numbers
    if low != high:
        return found.accuracy
    return paired_difference(found.wins, found.losses, found.n, confidence=found.confidence)


def _otherwise(before: AnyPredictions, after: AnyPredictions) -> npt.NDArray[np.bool_]:
    """Return (n,) whether a model answers otherwise than before."""
    differs = before.predicted != after.predicted
    return np.asarray(differs if differs.ndim == 1 else differs.any(axis=1))


def _reason(name: str, before: AnyPredictions, after: AnyPredictions, worst: RobustnessPoint) -> str:
    kind = PERTURBATIONS[name]
    where = "" if worst.strength == 1 else f" ({worst.strength:g} of {kind.place})"
    was, now, (drop, low, high) = before.correct.mean(), after.correct.mean(), worst.accuracy_drop.numbers
    moves = "falls" if drop > 0 else "rises" if drop < 0 else "stays"
    said = f"from {was:.3f} to {now:.3f} (by {abs(drop):.3f} [{_ends(drop, low, high)}])" if drop else f"at {was:.3f}"
    return f"with {kind.said}{where}, accuracy {moves} {said}; {worst.flips.numbers[0]:.0%} of the answers flip"


def _ends(drop: float, low: float, high: float) -> str:
    return f"{low:.3f}, {high:.3f}" if drop > 0 else f"{-high:.3f}, {-low:.3f}"
