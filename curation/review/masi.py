"""How far two answers of several labels are apart, and alpha by that distance, from sums over records."""

from __future__ import annotations

import numpy as np

from curation.review.votes import Floats, Ints


def masi_distance(ones: Ints) -> Floats:
    """Return the distances of K sets of labels, shape (K, K), from 0 for the same to 1 for nothing in common.

    One less the Jaccard similarity times a factor: 1 for equal sets, 2/3 where one holds the other, 1/3 where each
    has labels that the other lacks (Passonneau 2006, Measuring Agreement on Set-valued Items, LREC).

    Args:
        ones: Shape (K, L), 1 where a set has a label.
    """
    both = (ones @ ones.T).astype(float)
    size = ones.sum(axis=1).astype(float)
    either = size[:, None] + size[None, :] - both
    jaccard = np.divide(both, either, out=np.ones_like(both), where=either > 0)
    equal = (both == size[:, None]) & (both == size[None, :])
    within = (both == size[:, None]) | (both == size[None, :])
    return np.asarray(1 - jaccard * np.where(equal, 1, np.where(within, 2 / 3, 1 / 3)))


def distance_rows(counts: Ints, distance: Floats) -> Floats:
    """Return a row for every record, shape (N, K + 1): its votes for each answer, and how far its votes are apart."""
    n = counts.astype(float)
    apart = ((n @ distance) * n).sum(axis=1, keepdims=True) / (n.sum(axis=1, keepdims=True) - 1)
    return np.hstack([n, apart])


def distance_alpha(sums: Floats, distance: Floats) -> Floats:
    """Return Krippendorff's alpha by any distance, from sums of `distance_rows`; shape (B,), NaN where undefined."""
    n, observed = sums[:, :-1], sums[:, -1]
    expected = ((n @ distance) * n).sum(axis=1)
    out = np.full(len(sums), np.nan)
    return np.asarray(1 - np.divide((n.sum(axis=1) - 1) * observed, expected, out=out, where=expected > 1e-12))
