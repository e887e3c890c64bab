"""Bootstrap intervals for any metric that is a function of sums over records.

Accuracy, F1, log loss and calibration error are all computed from a few sums over records (hits per label,
losses, ...). So the records become the rows of one sparse matrix, a resample is a row of counts, and a whole
batch of resamples is one matrix product instead of one pass over the records per resample and metric.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from evaluation.columns import Column, codes
from evaluation.settings import check_number, check_whole
from evaluation.shown import Shown

FloatArray = npt.NDArray[np.float64]

_CELLS_AT_ONCE = 4_000_000  # 32 MB of counts, whatever the number of records


@dataclass(frozen=True, kw_only=True, repr=False)
class Interval(Shown):
    """A value with its confidence interval, all three in the unit of the metric; NaN where undefined."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float | None]:
        """Return value, low and high, with None for an undefined number (JSON knows no NaN)."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if np.isnan(number) else number for name, number in numbers.items()}


def percentile_interval(value: float, resampled: FloatArray, confidence: float) -> Interval:
    """Return the percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13).

    Args:
        value: The metric on all records.
        resampled: (resamples,) the metric on every resample; NaN where a resample leaves it undefined.
        confidence: Share of the distribution that the interval covers, in (0, 1).
    """
    defined = resampled[~np.isnan(resampled)]
    if not defined.size:
        return Interval(value=float(value), low=float("nan"), high=float("nan"))
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(value=float(value), low=float(low), high=float(high))


def pivotal_interval(value: float, resampled: FloatArray, confidence: float) -> Interval:
    """Return the pivotal ("basic") bootstrap interval of a share (Davison and Hinkley 1997, section 5.2).

    It mirrors the percentile interval at the value, and so corrects a metric that is systematically higher or
    lower on resamples. It is cut to [0, 1] and always holds the value.
    """
    mirrored = percentile_interval(value, 2 * value - resampled, confidence)
    low, high = np.clip([mirrored.low, mirrored.high], 0, 1)
    return Interval(value=value, low=min(float(low), value), high=max(float(high), value))


def wilson_interval(hits: int, n: int, confidence: float = 0.95) -> Interval:
    """Return a share with Wilson's interval (1927), which is right for small counts too, where a bootstrap is not.

    Args:
        hits: Records that count, from 0 to `n`.
        n: All records, at least 1.
        confidence: As in `percentile_interval`.
    """
    from scipy.stats import binomtest

    bounds = binomtest(hits, n).proportion_ci(confidence, method="wilson")
    return Interval(value=hits / n, low=float(bounds.low), high=float(bounds.high))


def resampled_sums(
    columns: sparse.csr_matrix,
    *,
    seed: int,
    resamples: int,
    groups: Column | None = None,
) -> FloatArray:
    """Return the column sums of every bootstrap resample of the rows, shape (resamples, columns).

    Args:
        columns: (n, columns) one row per record.
        seed: Same seed, same resamples.
        resamples: How many, at least 1.
        groups: (n,) what belongs together (a document, an author). Whole groups are drawn, because records of
            one group are not independent and an interval that draws them one by one is too narrow.

    Raises:
        ValueError: `resamples` is below 1, or `groups` has another length than there are rows.
    """
    check_resampling(seed, resamples)
    units = columns if groups is None else _summed_by_group(columns, groups)
    return np.concatenate([draws @ units for draws in _draws(units.shape[0], seed, resamples)])


def check_confidence(confidence: float) -> None:
    """Raise a ValueError unless `confidence` lies strictly between 0 and 1."""
    wanted = "a fraction between 0 and 1, such as 0.95"
    check_number(confidence, "confidence", wanted, above=0, most=float(np.nextafter(1, 0)))


def check_resampling(seed: int, resamples: int) -> None:
    """Raise a ValueError unless both are whole numbers, at least one resample among them."""
    check_whole(seed, "seed")
    check_whole(resamples, "resamples", least=1)


def _summed_by_group(columns: sparse.csr_matrix, groups: Column) -> sparse.csr_matrix:
    n = columns.shape[0]
    group = codes(groups, "groups")
    if len(group) != n:
        raise ValueError(f"groups: expected one per record ({n}), got {len(group)}")
    membership = sparse.csr_matrix((np.ones(n), (group, np.arange(n))), shape=(int(group.max()) + 1, n))
    return membership @ columns


def _draws(units: int, seed: int, resamples: int) -> Iterator[FloatArray]:
    """Yield batches of resamples: how often every unit was drawn, shape (batch, units)."""
    rng = np.random.default_rng(seed)
    batch = max(1, _CELLS_AT_ONCE // units)
    for start in range(0, resamples, batch):
        size = min(batch, resamples - start)
        drawn = rng.integers(units, size=(size, units)) + np.arange(size)[:, None] * units
        yield np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units).astype(np.float64)
