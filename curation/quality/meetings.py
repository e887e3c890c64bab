"""Who is compared with whom: everybody with everybody while that is cheap, then only those who may be near."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curation.quality.coarse import main_axes
from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.spread_sample import spread_sample

# Products of pairs up to which all are compared: 20,000 records with each other, seconds.
_ALL_UP_TO = 400_000_000
# Similarities held at once, in numbers: 32 MB of float32 and 64 MB of their order, large enough for BLAS.
_BLOCK_NUMBERS = 8_000_000
# Records per cell from which its centre is learned, and passes over them.
_SAMPLE, _PASSES = 64, 8


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """Rows that are compared with columns, in one matrix product; both in rising order."""

    rows: IntArray
    columns: IntArray


def meetings(vectors: FloatArray, pool: FloatArray, *, visits: int, within: float = 2.0) -> Iterator[Meeting]:
    """Yield meetings in which each vector sees what is near it in the pool.

    Large pools are cut into 2 sqrt(m) cells by k-means, and each vector visits the `visits` cells whose centres are
    nearest to it (an inverted file: Jegou, Douze & Schmid, TPAMI 2011), those of a cell together. Which cells those are
    is asked of short vectors (`coarse.py`). `benchmarks/audit.py` and `benchmarks/copies_at_scale.py` check the recall.

    Args:
        vectors: (n, d) of unit length.
        pool: (m, d) of unit length.
        visits: cells that each vector visits at most where not everybody meets everybody.
        within: how far the cosine to the centre of a cell may lie below that to the nearest centre for a visit to pay.
    """
    if all_meet(len(vectors), len(pool)):
        everybody = np.arange(len(pool))
        for part in row_blocks(len(vectors), len(pool)):
            yield Meeting(rows=np.arange(part.start, part.stop), columns=everybody)
        return
    axes = main_axes(pool)
    short = axes.shorten(vectors)
    places = short if pool is vectors else axes.shorten(pool)
    centres = _centres(places)
    visited = _nearest_cells(short, centres, min(visits, len(centres)), within)
    homes = visited[:, :1] if pool is vectors else _nearest_cells(places, centres, 1, within)
    members, visitors = _by_cell(homes, len(centres)), _by_cell(visited, len(centres))
    for rows, columns in zip(visitors, members, strict=True):
        for part in row_blocks(len(rows), len(columns)):
            if len(columns):
                yield Meeting(rows=rows[part], columns=columns)


def all_meet(n: int, m: int) -> bool:
    """Whether n vectors are compared with all of m."""
    return n * m <= _ALL_UP_TO


def row_blocks(n: int, width: int) -> Iterator[slice]:
    """Yield slices over `n` rows so that a block of `width` columns stays within the memory bound."""
    step = max(1, _BLOCK_NUMBERS // max(width, 1))
    for start in range(0, n, step):
        yield slice(start, min(n, start + step))


def _centres(pool: FloatArray) -> FloatArray:
    """Return (cells, d): centres of k-means on a sample, of unit length."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    n_cells = int(2 * np.sqrt(len(pool)))
    sample = spread_sample(pool, _SAMPLE * n_cells)
    cells = KMeans(n_cells, init="random", n_init=1, max_iter=_PASSES, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different points than cells: some stay empty
        found = cells.fit(sample).cluster_centers_
    unit: FloatArray = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    return unit


def _nearest_cells(vectors: FloatArray, centres: FloatArray, visits: int, within: float) -> IntArray:
    """Return (n, visits) cells of the nearest centres, nearest first, -1 where they are too far to be visited."""
    found = np.full((len(vectors), visits), -1, dtype=np.intp)
    for rows in row_blocks(len(vectors), len(centres)):
        block = vectors[rows] @ centres.T
        every, limit = np.arange(len(block)), block.max(axis=1) - np.float32(within)
        for turn in range(visits):  # faster than a partition
            cell = block.argmax(axis=1)
            near = block[every, cell] >= limit
            if not near.any():
                break
            found[rows, turn] = np.where(near, cell, -1)
            block[every, cell] = -np.inf
    return found


def _by_cell(cells: IntArray, n_cells: int) -> list[npt.NDArray[np.intp]]:
    """Return, per cell, who is in it or visits it."""
    flat = cells.ravel()
    order = np.argsort(flat, kind="stable")
    ends: IntArray = np.cumsum(np.bincount(flat + 1, minlength=n_cells + 1))
    return np.split(order // cells.shape[1], ends[:-1])[1:]
