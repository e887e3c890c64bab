"""A few records that stand for all."""

from __future__ import annotations

import numpy as np

from curation.quality.input_checks import FloatArray, IntArray, as_vectors
from evaluation.columns import Column, matrix
from evaluation.settings import check_whole

_ITERATIONS = 30


def representatives(vectors: Column, size: int, *, seed: int = 0) -> IntArray:
    """Return the numbers of at most `size` records, one from each region, those of the fullest regions first.

    The space is cut in two by k-means, then the fullest part again, until there are `size` parts (bisecting
    k-means: Steinbach, Karypis & Kumar, KDD Workshop on Text Mining 2000), and the record nearest to the middle
    of each part is taken. Typical records teach most while little is known (Hacohen, Dekel & Weinshall, Active
    Learning on a Budget, ICML 2022). Time n log(size), memory n; copies fall into one part, so that one of them
    is taken.

    Args:
        vectors: (n, d) of unit length.
        size: at least 1.
        seed: of the cuts.

    Returns:
        (m,) record numbers, m <= size: there are no more parts than different records.

    Raises:
        ValueError: no records, NaN, `size` below 1.

    Example:
        >>> sorted(representatives([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 2).tolist())
        [0, 2]
    """
    check_whole(size, "size", least=1)
    check_whole(seed, "seed")
    points = matrix(vectors, "vectors")
    as_vectors(points, where="vectors")
    part, distance = _parts(points, min(size, len(points)), seed)
    by_part = np.lexsort((distance, part))
    first = by_part[np.r_[True, np.diff(part[by_part]) > 0]]
    fullness = np.bincount(part)[part[first]]
    chosen: IntArray = first[np.argsort(-fullness, kind="stable")]
    return chosen


def _parts(vectors: FloatArray, size: int, seed: int) -> tuple[IntArray, FloatArray]:
    """Return the part of each record (n,), and its squared distance to the middle of the part (n,)."""
    from sklearn.cluster import BisectingKMeans

    size = min(size, len({row.tobytes() for row in vectors}))
    cut = BisectingKMeans(size, random_state=seed, bisecting_strategy="largest_cluster", max_iter=_ITERATIONS)
    part = cut.fit_predict(vectors)
    return part, ((vectors - cut.cluster_centers_[part]) ** 2).sum(axis=1)
