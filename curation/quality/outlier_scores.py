"""Records that are unlike all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curation.quality.input_checks import BoolArray, FloatArray
from curation.quality.nearest import NearestNeighbours, nearest_neighbours

# From a median absolute deviation to the standard deviation of a normal distribution.
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, kw_only=True)
class Outliers:
    """How typical each record is.

    Attributes:
        score: (n,) in [0, 1], low = unlike everything else; .5 is the distance at which a record counts as
            an outlier.
        distance: (n,) mean cosine distance to the nearest neighbours, in [0, 2].
        is_outlier: (n,) true where the distance is far above what is usual in these data.
    """

    score: FloatArray
    distance: FloatArray
    is_outlier: BoolArray


def outliers(
    embeddings: npt.ArrayLike,
    *,
    k: int = 10,
    sigmas: float = 3.5,
    reference: npt.ArrayLike | None = None,
    neighbours: NearestNeighbours | None = None,
) -> Outliers:
    """Score records by the distance to their nearest neighbours (Ramaswamy, Rastogi & Shim, SIGMOD 2000).

    The limit is robust: `sigmas` deviations above the median distance, the deviation taken from the median
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
    """
    if not sigmas > 0:
        raise ValueError(f"sigmas: expected a positive number, got {sigmas}")
    if neighbours is not None and reference is not None:
        raise ValueError("outliers: expected neighbours or reference, got both")
    graph = neighbours or nearest_neighbours(embeddings, k=k, reference=reference)
    distance = _mean_distance(graph, k)
    usual = distance if reference is None else _mean_distance(nearest_neighbours(reference, k=k), k)
    limit = _limit(usual, sigmas)
    return Outliers(score=limit / (limit + distance), distance=distance, is_outlier=distance > limit)


def _mean_distance(graph: NearestNeighbours, k: int) -> FloatArray:
    distance: FloatArray = np.maximum(0, 1 - graph.similarity[:, :k].astype(np.float64).mean(axis=1))
    return distance


def _limit(distance: FloatArray, sigmas: float) -> float:
    middle = float(np.median(distance))
    deviation = _MAD_TO_SIGMA * float(np.median(np.abs(distance - middle)))
    # Data in which most records are copies have no spread; float32 noise is then not a finding.
    return middle + sigmas * deviation + 1e-6
