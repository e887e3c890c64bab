"""The exact nearest neighbours of every record; one graph serves every check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curation.quality.input_checks import FloatArray, IntArray, as_vectors

# Similarities held at once, in numbers: 32 MB of float32 and 64 MB of their order, large enough for BLAS.
_BLOCK_NUMBERS = 8_000_000


@dataclass(frozen=True, kw_only=True)
class NearestNeighbours:
    """The k nearest others of each record, nearest first.

    Attributes:
        index: (n, k) record numbers; never the record itself.
        similarity: (n, k) cosine in [-1, 1], falling along a row.
    """

    index: IntArray
    similarity: FloatArray


def nearest_neighbours(
    embeddings: npt.ArrayLike, *, k: int, reference: npt.ArrayLike | None = None
) -> NearestNeighbours:
    """Find the `k` nearest records by cosine, exactly.

    Brute force in blocks: time n * m * d (m the number of reference records), memory about 100 MB beside the
    inputs, whatever n is. 10,000 x 384 takes seconds; 100,000 minutes.

    Args:
        embeddings: (n, d), any scale; rows are normalised here.
        k: neighbours per record; at most n - 1 (or m with `reference`) are returned.
        reference: (m, d) to look in; by default the records themselves, each leaving itself out.

    Raises:
        ValueError: NaN, zero rows, shapes that do not fit, `k` below 1, or nothing to look in.
    """
    vectors = as_vectors(embeddings)
    pool = vectors if reference is None else as_vectors(reference, where="reference")
    if pool.shape[1] != vectors.shape[1]:
        raise ValueError(f"reference: expected {vectors.shape[1]} dimensions, got {pool.shape[1]}")
    available = len(pool) - (reference is None)
    if k < 1 or available < 1:
        raise ValueError(f"k: expected 1 to {available} neighbours for {len(pool)} records, got {k}")
    k = min(k, available)
    index = np.empty((len(vectors), k), dtype=np.intp)
    similarity = np.empty((len(vectors), k), dtype=np.float32)
    for rows in row_blocks(len(vectors), len(pool)):
        block = vectors[rows] @ pool.T
        if reference is None:
            block[np.arange(len(block)), np.arange(rows.start, rows.stop)] = -np.inf
        index[rows], similarity[rows] = _top(block, k)
    return NearestNeighbours(index=index, similarity=np.clip(similarity, -1.0, 1.0))


def row_blocks(n: int, width: int) -> Iterator[slice]:
    """Yield slices over `n` rows so that a block of `width` columns stays within the memory bound."""
    step = max(1, _BLOCK_NUMBERS // max(width, 1))
    for start in range(0, n, step):
        yield slice(start, min(n, start + step))


def _top(block: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """Return columns and values of the k largest per row, largest first; ties go to the earlier column."""
    if k < block.shape[1]:
        columns = np.sort(np.argpartition(block, -k, axis=1)[:, -k:], axis=1)
    else:
        columns = np.broadcast_to(np.arange(k), (len(block), k))
    values = np.take_along_axis(block, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1), np.take_along_axis(values, order, axis=1)
