"""Shorter vectors that stand for long ones where it is enough to know roughly what is near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curation.quality.input_checks import FloatArray
from curation.quality.spread_sample import spread_sample

# Records from which the axes are learned, and the axes that are kept.
_SAMPLE, _AXES = 20_000, 128
# Records shortened at once: 8 MB.
_ROWS = 16_384


@dataclass(frozen=True, kw_only=True)
class Axes:
    """Orthonormal axes along which vectors differ most; `basis` is (d, m)."""

    basis: npt.NDArray[np.float32]

    def shorten(self, vectors: FloatArray) -> FloatArray:
        """Return (n, m + 1) of unit length: the coordinates on the axes, and the length of what they leave.

        The product of two such rows is never below the cosine of the vectors that they stand for (Cauchy and Schwarz),
        and little above it where the axes hold most of them.

        Args:
            vectors: (n, d) of unit length.
        """
        short = np.empty((len(vectors), self.basis.shape[1] + 1), dtype=np.float32)
        for start in range(0, len(vectors), _ROWS):
            rows = slice(start, start + _ROWS)
            short[rows, :-1] = vectors[rows] @ self.basis
            on_axes = np.einsum("ij,ij->i", short[rows, :-1], short[rows, :-1])
            short[rows, -1] = np.sqrt(np.maximum(0, 1 - on_axes))
        return short


def main_axes(vectors: FloatArray) -> Axes:
    """Learn 128 axes from a sample: principal components, not centred.

    Args:
        vectors: (n, d) of unit length.
    """
    sample = spread_sample(vectors, _SAMPLE)
    _, directions = np.linalg.eigh((sample.T @ sample).astype(np.float64))
    return Axes(basis=np.ascontiguousarray(directions[:, : -_AXES - 1 : -1], dtype=np.float32))
