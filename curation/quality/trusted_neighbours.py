"""The evidence that is shown with a doubt: the nearest records whose own labels are trusted."""

from __future__ import annotations

import numpy as np

from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.nearest import NearestNeighbours

_SHOWN = 5


def trusted_neighbours(graph: NearestNeighbours | None, score: FloatArray, n: int) -> IntArray:
    """Return (n, 5) the nearest records whose own labels are rather right than wrong, -1 where there are fewer.

    Args:
        graph: The neighbours of n records; None where there are none, which makes it (n, 0).
        score: (n,) probability that a record's own label is right.
        n: Records.
    """
    if graph is None:
        return np.empty((n, 0), dtype=np.intp)
    doubtful = score[graph.index] < 0.5
    nearest_first = np.argsort(doubtful, axis=1, kind="stable")[:, :_SHOWN]
    chosen = np.take_along_axis(graph.index, nearest_first, axis=1)
    return np.where(np.take_along_axis(doubtful, nearest_first, axis=1), -1, chosen)
