"""Whether the words that an explanation names are those that the model goes by.

Comprehensiveness: how much of the label's probability is lost without the strongest words. Sufficiency: how much is
left with them alone (DeYoung et al. 2020, ERASER, section 4). Both are divided by what all words together bring, as a
model that is sure of an empty text would otherwise look like one whose explanation is poor (Carton, Rathore and Tan
2020, section 3). Even words drawn by chance score above 0, so what counts is by how much an explanation beats them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column
from evaluation.columns import names as named
from evaluation.explaining.asking import FloatArray, Predict, asked
from evaluation.explaining.explanation import Explanation
from evaluation.intervals import Interval, check_confidence, check_resampling, percentile_interval, resampled_sums
from evaluation.settings import check_whole
from evaluation.shown import Shown

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
"""Of the words of a text that are taken for the strongest: at least one word; those of ERASER."""
_LEAST = 0.05  # of the probability that the words of a text have to bring, for shares of it to mean something


@dataclass(frozen=True, kw_only=True, repr=False)
class Faithfulness(Shown):
    """How faithful explanations are to their model, beside words drawn by chance.

    Attributes:
        records: Texts that it was measured on.
        left_out: Texts whose label is hardly likelier with their words than without any: nothing can be told of them.
        comprehensiveness: Share of what the words bring that is lost without the strongest ones, in [0, 1].
        sufficiency: Share that is there with the strongest ones alone, in [0, 1].
        random_comprehensiveness: The same of as many words drawn by chance.
        random_sufficiency: Likewise.
        comprehensiveness_gain: How much more is lost than without words drawn by chance, in [-1, 1].
        sufficiency_gain: How much more is there than with words drawn by chance alone, in [-1, 1].
    """

    records: int
    left_out: int
    comprehensiveness: Interval
    sufficiency: Interval
    random_comprehensiveness: Interval
    random_sufficiency: Interval
    comprehensiveness_gain: Interval
    sufficiency_gain: Interval

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {name: each.to_dict() if isinstance(each, Interval) else each for name, each in vars(self).items()}


def faithfulness(
    found: Sequence[Explanation],
    predict: Predict,
    *,
    label_names: Column,
    random_orders: int = 5,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
    tick: Callable[[int], None] = lambda done: None,
) -> Faithfulness:
    """Measure explanations of n texts, each of the label that it explains.

    Args:
        found: n explanations, whoever made them.
        predict: The model, as `occlusion` takes it.
        label_names: The k labels, in the order of its columns.
        random_orders: Orders of the words drawn by chance for each text, at least 1.
        seed: Same seed, same numbers.
        resamples: Bootstrap resamples of the texts, at least 1.
        confidence: Of the intervals, in (0, 1).
        tick: Is told how many texts are done.

    Raises:
        ValueError: No explanation; a label that is none of the k; a setting out of its range.

    Example:
        >>> import numpy as np
        >>> from evaluation.explaining.occlusion import occlusion
        >>> late = lambda texts: np.array([[0.9, 0.1] if "late" in text else [0.2, 0.8] for text in texts])
        >>> texts = ["my parcel is late", "why so late", "it came late again"]
        >>> found = occlusion(texts, late, label_names=["late", "fine"])
        >>> faithfulness(found, late, label_names=["late", "fine"]).comprehensiveness.value
        1.0
    """
    check_whole(random_orders, "random_orders", least=1)
    check_resampling(seed, resamples)
    check_confidence(confidence)
    names = named(label_names, "label_names")
    if not found:
        raise ValueError("found: expected at least one explanation, got none")
    for row, each in enumerate(found):
        if each.label not in names:
            raise ValueError(f"found[{row}]: expected a label of {', '.join(names)}, got {each.label!r}")
    rows = []
    for at, each in enumerate(found):
        rows.append(_scores(each, predict, names, np.random.default_rng([seed, at]), random_orders))
        tick(at + 1)
    told = np.array([row for row in rows if row is not None], dtype=np.float64).reshape(-1, 4)
    return _measured(told, len(found), seed=seed, resamples=resamples, confidence=confidence)


def _scores(
    found: Explanation, predict: Predict, names: list[str], random: np.random.Generator, orders: int
) -> FloatArray | None:
    """Return comprehensiveness and sufficiency of one text, and those of chance; None where it tells nothing."""
    weights = found.weights_for()
    w = len(weights)
    ranked = [np.argsort(-weights, kind="stable"), *(random.permutation(w) for _ in range(orders))]
    sizes = [max(1, int(np.ceil(share * w))) for share in SHARES]
    strongest = np.array([np.isin(np.arange(w), order[:size]) for order in ranked for size in sizes], dtype=bool)
    masks = np.concatenate([np.ones((1, w), dtype=bool), np.zeros((1, w), dtype=bool), ~strongest, strongest])
    different, place = np.unique(masks, axis=0, return_inverse=True)
    said = asked(predict, [found.text.kept(mask) for mask in different], len(names))[:, names.index(found.label)]
    whole, nothing, *others = said[place.ravel()].tolist()
    brought = whole - nothing
    if brought < _LEAST:
        return None
    lost = (
        (np.maximum(0, whole - np.array(others)) / brought).clip(0, 1).reshape(2, 1 + orders, len(sizes)).mean(axis=2)
    )
    return np.array([lost[0, 0], 1 - lost[1, 0], lost[0, 1:].mean(), 1 - lost[1, 1:].mean()])


def _measured(told: FloatArray, n: int, *, seed: int, resamples: int, confidence: float) -> Faithfulness:
    """Return the means over texts with their intervals; columns are those of `_scores`."""
    both = np.column_stack([told, told[:, 0] - told[:, 2], told[:, 1] - told[:, 3]])
    drawn = resampled_sums(both, seed=seed, resamples=resamples) / len(both) if len(both) else both
    intervals = [_interval(both[:, at], drawn[:, at], confidence) for at in range(6)]
    return Faithfulness(
        records=len(told),
        left_out=n - len(told),
        comprehensiveness=intervals[0],
        sufficiency=intervals[1],
        random_comprehensiveness=intervals[2],
        random_sufficiency=intervals[3],
        comprehensiveness_gain=intervals[4],
        sufficiency_gain=intervals[5],
    )


def _interval(values: FloatArray, drawn: npt.NDArray[np.float64], confidence: float) -> Interval:
    if len(values) < 2:
        reason = "the words of fewer than two texts bring their label anything"
        return Interval(value=float(values[0]) if len(values) else None, reason=reason)
    return percentile_interval(float(values.mean()), drawn, confidence)
