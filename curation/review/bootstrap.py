"""Intervals by the bootstrap over records, for statistics that are functions of sums over records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from curation.review.votes import Floats, Ints
from evaluation.shown import Shown

_CELLS = 10_000_000  # of the drawn weights held at once


@dataclass(frozen=True, kw_only=True, repr=False)
class Score(Shown):
    """A statistic with its 95% interval.

    Attributes:
        value: The statistic, or None where the votes do not define it.
        low: Lower end of the interval, or None.
        high: Upper end, or None.
        reason: Why there is no value or no interval, in words; otherwise None.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


def bootstrap_sums(rows: Floats, times: Ints, *, seed: int, resamples: int) -> Floats:
    """Return the column sums of rows in resamples drawn with replacement.

    Rows that are alike are drawn together, by one multinomial draw of how often each kind of row comes
    up: the same distribution as drawing rows one by one (Efron 1979), at the price of the distinct rows.

    Args:
        rows: Shape (U, S), the distinct rows.
        times: Shape (U,), how often each of them occurs.
        seed: Of the draws.
        resamples: B, how many.

    Returns:
        Shape (B, S).
    """
    rng = np.random.default_rng(seed)
    share = times / times.sum()
    step = max(1, _CELLS // len(rows))
    sizes = [min(step, resamples - start) for start in range(0, resamples, step)]
    draws = [rng.multinomial(int(times.sum()), share, size=size) @ rows for size in sizes]
    return np.concatenate([np.zeros((0, rows.shape[1])), *draws])


def distinct(counts: Ints) -> tuple[Ints, Ints]:
    """Return the distinct rows of `counts`, shape (U, K), and how often each occurs, shape (U,)."""
    narrow = np.uint16 if counts.max(initial=0) < 2**16 else np.int64
    packed = np.ascontiguousarray(counts, dtype=narrow)
    keys = packed.view(np.dtype((np.void, packed.itemsize * packed.shape[1]))).ravel()
    _, first, times = np.unique(keys, return_index=True, return_counts=True)
    return counts[first], times


def scored(statistic: Callable[[Floats], Floats], sums: Floats, draws: Floats, *, rows: int, undefined: str) -> Score:
    """Return the statistic of `sums` with its percentile interval over `draws`.

    Args:
        statistic: Maps sums, shape (B, S), to values, shape (B,), NaN where undefined.
        sums: Shape (S,), over all rows.
        draws: Shape (B, S), from `bootstrap_sums`; empty for no interval.
        rows: How many rows were resampled.
        undefined: The reason to give where the statistic is NaN.
    """
    value = float(statistic(sums[None])[0])
    if np.isnan(value):
        return Score(value=None, reason=undefined)
    if rows < 2:
        return Score(value=value, reason="no interval: only one record has two votes")
    drawn = statistic(draws)
    drawn = drawn[~np.isnan(drawn)]
    if 2 * len(drawn) <= len(draws) or not len(drawn):
        return Score(value=value, reason=f"no interval: in most resamples, {undefined}")
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Score(value=value, low=float(low), high=float(high))
