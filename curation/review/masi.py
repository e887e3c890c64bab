"""How far two answers of several labels are apart, and alpha by that distance, from sums over records."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array

from curation.review.votes import Bools, Floats, Ints

_MOST = 2000  # different answers of which each is held against each


def masi_distance(sets: Bools, others: Bools) -> Floats:
    """Return how far each set of labels is from each other one, shape (K, M), from 0 for the same to 1.

    One less the Jaccard similarity times a factor: 1 for equal sets, 2/3 where one holds the other, 1/3 where each
    has labels that the other lacks (Passonneau 2006, Measuring Agreement on Set-valued Items, LREC).

    Args:
        sets: Shape (K, L), whether a set has a label.
        others: Shape (M, L).
    """
    return _distance(sets.astype(float) @ others.T.astype(float), sets.sum(axis=1)[:, None], others.sum(axis=1))


def _distance(both: Floats, size: Ints, other: Ints) -> Floats:
    """Return the distance of sets by how many labels they share, and how many each has."""
    either = size + other - both
    jaccard = np.divide(both, either, out=np.ones_like(both), where=either > 0)
    factor = np.where(either == both, 1, np.where((both == size) | (both == other), 2 / 3, 1 / 3))
    return np.asarray(1 - jaccard * factor)


def distances_within(counts: csr_array, sets: Bools) -> Floats:
    """Return how far the votes of each record are apart, as alpha sums it, shape (U,).

    Args:
        counts: Shape (U, K), votes for each answer, two or more in every row.
        sets: Shape (K, L), which labels an answer has.
    """
    apart, size = np.zeros(counts.shape[0]), sets.sum(axis=1)
    row, answer, times = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr)), counts.indices, counts.data
    for step in range(1, int(np.diff(counts.indptr).max(initial=0))):
        one = np.flatnonzero(row[step:] == row[:-step])
        a, b = answer[one], answer[one + step]
        distance = _distance((sets[a] & sets[b]).sum(axis=1).astype(float), size[a], size[b])
        apart += np.bincount(row[one], 2 * times[one] * times[one + step] * distance, len(apart))
    return np.asarray(apart / (counts.sum(axis=1) - 1))


def distances_by_chance(sets: Bools, said: Floats, seed: int) -> Callable[[Floats], Floats]:
    """Return what makes of votes for each answer, shape (B, K), the sum of the distances of every two votes, (B,).

    Of many different answers each is held against some that are drawn as often as they were given, and a sum is taken
    to be linear around the votes that there are: what that leaves out is one part in as many as there are votes.

    Args:
        sets: Shape (K, L), which labels an answer has.
        said: Shape (K,), how often each was given.
        seed: Of the draws.
    """
    if len(sets) <= _MOST:
        distance = masi_distance(sets, sets)
        return lambda n: np.asarray(((n @ distance) * n).sum(axis=1))
    drawn = sets[np.random.default_rng(seed).choice(len(sets), _MOST, p=said / said.sum())]
    far = np.concatenate([masi_distance(sets[i : i + _MOST], drawn).mean(axis=1) for i in range(0, len(sets), _MOST)])
    middle = said @ far / said.sum()

    def linear(n: Floats) -> Floats:
        total = n.sum(axis=1)
        return np.asarray(total * (2 * (n @ far) - total * middle))

    return linear


def distance_alpha(n: Floats, apart: Floats, by_chance: Callable[[Floats], Floats]) -> Floats:
    """Return Krippendorff's alpha by any distance, shape (B,), NaN where it is undefined.

    Args:
        n: Shape (B, K), votes for each answer.
        apart: Shape (B,), sums of `distances_within`.
        by_chance: What `distances_by_chance` returns.
    """
    expected, out = by_chance(n), np.full(len(n), np.nan)
    return np.asarray(1 - np.divide((n.sum(axis=1) - 1) * apart, expected, out=out, where=expected > 1e-12))
