"""Whether what is asked for is found: at which place among candidates the first right one stands."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

IntArray = npt.NDArray[np.int64]

_AT_ONCE = 2_000_000  # scores: 16 MB


def first_right(
    queries: npt.NDArray[Any],
    candidates: npt.NDArray[Any],
    right: sparse.csr_matrix,
    *,
    hidden: sparse.csr_matrix | None = None,
) -> IntArray:
    """Return (q,) the place of the first right candidate of each query, from 1; those that are level stand before it.

    Args:
        queries: (q, d) vectors of unit length.
        candidates: (c, d) likewise.
        right: (q, c) ones where a candidate is right; each query has one at least.
        hidden: (q, c) ones where a candidate is left out, such as the text of the query itself.

    Example:
        >>> asked, there = np.eye(2), np.array([[1.0, 0.0], [0.6, 0.8]])
        >>> first_right(asked, there, sparse.csr_matrix([[0, 1], [0, 1]])).tolist()
        [2, 1]
    """
    found, size = [], max(1, _AT_ONCE // len(candidates))
    for start in range(0, len(queries), size):
        rows = slice(start, start + size)
        scores, wanted = queries[rows] @ candidates.T, right[rows].toarray() > 0
        if hidden is not None:
            scores[hidden[rows].toarray() > 0] = -np.inf
        best = np.where(wanted, scores, -np.inf).max(axis=1)
        found.append(1 + ((scores >= best[:, None]) & ~wanted).sum(axis=1))
    return np.concatenate(found).astype(np.int64)


def mean_reciprocal_rank(places: IntArray) -> float:
    """Return the mean of one divided by the place of the first right candidate, in (0, 1].

    >>> mean_reciprocal_rank(np.array([1, 4]))
    0.625
    """
    return float((1 / places).mean())


def hit_rate(places: IntArray, among: int) -> float:
    """Return the share of queries with a right candidate among the first ones, in [0, 1].

    Where each has one right candidate that is the recall there.

    >>> hit_rate(np.array([1, 4]), 3)
    0.5
    """
    return float((places <= among).mean())
