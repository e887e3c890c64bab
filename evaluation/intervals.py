"""Intervals, and the bootstrap behind most of them: for every number that is measured on records or votes.

Accuracy, F1, log loss, calibration error and agreement beyond chance are all computed from a few sums over records
(hits per label, losses, pairs of votes, ...). So the records become the rows of one matrix, a resample is a row of
counts, and a whole batch of resamples is one matrix product instead of one pass over the records per resample and
metric. A number that is no function of sums is computed on the rows of each resample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.special import ndtri

from evaluation.columns import Column, codes
from evaluation.settings import check_number, check_whole
from evaluation.shown import Shown

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_CELLS_AT_ONCE = 4_000_000  # 32 MB of counts, whatever the number of records
_NAN = float("nan")


@dataclass(frozen=True, kw_only=True, repr=False)
class Interval(Shown):
    """A number with its confidence interval.

    Attributes:
        value: The number, or None where the records do not define it.
        low: Lower end of the interval in the unit of the number, or None.
        high: Upper end, or None.
        reason: Why there is no value or no interval, in words; otherwise None.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    @property
    def numbers(self) -> tuple[float, float, float]:
        """Value, low and high to reckon with: NaN for what is not there."""
        value, low, high = (_NAN if number is None else number for number in (self.value, self.low, self.high))
        return value, low, high

    def in_words(self, spec: str = ".3f") -> str:
        """Return the number with its ends, as a sentence has them; `spec` as in `format`.

        Example:
            >>> Interval(value=0.5, low=0.25, high=0.75).in_words(".2f")
            '0.50 [0.25, 0.75]'
        """
        value, low, high = (format(number, spec) for number in self.numbers)
        return f"{value} [{low}, {high}]"

    def _facts(self) -> Mapping[str, Any]:
        return {name: fact for name, fact in super()._facts().items() if name != "reason" or fact}

    def to_dict(self) -> dict[str, float | None]:
        """Return value, low and high, ready for JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}


def measures(result: Any) -> dict[str, Any]:
    """Return the columns of a result with a row for each of its fields that is an `Interval`."""
    found = {field.name: getattr(result, field.name) for field in fields(result)}
    rows = {name: value for name, value in found.items() if isinstance(value, Interval)}
    return {
        "measure": list(rows),
        **{key: [getattr(row, key) for row in rows.values()] for key in ("value", "low", "high")},
    }


def percentile_interval(
    value: float, resampled: FloatArray, confidence: float = 0.95, *, undefined: str = "it is undefined"
) -> Interval:
    """Return the percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13).

    Args:
        value: The metric on all records; NaN where they do not define it.
        resampled: (resamples,) the metric on every resample; NaN where a resample leaves it undefined. There is no
            interval unless most define it.
        confidence: Share of the distribution that the interval covers, in (0, 1).
        undefined: Why a set of records does not define the metric, in words.
    """
    if np.isnan(value):
        return Interval(value=None, reason=undefined)
    defined = resampled[~np.isnan(resampled)]
    if 2 * len(defined) <= len(resampled):
        return Interval(value=float(value), reason=f"no interval: in most resamples, {undefined}")
    low, high = percentile_ends(defined, confidence)
    return Interval(value=float(value), low=low, high=high)


def percentile_ends(resampled: FloatArray, confidence: float = 0.95) -> tuple[float, float]:
    """Return the two ends of the percentile interval, where every resample defines the metric."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return float(low), float(high)


def pivotal_interval(value: float, resampled: FloatArray, confidence: float = 0.95) -> Interval:
    """Return the pivotal ("basic") bootstrap interval of a share (Davison and Hinkley 1997, section 5.2).

    It mirrors the percentile interval at the value, and so corrects a metric that is systematically higher or
    lower on resamples. It is cut to [0, 1] and always holds the value. NaN is for what is not defined, as there.
    """
    defined = resampled[~np.isnan(resampled)]
    if np.isnan(value) or not len(defined):
        return Interval(value=None if np.isnan(value) else float(value), reason="nothing to measure")
    low, high = percentile_ends(2 * value - defined, confidence)
    return Interval(value=value, low=min(max(low, 0.0), value), high=max(min(high, 1.0), value))


def wilson_interval(hits: int, n: int, confidence: float = 0.95, *, independent: int | None = None) -> Interval:
    """Return a share with Wilson's interval (1927), which is right for small counts too, where a bootstrap is not.

    Args:
        hits: What counts, from 0 to `n`.
        n: Of how many, at least 1.
        confidence: As in `percentile_interval`.
        independent: How many of the n say something of their own, at least 1; all, unless given.
    """
    share, m, z = hits / n, independent or n, float(ndtri((1 + confidence) / 2))
    more = z**2 / m
    middle = (share + more / 2) / (1 + more)
    half = z * ((share * (1 - share) + more / 4) / m) ** 0.5 / (1 + more)
    return Interval(value=share, low=max(0.0, min(share, middle - half)), high=min(1.0, max(share, middle + half)))


def with_width(found: Interval, *, records: int, confidence: float = 0.95) -> Interval:
    """Return an interval of a share that has a width, where a bootstrap found none.

    On records that are all right every resample is all right as well, and an interval from 1 to 1 would show anything.
    In its place stands Wilson's, as if the value were that of n records that are right or wrong.

    Args:
        found: The measure, with its interval.
        records: How many records it was measured on.
        confidence: Coverage, in (0, 1).

    Example:
        >>> found = with_width(Interval(value=1.0, low=1.0, high=1.0), records=16)
        >>> round(found.low, 2), found.high
        (0.81, 1.0)
    """
    value, low, high = found.numbers
    if not (low == high and 0 <= value <= 1 and records):
        return found
    wide = wilson_interval(round(value * records), records, confidence)
    _, low, high = wide.numbers
    return Interval(value=value, low=min(low, value), high=max(high, value))


def share_difference(hits: int, n: int, other_hits: int, other_n: int, confidence: float = 0.95) -> Interval:
    """Return `hits / n - other_hits / other_n` with Newcombe's hybrid score interval.

    Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 1998,
    method 10: the ends come from Wilson's intervals of both shares, so that small counts and shares of 0 are no
    exception.

    Args:
        hits: What counts, from 0 to `n`.
        n: Of how many, at least 1.
        other_hits: The same of the others.
        other_n: Of how many others, at least 1.
        confidence: Coverage, in (0, 1).

    Example:
        >>> share_difference(56, 70, 48, 80)
        Interval: value 0.2, low 0.05243, high 0.3339
    """
    (p, low, high), (q, other_low, other_high) = (
        wilson_interval(k, m, confidence).numbers for k, m in ((hits, n), (other_hits, other_n))
    )
    down, up = np.hypot(p - low, other_high - q), np.hypot(high - p, q - other_low)
    return Interval(value=p - q, low=float(p - q - down), high=float(p - q + up))


def quantile_interval(values: FloatArray, q: float, confidence: float = 0.95) -> Interval:
    """Return a quantile with the interval of order statistics, which holds whatever the distribution is.

    Conover, Practical Nonparametric Statistics (1999), section 3.2: how many of n values lie below a quantile is
    binomial. Where there are too few values for an end, it is the least or the greatest of them.

    Args:
        values: (n,) numbers, n >= 1.
        q: In (0, 1).
        confidence: Coverage, in (0, 1).

    Example:
        >>> quantile_interval(np.arange(1.0, 101.0), 0.5)
        Interval: value 50.5, low 40, high 61
    """
    from scipy.stats import binom  # takes most of a second to import

    ordered, n = np.sort(np.asarray(values, dtype=np.float64)), len(values)
    tail = (1 - confidence) / 2
    low, high = (int(binom.ppf(p, n, q)) for p in (tail, 1 - tail))
    ends = ordered[max(low - 1, 0)], ordered[min(high, n - 1)]
    return Interval(value=float(np.quantile(ordered, q)), low=float(ends[0]), high=float(ends[1]))


def resampled_sums(
    rows: sparse.csr_matrix | FloatArray,
    *,
    seed: int,
    resamples: int,
    groups: Column | None = None,
    times: IntArray | None = None,
    of: Callable[[FloatArray], FloatArray] | None = None,
) -> FloatArray:
    """Return the column sums of every bootstrap resample of the rows, shape (resamples, columns).

    Args:
        rows: (n, columns) one row per record.
        seed: Same seed, same resamples.
        resamples: How many, at least 1.
        groups: (n,) what belongs together (a document, an author). Whole groups are drawn, because records of
            one group are not independent and an interval that draws them one by one is too narrow.
        times: (n,) how many records each row stands for; one, unless given. Records that are alike are drawn
            together, at the price of the distinct rows. Not with `groups`.
        of: What to make of some resamples' sums, (b, columns), so that not all are held at once; the sums themselves,
            unless given.

    Raises:
        ValueError: `resamples` is below 1, or `groups` has another length than there are rows.
    """
    check_resampling(seed, resamples)
    units = rows if groups is None else _membership(groups, rows.shape[0]) @ rows
    size = max(units.shape)
    drawn = _counts(units.shape[0], seed, resamples) if times is None else _alike(times, seed, resamples, size)
    return np.concatenate([of(counts @ units) if of else counts @ units for counts in drawn])


def resampled_values(
    measure: Callable[[IntArray], float], n: int, *, seed: int, resamples: int, groups: Column | None = None
) -> FloatArray:
    """Return what `measure` says of the rows of every bootstrap resample, shape (resamples,).

    For a number that is no function of sums; those of `resampled_sums` with the same seed are the same resamples.

    Args:
        measure: Takes positions of records, a record as often as it was drawn.
        n: Number of records.
        seed: Same seed, same resamples.
        resamples: How many, at least 1.
        groups: As in `resampled_sums`.

    Raises:
        ValueError: As in `resampled_sums`.
    """
    check_resampling(seed, resamples)
    members = sparse.identity(n, format="csr") if groups is None else _membership(groups, n)
    drawn = _drawn(members.shape[0], seed, resamples)
    return np.array([measure(members[units].indices.astype(np.int64)) for batch in drawn for units in batch])


def check_confidence(confidence: float) -> None:
    """Raise a ValueError unless `confidence` lies strictly between 0 and 1."""
    wanted = "a fraction between 0 and 1, such as 0.95"
    check_number(confidence, "confidence", wanted, above=0, most=float(np.nextafter(1, 0)))


def check_resampling(seed: int, resamples: int) -> None:
    """Raise a ValueError unless both are whole numbers, at least one resample among them."""
    check_whole(seed, "seed")
    check_whole(resamples, "resamples", least=1)


def _membership(groups: Column, n: int) -> sparse.csr_matrix:
    """Return which records belong to which group, ones in a matrix of shape (groups, n)."""
    group = codes(groups, "groups")
    if len(group) != n:
        raise ValueError(f"groups: expected one per record ({n}), got {len(group)}")
    return sparse.csr_matrix((np.ones(n), (group, np.arange(n))), shape=(int(group.max()) + 1, n))


def _drawn(units: int, seed: int, resamples: int) -> Iterator[IntArray]:
    """Yield batches of resamples: which units were drawn, shape (batch, units)."""
    rng = np.random.default_rng(seed)
    for size in _batches(units, resamples):
        yield rng.integers(units, size=(size, units))


def _counts(units: int, seed: int, resamples: int) -> Iterator[FloatArray]:
    """Yield batches of resamples: how often every unit was drawn, shape (batch, units)."""
    for drawn in _drawn(units, seed, resamples):
        size = len(drawn)
        drawn += np.arange(size)[:, None] * units
        yield np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units).astype(np.float64)


def _alike(times: IntArray, seed: int, resamples: int, cells: int) -> Iterator[FloatArray]:
    """Yield the same where a unit is there several times: one multinomial draw has the distribution of single ones."""
    rng = np.random.default_rng(seed)
    for size in _batches(cells, resamples):
        yield rng.multinomial(int(times.sum()), times / times.sum(), size=size).astype(np.float64)


def _batches(units: int, resamples: int) -> Iterator[int]:
    batch = max(1, _CELLS_AT_ONCE // units)
    return (min(batch, resamples - start) for start in range(0, resamples, batch))
