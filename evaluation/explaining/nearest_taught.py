"""Which records that a model learnt from are nearest to others in its own eyes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]

_AT_ONCE = 256
_RARE = 0.05  # share of held-out records to which nothing counts as near


@dataclass(frozen=True, kw_only=True)
class NearestTaught:
    """What is nearest to n records among t that a model learnt from.

    Attributes:
        index: (n, m) positions of the nearest, the nearest first.
        similarity: (n, m) their cosines, in [-1, 1].
        usual: The cosine that 95 of 100 held-out records have at least to the nearest.
    """

    index: IntArray
    similarity: FloatArray
    usual: float

    @property
    def is_near(self) -> npt.NDArray[np.bool_]:
        """(n, m) whether a record is as near as the nearest one is to nearly all held-out records."""
        return np.asarray(self.similarity >= self.usual)


def nearest_taught(vectors: FloatArray, taught: FloatArray, held_out: FloatArray, *, most: int = 3) -> NearestTaught:
    """Find the nearest of t records to each of n, by the cosine of vectors.

    What is near is told by records that the model did not learn from either: those that it learnt lie nearer to each
    other than any others do, the more so the better it knows them by heart.

    Args:
        vectors: (n, d).
        taught: (t, d), t at least 1.
        held_out: (h, d) of records like the n, at least 1.
        most: How many of them, m.

    Example:
        >>> points, others = np.eye(2, dtype=np.float32), np.array([[1, 0.2], [0.1, 1]], dtype=np.float32)
        >>> found = nearest_taught(np.array([[1, 0.05], [-1, -2]], dtype=np.float32), points, others, most=1)
        >>> found.index.tolist(), found.is_near.tolist()
        ([[0], [0]], [[True], [False]])
    """
    others = _of_unit_length(taught)
    index, similarity = _nearest(_of_unit_length(vectors), others, most)
    _, usual = _nearest(_of_unit_length(held_out), others, 1)
    return NearestTaught(index=index, similarity=similarity, usual=float(np.quantile(usual, _RARE)))


def _nearest(vectors: FloatArray, others: FloatArray, most: int) -> tuple[IntArray, FloatArray]:
    """Return the positions and cosines of the nearest; equals in the order of the records."""
    found = []
    for start in range(0, len(vectors), _AT_ONCE):
        cosines = vectors[start : start + _AT_ONCE] @ others.T
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :most]
        found.append((order, np.take_along_axis(cosines, order, axis=1)))
    return np.concatenate([order for order, _ in found]), np.concatenate([cosines for _, cosines in found])


def _of_unit_length(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), dtype=np.float32)
