"""The nearest neighbours of every record; one graph serves every check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from curation.quality.input_checks import FloatArray, IntArray, as_vectors, same_length
from curation.quality.meetings import Meeting, all_meet, meetings, row_blocks
from curation.quality.piles import Piles
from evaluation.columns import Column
from evaluation.settings import check_whole
from evaluation.shown import Shown

# Cells that a record visits in large data: 99% of the ten nearest are found, 98% of the hundred nearest.
_VISITS = 32
# Records, in square roots of their number, that are then compared with all others, those with the furthest neighbours.
_LONELY = 10


@dataclass(frozen=True, kw_only=True, repr=False)
class NearestNeighbours(Shown):
    """The k nearest others of each record, nearest first.

    Attributes:
        index: (n, k) record numbers; never the record itself.
        similarity: (n, k) cosine in [-1, 1], falling along a row.
    """

    index: IntArray
    similarity: FloatArray

    def to_table(self) -> pa.Table:
        """Return it as a table to keep, a row for each record."""
        k = self.index.shape[1]
        columns = {"neighbours": self.index.astype(np.int32), "similarity": self.similarity}
        return pa.table({name: pa.FixedSizeListArray.from_arrays(v.ravel(), k) for name, v in columns.items()})

    @classmethod
    def of_table(cls, table: pa.Table) -> NearestNeighbours:
        """Return what was kept by `to_table`."""
        flat = [table[name].combine_chunks().flatten().to_numpy() for name in ("neighbours", "similarity")]
        index, similarity = (values.reshape(table.num_rows, -1) for values in flat)
        return cls(index=index.astype(np.intp), similarity=similarity)

    def _facts(self) -> Mapping[str, Any]:
        return {"records": len(self.index), "neighbours": self.index.shape[1]}

    def _columns(self) -> Mapping[str, Any]:
        return vars(self)


def check_neighbours(graph: object, n: int) -> None:
    """Raise a ValueError unless `graph` holds the neighbours of `n` records."""
    if not isinstance(graph, NearestNeighbours):
        raise ValueError(f"neighbours: expected what nearest_neighbours returns, got {type(graph).__name__}")
    same_length(n, len(graph.index), "neighbours")


def nearest_neighbours(embeddings: Column, *, k: int, reference: Column | None = None) -> NearestNeighbours:
    """Find the `k` nearest records by cosine: exactly up to 20,000 records, beyond that nearly (see `meetings`).

    In blocks, with about 100 MB beside the inputs and the result. Beyond 20,000 records time grows with n^1.5,
    and there are 4 k + 257 numbers a record beside the inputs and the result.

    Args:
        embeddings: (n, d), any scale; rows are normalised here.
        k: neighbours per record; at most n - 1 (or m with `reference`) are returned.
        reference: (m, d) to look in; by default the records themselves, each leaving itself out.

    Raises:
        ValueError: NaN, zero rows, shapes that do not fit, `k` below 1, or nothing to look in.

    Example:
        >>> nearest_neighbours([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]], k=1).index.tolist()
        [[1], [0], [1]]
    """
    check_whole(k, "k")
    vectors = as_vectors(embeddings)
    pool = vectors if reference is None else as_vectors(reference, where="reference")
    if pool.shape[1] != vectors.shape[1]:
        raise ValueError(f"reference: expected {vectors.shape[1]} dimensions, got {pool.shape[1]}")
    available = len(pool) - (reference is None)
    if k < 1 or available < 1:
        raise ValueError(f"k: expected 1 to {available} neighbours for {len(pool)} records, got {k}")
    k = min(k, available)
    seen = partial(_similarities, vectors, pool, alone=reference is None)
    visits = meetings(vectors, pool, visits=_VISITS)
    if all_meet(len(vectors), len(pool)):
        best = _nobody(len(vectors), k)
        for meeting in visits:
            _keep_best(best, meeting, seen(meeting))
    else:
        best = _piled_up(visits, seen, len(vectors), k)
        for meeting in _second_round(best, len(pool)):
            _keep_best(best, meeting, seen(meeting))
    return NearestNeighbours(index=best.index, similarity=np.clip(best.similarity, -1.0, 1.0))


def _nobody(n: int, k: int) -> NearestNeighbours:
    index = np.full((n, k), -1, dtype=np.intp)
    return NearestNeighbours(index=index, similarity=np.full((n, k), -np.inf, dtype=np.float32))


def _similarities(vectors: FloatArray, pool: FloatArray, meeting: Meeting, *, alone: bool) -> FloatArray:
    block: FloatArray = vectors[meeting.rows] @ pool[meeting.columns].T
    if alone:
        _leave_out_self(block, meeting)
    return block


def _piled_up(visits: Iterable[Meeting], seen: Callable[[Meeting], FloatArray], n: int, k: int) -> NearestNeighbours:
    piles = Piles(n, k)
    for meeting in visits:
        piles.add(meeting, seen(meeting))
    index, similarity = piles.best()
    return NearestNeighbours(index=index, similarity=similarity)


def _second_round(best: NearestNeighbours, m: int) -> Iterator[Meeting]:
    """Let the loneliest meet everybody, when all other meetings are over: what is near an outlier lies in any cell."""
    n = len(best.index)
    furthest = best.similarity[:, -1]
    place = min(n - 1, int(_LONELY * np.sqrt(n)))
    limit = np.partition(furthest, place)[place]
    lonely = np.flatnonzero((furthest <= limit) | ~np.isfinite(furthest))
    best.similarity[lonely] = -np.inf
    for part in row_blocks(m, len(lonely)):
        yield Meeting(rows=lonely, columns=np.arange(part.start, part.stop))


def _leave_out_self(block: FloatArray, meeting: Meeting) -> None:
    place = np.minimum(np.searchsorted(meeting.columns, meeting.rows), len(meeting.columns) - 1)
    own = np.flatnonzero(meeting.columns[place] == meeting.rows)
    block[own, place[own]] = -np.inf


def _keep_best(best: NearestNeighbours, meeting: Meeting, block: FloatArray) -> None:
    """Put those of a meeting among the best so far who are nearer."""
    k = best.index.shape[1]
    closer = np.flatnonzero(block.max(axis=1) > best.similarity[meeting.rows, -1])
    rows = meeting.rows[closer]
    place, values = _top(np.hstack([best.similarity[rows], block[closer]]), k)
    before = np.take_along_axis(best.index[rows], np.minimum(place, k - 1), axis=1)
    best.index[rows] = np.where(place < k, before, meeting.columns[np.maximum(place - k, 0)])
    best.similarity[rows] = values


def _top(block: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """Return columns and values of the k largest per row, largest first; ties go to the earlier column."""
    if k < block.shape[1]:
        columns = np.sort(np.argpartition(block, -k, axis=1)[:, -k:], axis=1)
    else:
        columns = np.broadcast_to(np.arange(k), (len(block), k))
    values = np.take_along_axis(block, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1), np.take_along_axis(values, order, axis=1)
