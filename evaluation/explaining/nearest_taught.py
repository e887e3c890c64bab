"""Which records that a model learnt from are nearest to others in its own eyes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]

_SAMPLE, _AT_ONCE = 500, 256
_RARE = 0.05


@dataclass(frozen=True, kw_only=True)
class NearestTaught:
    """What is nearest to n records among t that a model learnt from.

    Attributes:
        index: (n, m) positions of the nearest, the nearest first.
        similarity: (n, m) their cosines, in [-1, 1].
        usual: The cosine that 95 of 100 records of the t have at least to the nearest other one.
    """

    index: IntArray
    similarity: FloatArray
    usual: float

    @property
    def is_near(self) -> npt.NDArray[np.bool_]:
        """(n, m) whether a record is as near as records that the model learnt from are to each other."""
        return np.asarray(self.similarity >= self.usual)


def nearest_taught(vectors: FloatArray, taught: FloatArray, *, most: int = 3, seed: int = 0) -> NearestTaught:
    """Find the nearest of t records to each of n, by the cosine of vectors.

    What is near is told by the t records themselves, of which up to 500 are drawn: the last layer of a model that was
    taught labels draws those of one label together, so no one number could say it.

    Args:
        vectors: (n, d).
        taught: (t, d), t at least 2.
        most: How many of them, m.
        seed: Same seed, same sample.

    Example:
        >>> points = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], dtype=np.float32)
        >>> found = nearest_taught(np.array([[1, 0.05], [-1, -1]], dtype=np.float32), points, most=1)
        >>> found.index.tolist(), found.is_near.tolist()
        ([[1], [0]], [[True], [False]])
    """
    others = _of_unit_length(taught)
    index, similarity = _nearest(_of_unit_length(vectors), others, most)
    sample = np.sort(np.random.default_rng(seed).permutation(len(others))[:_SAMPLE])
    _, own = _nearest(others[sample], others, 2)
    return NearestTaught(index=index, similarity=similarity, usual=float(np.quantile(own[:, -1], _RARE)))


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
