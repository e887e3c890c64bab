"""How near numbers are to the right ones: how far off they are, and whether they come in the right order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from evaluation.columns import Column, kept, numbers
from evaluation.intervals import (
    Interval,
    check_confidence,
    check_resampling,
    measures,
    percentile_interval,
    resampled_sums,
    resampled_values,
)
from evaluation.shown import Shown

Floats = npt.NDArray[np.float64]


def mean_absolute_error(right: Floats, said: Floats) -> float:
    """Return how far off (n,) numbers are on average, in their unit.

    >>> mean_absolute_error(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    1.5
    """
    return float(np.abs(right - said).mean())


def root_mean_squared_error(right: Floats, said: Floats) -> float:
    """Return the same where a large error counts more than several small ones: the root of the mean square.

    >>> root_mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 6.0])) == 8**0.5
    True
    """
    return float(((right - said) ** 2).mean() ** 0.5)


def spearman(right: Floats, said: Floats) -> float:
    """Return the correlation of the ranks of (n,) numbers, in [-1, 1] (Spearman 1904); those that are level share one.

    NaN where all numbers of either are the same.

    >>> round(spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0])), 3)
    0.5
    """
    one, other = (ranks - ranks.mean() for ranks in (rankdata(right), rankdata(said)))
    below = float((one @ one) * (other @ other)) ** 0.5
    return float(one @ other) / below if below else float("nan")


@dataclass(frozen=True, kw_only=True, repr=False)
class NumberEvaluation(Shown):
    """How near numbers are to the right ones, with intervals by the bootstrap over records.

    Attributes:
        mean_absolute_error: How far off they are on average, in their unit.
        root_mean_squared_error: The same where large errors count more.
        r_squared: Share of the variance that they explain, at most 1; 0 is what the mean of the right ones would
            reach, and less is worse than that.
        spearman: Correlation of the ranks, in [-1, 1].
        records: How many numbers were compared.
    """

    mean_absolute_error: Interval
    root_mean_squared_error: Interval
    r_squared: Interval
    spearman: Interval
    records: int

    def _columns(self) -> dict[str, Any]:
        return measures(self)


def evaluate_numbers(
    right: Column,
    said: Column,
    *,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
    groups: Column | None = None,
) -> NumberEvaluation:
    """Measure how near predicted numbers are to the right ones.

    Args:
        right: n finite numbers.
        said: n finite numbers in the same order.
        seed: Of the bootstrap.
        resamples: Bootstrap draws, at least 1.
        confidence: Share of the distribution that the intervals cover.
        groups: n names of what belongs together, such as a document.

    Raises:
        ValueError: Nothing to compare, another number of numbers, one that is missing, or something that is none.

    Example:
        >>> found = evaluate_numbers([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
        >>> found.mean_absolute_error.value, found.spearman.value, round(found.r_squared.value, 3)
        (0.5, 1.0, 0.732)
    """
    check_resampling(seed, resamples)
    check_confidence(confidence)
    one, other = _finite(right, "right"), _finite(said, "said")
    if len(one) != len(other):
        raise ValueError(f"said: expected one number for each of the {len(one)} right ones, found {len(other)}")
    if not len(one):
        raise ValueError("right: expected at least one number, found none")
    rows, groups = _rows(one, other), kept(groups)
    drawn = _scores(resampled_sums(rows, seed=seed, resamples=resamples, groups=groups))
    scores = {name: float(each[0]) for name, each in _scores(rows.sum(axis=0)[None]).items()}
    scores["spearman"] = spearman(one, other)
    drawn["spearman"] = resampled_values(
        lambda at: spearman(one[at], other[at]), len(one), seed=seed, resamples=resamples, groups=groups
    )
    same = "all numbers are the same"
    found = {
        name: percentile_interval(value, drawn[name], confidence, undefined=same) for name, value in scores.items()
    }
    return NumberEvaluation(**found, records=len(one))


def _finite(values: Column, where: str) -> Floats:
    found = numbers(values, where)
    if broken := np.flatnonzero(~np.isfinite(found)).tolist():
        said = "a missing value" if np.isnan(found[broken[0]]) else str(found[broken[0]])
        raise ValueError(f"{where}: expected a finite number for each record, got {said} at record {broken[0]}")
    return found


def _rows(right: Floats, said: Floats) -> Floats:
    """Return the sums of each record: 1, how far off, its square, and the right number, from the middle, and its."""
    off, apart = right - said, right - right.mean()
    return np.column_stack([np.ones(len(off)), np.abs(off), off**2, apart, apart**2])


def _scores(sums: Floats) -> dict[str, Floats]:
    """Return every measure but the last from sums of `_rows`, shape (B,) each; NaN where there is no variance."""
    n, off, square, apart, apart_square = sums.T
    variance = apart_square - apart**2 / n
    there = variance > 1e-12 * np.maximum(apart_square, np.finfo(float).tiny)
    explained = 1 - np.divide(square, variance, out=np.full(len(n), np.nan), where=there)
    return {
        "mean_absolute_error": off / n,
        "root_mean_squared_error": np.sqrt(square / n),
        "r_squared": explained,
    }
