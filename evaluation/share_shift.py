"""Whether values come up as often in one sample as in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from evaluation.intervals import Interval, share_difference, wilson_interval
from evaluation.relabelling import Floats, relabelled

_FEWEST = 5  # expected records of a cell from which the chi-squared distribution is near enough
_SAID = 3  # values that a sentence names


@dataclass(frozen=True, kw_only=True)
class ShareShift:
    """What became of the shares of values.

    Attributes:
        p_value: That they are all as they were.
        largest: Difference of the share that moved most, in [-1, 1]; its interval holds for all values together.
        sentences: The values whose own shares moved, those that moved most first, a sentence each, at most three; the
            first of all where none did.
    """

    p_value: float
    largest: Interval
    sentences: tuple[str, ...]


def share_shift(
    first: Sequence[Sequence[str]], second: Sequence[Sequence[str]], *, what: str, draws: int, seed: int
) -> ShareShift:
    """Test whether values come up as often in both samples.

    Pearson's chi-squared test where a record has one value. Where cells are expected to be small, its distribution is
    that of `draws` random tables with the same margins (Patefield 1981); where a record has any number of values, that
    of as many ways to choose the samples.

    Args:
        first: The values of n records.
        second: The same of m records.
        what: What the values are called.
        draws: See above.
        seed: Of the draws.
    """
    names = sorted({value for row in (*first, *second) for value in row})
    both = _members([*first, *second], names)
    n, m = len(first), len(second)
    counts = np.array([np.asarray(part.sum(axis=0)).ravel() for part in (both[:n], both[n:])], dtype=np.int64)
    single = bool((np.asarray(both.sum(axis=1)) == 1).all())
    p = _table_p(counts, draws, seed) if single else _members_p(both, n, m, draws, seed)
    moved = [_moved(before, after, n, m, len(names)) for before, after in counts.T.tolist()]
    order = sorted(range(len(names)), key=lambda at: -abs(moved[at].numbers[0]))
    surely = [at for at in order if moved[at].numbers[1] > 0 or moved[at].numbers[2] < 0]
    said = tuple(_sentence(what, names[at], counts[:, at].tolist(), n, m) for at in (surely or order[:1])[:_SAID])
    return ShareShift(
        p_value=p, largest=moved[order[0]] if order else Interval(value=0.0, low=0.0, high=0.0), sentences=said
    )


def _members(rows: Sequence[Sequence[str]], names: Sequence[str]) -> sparse.csr_matrix:
    at = {name: i for i, name in enumerate(names)}
    codes = [sorted({at[value] for value in row}) for row in rows]
    ends = np.cumsum([0, *map(len, codes)])
    columns = [code for row in codes for code in row]
    return sparse.csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), shape=(len(rows), len(names)))


def _table_p(counts: npt.NDArray[np.int64], draws: int, seed: int) -> float:
    from scipy.stats import chi2_contingency, random_table

    if counts.shape[1] < 2:
        return 1.0
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    if expected.min() >= _FEWEST:
        return float(chi2_contingency(counts, correction=False).pvalue)
    tables = random_table(counts.sum(axis=1), counts.sum(axis=0), seed=seed).rvs(draws)
    by_chance = ((tables - expected) ** 2 / expected).sum(axis=(1, 2))
    there = ((counts - expected) ** 2 / expected).sum()
    return float((1 + (by_chance >= there - 1e-9).sum()) / (1 + draws))


def _members_p(both: sparse.csr_matrix, n: int, m: int, draws: int, seed: int) -> float:
    share = np.asarray(both.mean(axis=0)).ravel().astype(np.float64)
    spread = np.maximum(share * (1 - share), 1e-12)
    total = np.asarray(both.sum(axis=0)).ravel()

    def statistic(ways: Floats) -> npt.NDArray[np.float64]:
        second = np.asarray((both.T @ ways.T).T, dtype=np.float64)
        found: npt.NDArray[np.float64] = ((second / m - (total - second) / n) ** 2 / spread).sum(axis=1)
        return found

    return relabelled(statistic, n, m, draws=draws, seed=seed).p_value if both.shape[1] else 1.0


def _moved(before: int, after: int, n: int, m: int, values: int) -> Interval:
    return share_difference(after, m, before, n, confidence=1 - 0.05 / values)


def _sentence(what: str, name: str, counts: Sequence[int], n: int, m: int) -> str:
    before, after = (wilson_interval(k, size).in_words() for k, size in zip(counts, (n, m), strict=True))
    return f"the share of {name!r} in {what} went from {before} to {after}"
