"""Agreement coefficients as functions of sums over records, so that a bootstrap resamples sums, not votes.

Only records with two votes or more enter. One record's row holds, for each label c with n_c of its m votes,
n_c, the coincidences n_c (n_c - 1) / (m - 1) and the share n_c / m; then its share of agreeing pairs, and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import hstack, issparse

from curation.review.votes import Floats, Ints
from evaluation.intervals import Interval, percentile_interval


def distinct(counts: Ints) -> tuple[Ints, Ints]:
    """Return the distinct rows of `counts`, shape (U, K), and how often each occurs, shape (U,)."""
    narrow = np.uint16 if counts.max(initial=0) < 2**16 else np.int64
    packed = np.ascontiguousarray(counts, dtype=narrow)
    keys = packed.view(np.dtype((np.void, packed.itemsize * packed.shape[1]))).ravel()
    _, first, times = np.unique(keys, return_index=True, return_counts=True)
    return counts[first], times


def record_rows(counts: Any) -> Any:
    """Return a row of sums for every record, shape (N, 3 K + 2), from votes per label, shape (N, K), sparse or not."""
    n = counts.astype(float)
    m = n.sum(axis=1)[:, None]
    matched = (n * n - n) * (1 / (m - 1))
    agreeing = matched.sum(axis=1)[:, None] / m
    stacked = hstack if issparse(n) else np.hstack
    return stacked([n, matched, n * (1 / m), agreeing, np.ones_like(m)])


def interval_over_records(value: float, draws: Floats, *, records: int, undefined: str) -> Interval:
    """Return the percentile interval of a number, none where there is only one record to draw."""
    if records < 2 and not np.isnan(value):
        return Interval(value=value, reason="no interval: only one record has two votes")
    return percentile_interval(value, draws, undefined=undefined)


@dataclass(frozen=True, kw_only=True)
class Nominal:
    """Coefficients for labels without an order, from sums of `record_rows`, shape (B, 3 K + 2).

    Every method returns shape (B,), NaN where the coefficient is undefined.
    """

    k: int

    def observed(self, sums: Floats) -> Floats:
        """Return the mean over records of the share of pairs of votes that agree, in [0, 1]."""
        return _ratio(sums[:, -2], sums[:, -1])

    def alpha(self, sums: Floats) -> Floats:
        """Return Krippendorff's alpha (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability)."""
        n, matched = sums[:, : self.k], sums[:, self.k : 2 * self.k]
        total = n.sum(axis=1)
        expected = total**2 - (n**2).sum(axis=1)
        return 1 - _ratio((total - 1) * (total - matched.sum(axis=1)), expected)

    def label_alpha(self, label: int, sums: Floats) -> Floats:
        """Return alpha of the yes-or-no question "is it this label?"."""
        total = sums[:, : self.k].sum(axis=1)
        n, matched = sums[:, label], sums[:, self.k + label]
        return 1 - _ratio((total - 1) * (n - matched), n * (total - n))

    def fleiss_kappa(self, sums: Floats) -> Floats:
        """Return Fleiss' kappa (Fleiss 1971, Psychological Bulletin 76(5)), any votes per record."""
        shares = self._shares(sums)
        return _beyond_chance(self.observed(sums), (shares**2).sum(axis=1))

    def ac1(self, sums: Floats) -> Floats:
        """Return Gwet's AC1 (Gwet 2008, British J. Math. Stat. Psychology 61(1), 29-48, eq. 17 on)."""
        shares = self._shares(sums)
        chance = (shares * (1 - shares)).sum(axis=1) / max(self.k - 1, 1)
        return _beyond_chance(self.observed(sums), chance) if self.k > 1 else np.full(len(sums), np.nan)

    def _shares(self, sums: Floats) -> Floats:
        return np.asarray(sums[:, 2 * self.k : 3 * self.k] / sums[:, -1:])


def coincidence_rows(counts: Ints) -> Floats:
    """Return each record's coincidences of two labels, flattened, shape (N, K * K)."""
    n = counts.astype(float)
    m = n.sum(axis=1)
    both = n[:, :, None] * n[:, None, :]
    both[:, np.arange(n.shape[1]), np.arange(n.shape[1])] -= n
    rows: Floats = (both / (m - 1)[:, None, None]).reshape(len(n), -1)
    return rows


def spaced_alpha(coincidences: Floats, values: Floats | None) -> Floats:
    """Return Krippendorff's alpha for labels on a line, from sums of `coincidence_rows`.

    Args:
        coincidences: Shape (B, K * K).
        values: Shape (K,), the labels' positions (interval scale). None for the ordinal scale, where a
            label's position is its middle rank among all votes: the squared distance of middle ranks is
            Krippendorff's ordinal difference (Krippendorff 2011, p. 6).

    Returns:
        Shape (B,), NaN where all votes stand at one position.
    """
    k = round(coincidences.shape[1] ** 0.5)
    o = coincidences.reshape(-1, k, k)
    n = o.sum(axis=2)
    place = np.cumsum(n, axis=1) - n / 2 if values is None else np.broadcast_to(values, n.shape)
    distance = (place[:, :, None] - place[:, None, :]) ** 2
    observed = (o * distance).sum(axis=(1, 2))
    expected = (n[:, :, None] * n[:, None, :] * distance).sum(axis=(1, 2))
    return 1 - _ratio((n.sum(axis=1) - 1) * observed, expected)


@dataclass(frozen=True, kw_only=True)
class Cells:
    """How often each two of many raters gave each two labels.

    Attributes:
        pair: Shape (C,), which two raters, from 0 to P - 1.
        first: Shape (C,), the label that the one gave.
        second: Shape (C,), the label that the other gave.
        times: Shape (C,), how often.
    """

    pair: Ints
    first: Ints
    second: Ints
    times: Ints


@dataclass(frozen=True, kw_only=True)
class Kappas:
    """Cohen's kappa of P pairs of raters.

    Attributes:
        value: Shape (P,), NaN where both raters used one and the same label only.
        influence: Shape (C,), how far one more of each cell would move its pair's kappa, times how many there are.
            Where cells come in clumps, such as the characters of one text, the squares of the clumps' sums make the
            variance.
    """

    value: Floats
    influence: Floats


def cohens_kappas(cells: Cells, places: Floats | None = None) -> Kappas:
    """Return kappa (Cohen 1960; with places, weighted kappa, Cohen 1968) of each two raters.

    The influences give the standard error of the delta method, the limit of the bootstrap over records (Efron 1982, The
    Jackknife, the Bootstrap and Other Resampling Plans, ch. 6): thousands of pairs cost next to nothing.

    Args:
        cells: At least one cell for each pair.
        places: Shape (K,), where labels stand on a line; two are apart by the square of the distance. None where any
            two labels are equally far apart.
    """
    pair, first, second = cells.pair, cells.first, cells.second
    share = cells.times / np.bincount(pair, cells.times)[pair]
    here = (first != second).astype(float) if places is None else (places[first] - places[second]) ** 2
    to_second, to_first = _mean_gap(pair, first, second, share, places), _mean_gap(pair, second, first, share, places)
    apart, expected = np.bincount(pair, share * here), np.bincount(pair, share * to_second)
    expected = np.where(expected < 1e-12, np.nan, expected)
    ratio, moved = (apart / expected)[pair], to_second + to_first - 2 * expected[pair]
    return Kappas(value=1 - apart / expected, influence=(ratio * moved - (here - apart[pair])) / expected[pair])


def _mean_gap(pair: Ints, label: Ints, others: Ints, share: Floats, places: Floats | None) -> Floats:
    """Return how far each label of one rater is from those of the other, on average, shape (C,)."""
    if places is not None:
        mean = np.bincount(pair, share * places[others])[pair]
        return np.asarray((places[label] - mean) ** 2 + np.bincount(pair, share * (places[others] - mean) ** 2)[pair])
    k = max(label.max(), others.max()) + 1
    given, at = np.unique(pair * k + others, return_inverse=True)
    wanted = pair * k + label
    place = np.minimum(np.searchsorted(given, wanted), len(given) - 1)
    return np.asarray(1 - np.where(given[place] == wanted, np.bincount(at, share)[place], 0.0))


def _beyond_chance(observed: Floats, chance: Floats) -> Floats:
    return _ratio(observed - chance, np.where(chance < 1 - 1e-12, 1 - chance, 0))


def _ratio(above: Floats, below: Floats) -> Floats:
    out = np.full(np.shape(below), np.nan)
    return np.asarray(np.divide(above, below, out=out, where=below > 1e-12), dtype=float)
