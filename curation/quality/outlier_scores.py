"""Records that are unlike all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.quality.input_checks import BoolArray, FloatArray, IntArray
from curation.quality.nearest import NearestNeighbours, check_neighbours, nearest_neighbours
from evaluation.columns import Column, matrix
from evaluation.settings import check_number, check_whole
from evaluation.shown import Shown

# From a median absolute deviation to the standard deviation of a normal distribution.
_MAD_TO_SIGMA = 1.4826
# A cosine distance that means nothing: the rounding of float32.
_NOISE = 1e-6


@dataclass(frozen=True, kw_only=True, repr=False)
class Outliers(Shown):
    """How typical each record is.

    Attributes:
        score: (n,) in [0, 1], low = unlike everything else; below .5 a record counts as an outlier.
        distance: (n,) mean cosine distance to the nearest neighbours, in [0, 2].
        is_outlier: (n,) true where that distance, weighed as `outliers` says, is far above what is usual.
    """

    score: FloatArray
    distance: FloatArray
    is_outlier: BoolArray

    def _facts(self) -> Mapping[str, Any]:
        return {"records": len(self.score), "outliers": int(self.is_outlier.sum())}

    def _columns(self) -> Mapping[str, Any]:
        return vars(self)


def outliers(
    embeddings: Column,
    *,
    k: int = 10,
    sigmas: float = 3.5,
    reference: Column | None = None,
    neighbours: NearestNeighbours | None = None,
) -> Outliers:
    """Score records by the mean distance to their nearest neighbours (Ramaswamy, Rastogi & Shim, SIGMOD 2000).

    Against a reference the distance is weighed by how far apart the neighbours lie, so that a text of a kind that
    varies much is not called an outlier for it: divided by the neighbours' own mean distance (the local outlier
    factor of Breunig et al., SIGMOD 2000, as simplified by Schubert, Zimek & Kriegel 2014) plus the median of
    these in the reference, which keeps copies from dividing by zero. Without a reference it is not, for the
    neighbours of an outlier may be outliers, and would excuse it (`docs/outliers.md`).

    The limit is robust: `sigmas` deviations above the median, the deviation taken from the median
    absolute deviation (Iglewicz & Hoaglin 1993, who recommend 3.5), so that outliers do not hide each other.
    A tight group of more than `k` alike records is rare, not an outlier, however far it lies from the rest.

    Args:
        embeddings: (n, d), n >= 2, any scale.
        k: neighbours that a record needs to be ordinary.
        sigmas: deviations above the median at which a record is flagged.
        reference: (m, d) trusted in-scope records to measure against, instead of the records themselves; the
            limit then comes from the distances among the reference.
        neighbours: the k nearest of each record where they are at hand already; not together with
            `reference`.

    Raises:
        ValueError: fewer than two records, NaN or zero vectors, `k` below 1, `sigmas` not positive.

    Example:
        >>> embeddings = [[1.0, 0.1], [1.0, 0.0], [0.9, 0.1], [1.0, 0.2], [0.0, 1.0]]
        >>> outliers(embeddings, k=2).is_outlier.tolist()
        [False, False, False, False, True]
    """
    check_number(sigmas, "sigmas", "a positive number", above=0)
    check_whole(k, "k", least=1)
    if neighbours is not None and reference is not None:
        raise ValueError("outliers: expected neighbours or reference, got both")
    if reference is not None:
        reference = matrix(reference, "reference")  # it is read twice
    graph = nearest_neighbours(embeddings, k=k, reference=reference) if neighbours is None else neighbours
    if neighbours is not None:
        check_neighbours(neighbours, len(matrix(embeddings, "embeddings")))
    distance = _mean_distance(graph, k)
    if reference is None:
        return _scored(distance, distance, usual=distance, sigmas=sigmas)
    known = nearest_neighbours(reference, k=k)
    own = _mean_distance(known, k)
    weighed, usual = (_weighed(far, near.index, own) for far, near in ((distance, graph), (own, known)))
    return _scored(distance, weighed, usual=usual, sigmas=sigmas)


def _scored(distance: FloatArray, weighed: FloatArray, *, usual: FloatArray, sigmas: float) -> Outliers:
    limit = _limit(usual, sigmas)
    return Outliers(score=limit / (limit + weighed), distance=distance, is_outlier=weighed > limit)


def _mean_distance(graph: NearestNeighbours, k: int) -> FloatArray:
    distance: FloatArray = np.maximum(0, 1 - graph.similarity[:, :k].astype(np.float64).mean(axis=1))
    return distance


def _weighed(distance: FloatArray, neighbours: IntArray, own: FloatArray) -> FloatArray:
    """Return (n,) distances in [0, 2], the shorter the larger the mean distances `own` (m,) of the `neighbours` are."""
    usual = float(np.median(own)) + _NOISE
    weighed: FloatArray = distance * usual / (own[neighbours].mean(axis=1) + usual)
    return weighed


def _limit(distance: FloatArray, sigmas: float) -> float:
    middle = float(np.median(distance))
    deviation = _MAD_TO_SIGMA * float(np.median(np.abs(distance - middle)))
    # Data in which most records are copies have no spread; float32 noise is then not a finding.
    return middle + sigmas * deviation + _NOISE
