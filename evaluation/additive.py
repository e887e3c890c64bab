"""Numbers beside accuracy and F1 that follow from sums over records, so that all resamples cost one matrix product.

Those that are made of ranks (the area under a curve) are no sums. Their first-order part is: how much the number moves
if one record counts a little more (its influence, Hampel 1974). The value is exact, the interval is the bootstrap's of
that part, which is what is left of it but for terms that vanish with the number of records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from evaluation.predictions import FloatArray, IntArray, Predictions
from evaluation.sums import AllPredictions, Metrics

BoolArray = npt.NDArray[np.bool_]
Parts: TypeAlias = Callable[[Any], FloatArray]


@dataclass(frozen=True, kw_only=True)
class Additive:
    """A metric of any number of resamples at once.

    Attributes:
        of: (...,) its values, by the metrics of the same records and (..., c) sums of `parts`; NaN where undefined.
        undefined: Why it may be, in words.
        parts: (n, c) what each record adds; None where the other metrics have all that is wanted.
        several: Whether it is of records with any number of labels each, rather than one.
    """

    of: Callable[[Metrics, FloatArray], FloatArray]
    undefined: str = "it is undefined"
    parts: Parts | None = None
    several: bool = False


def parts_of(metrics: Mapping[str, Additive], predictions: AllPredictions) -> tuple[list[FloatArray], dict[str, slice]]:
    """Return what the records add to all of the metrics, and where the sums of each will stand.

    Metrics with the same `parts` share them.

    Raises:
        ValueError: Records have other answers than one label each.
    """
    has_several = not isinstance(predictions, Predictions)
    if misplaced := [name for name, metric in metrics.items() if metric.several != has_several]:
        each = "one label each" if has_several else "any number of labels each"
        raise ValueError(f"metrics: {misplaced[0]!r} is measured where records have {each}")
    blocks: list[FloatArray] = []
    start, made = 0, dict[Parts | None, slice]({None: slice(0, 0)})
    for parts in dict.fromkeys(metric.parts for metric in metrics.values()):
        if parts is not None:
            blocks.append(parts(predictions))
            made[parts] = slice(start, start + blocks[-1].shape[1])
            start = made[parts].stop
    return blocks, {name: made[metric.parts] for name, metric in metrics.items()}


def balanced_accuracy(metrics: Metrics, sums: FloatArray) -> FloatArray:
    """Return (...,) the mean recall of the labels that records have, in [0, 1] (Brodersen et al. 2010)."""
    given = metrics.support > 0
    return np.asarray(np.where(given, metrics.hits / np.maximum(metrics.support, 1), 0).sum(-1) / given.sum(-1))


def cohen_kappa(metrics: Metrics, sums: FloatArray) -> FloatArray:
    """Return (...,) agreement of labels and predictions beyond chance, at most 1 (Cohen 1960)."""
    n = metrics.n
    by_chance = (metrics.support * metrics.predicted).sum(-1) / n**2
    return _divided(metrics.accuracy - by_chance, 1 - by_chance)


def matthews_correlation(metrics: Metrics, sums: FloatArray) -> FloatArray:
    """Return (...,) the correlation of labels and predictions, in [-1, 1], 0 where all of one are alike.

    Of two labels Matthews 1975, of more Gorodkin 2004.
    """
    n, support, predicted = metrics.n, metrics.support, metrics.predicted
    both = metrics.accuracy * n**2 - (support * predicted).sum(-1)
    alone = [n**2 - (each**2).sum(-1) for each in (support, predicted)]
    spread = np.sqrt(alone[0] * alone[1])
    return np.asarray(np.where(spread > 0, both / np.where(spread > 0, spread, 1), 0.0))


def _brier_parts(predictions: Predictions) -> FloatArray:
    probs = predictions.pred_probs
    found = np.einsum("nk,nk->n", probs, probs) - 2 * predictions.label_probability + 1
    return np.asarray(found[:, None])


def mean(metrics: Metrics, sums: FloatArray) -> FloatArray:
    """Return (...,) the mean over records of what each adds."""
    return np.asarray(sums[..., 0] / metrics.n)


def _divided(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return part / whole, NaN where that is nothing."""
    return np.asarray(np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan))


def _rank_parts(predictions: Predictions) -> FloatArray:
    """Return (n, 2) the means over labels of both areas, plus each record's influence on them.

    A label that all records have, or none, is left out; where none is left, all is NaN.
    """
    n, counts = predictions.n, np.bincount(predictions.labels, minlength=predictions.k)
    told = np.flatnonzero((counts > 0) & (counts < n))
    total = np.zeros((2, n)) if len(told) else np.full((2, n), np.nan)
    for label in told:
        ranks, is_so = _ranks(predictions.pred_probs[:, label]), predictions.labels == label
        for area, row in zip((ranking_area, average_precision), total, strict=True):
            value, influence = area(ranks, is_so)
            row += (value + influence) / len(told)
    return total.T


def ranking_area(ranks: Ranks, is_so: BoolArray) -> tuple[float, FloatArray]:
    """Return the area under the receiver operating characteristic, and (n,) each record's influence on it.

    It is the share of the pairs of one that is so and one that is not in which the former has the higher score, ties
    counting half (Hanley and McNeil 1982); the influences are the components of DeLong et al. 1988.
    """
    yes, no = ranks.counted(is_so), ranks.counted(~is_so)
    below_no, below_yes = (np.cumsum(each) - each / 2 for each in (no, yes))
    n_yes, n_no, n = yes.sum(), no.sum(), len(is_so)
    beaten = np.where(is_so, (below_no / n_no)[ranks.place], (1 - below_yes / n_yes)[ranks.place])
    value = float(beaten[is_so].mean())
    return value, np.where(is_so, n / n_yes, n / n_no) * (beaten - value)


def average_precision(ranks: Ranks, is_so: BoolArray) -> tuple[float, FloatArray]:
    """Return the mean precision at the score of each record that is so, and (n,) each record's influence on it.

    It is the area under the curve of precision against recall, without interpolation.
    """
    yes, every = ranks.counted(is_so), ranks.counted(np.ones(len(is_so), dtype=np.bool_))
    found, named = (each[::-1].cumsum()[::-1] for each in (yes, every))  # at this score or above
    precision, n_yes = found / named, yes.sum()
    value = float((yes * precision).sum() / n_yes)
    # One more record at a score moves the precision at that score and at all below it.
    if_any = np.cumsum(yes * found / named**2)
    if_so = precision - value + np.cumsum(yes / named)
    return value, (is_so * if_so[ranks.place] - if_any[ranks.place]) * len(is_so) / n_yes


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """n scores in rising order.

    Attributes:
        place: (n,) of each score among the m different ones.
        different: m.
    """

    place: IntArray
    different: int

    def counted(self, which: BoolArray) -> FloatArray:
        """Return (m,) how many of some records have each score."""
        return np.bincount(self.place, weights=which, minlength=self.different).astype(np.float64)


def _ranks(scores: FloatArray) -> Ranks:
    order = np.argsort(scores)
    rising = scores[order]
    steps = np.concatenate([[0], np.cumsum(rising[1:] != rising[:-1])])
    place = np.empty(len(scores), dtype=np.int64)
    place[order] = steps
    return Ranks(place=place, different=int(steps[-1]) + 1)


_ONE_LABEL = "all records have one label"

CLASSIFICATION: Mapping[str, Additive] = {
    "balanced_accuracy": Additive(of=balanced_accuracy),
    "cohen_kappa": Additive(of=cohen_kappa, undefined="all labels and predictions are one"),
    "matthews_correlation": Additive(of=matthews_correlation),
    "brier_score": Additive(of=mean, parts=_brier_parts),
    "auroc": Additive(of=mean, parts=_rank_parts, undefined=_ONE_LABEL),
    "average_precision": Additive(
        of=lambda metrics, sums: mean(metrics, sums[..., 1:]), parts=_rank_parts, undefined=_ONE_LABEL
    ),
}
"""Of records with one label each: areas are unweighted means over labels, each against all others; the Brier score
(1950) is the squared distance of probabilities and label, in [0, 2]."""
