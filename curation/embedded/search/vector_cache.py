"""A process's copy of a dataset's vectors as one matrix, brought up to date before every use.

Argilla keeps vectors as JSON: reading a hundred thousand of them takes seconds, comparing them milliseconds.
Triggers number every change of a vector, so a copy knows what it has not seen yet and reads just that. The check
is part of every search; what it finds missing is read before anything is compared.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json
from sqlalchemy import Select, Text, Uuid, cast, column, func, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from curation.embedded.search.tables import documents, vector_changes

CACHE_BYTES = 2**30
"""Matrices kept by one process, together; the one used longest ago goes first."""

_ROWS_AT_ONCE = 2_000
_vectors = table("vectors", column("record_id", Uuid()), column("vector_settings_id", Uuid()), column("value", Text()))


@dataclass(frozen=True, kw_only=True)
class VectorMatrix:
    """The vectors of one vector settings; never changed, only replaced.

    Attributes:
        rows: the row of each record, in order.
        docids: its docid, shape (n,).
        directions: the vectors at length one (or zero), shape (n, dimensions), float32.
        version: changes numbered from here on are not in it yet.
    """

    rows: dict[UUID, int]
    docids: NDArray[np.int64]
    directions: NDArray[np.float32]
    version: int = 0


@dataclass(kw_only=True)
class VectorCache:
    """The matrices that this process keeps, by vector settings."""

    max_bytes: int = CACHE_BYTES
    _matrices: OrderedDict[UUID, VectorMatrix] = field(default_factory=OrderedDict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def matrix(self, connection: AsyncConnection, settings_id: UUID, dimensions: int) -> VectorMatrix:
        """The vectors as they are in the database now.

        Args:
            connection: the database.
            settings_id: which vectors.
            dimensions: their length.

        Returns:
            The matrix, up to date.
        """
        async with self._lock:
            known = self._matrices.pop(settings_id, None) or _empty(dimensions)
            matrix = await _brought_up_to_date(connection, settings_id, known)
            self._matrices[settings_id] = matrix
            while self._matrices and sum(kept.directions.nbytes for kept in self._matrices.values()) > self.max_bytes:
                self._matrices.popitem(last=False)
            return matrix


def _empty(dimensions: int) -> VectorMatrix:
    return VectorMatrix(
        rows={}, docids=np.empty(0, dtype=np.int64), directions=np.empty((0, dimensions), dtype=np.float32)
    )


async def _brought_up_to_date(connection: AsyncConnection, settings_id: UUID, known: VectorMatrix) -> VectorMatrix:
    version = await _next_version(connection, settings_id)
    is_new = (vector_changes.c.vector_settings_id == settings_id) & (vector_changes.c.version >= known.version)
    changed = set(await connection.scalars(select(vector_changes.c.record_id).where(is_new)))
    if not changed:
        return known
    rows = (
        select(_vectors.c.record_id, documents.c.docid, cast(_vectors.c.value, Text).label("value"))
        .join(vector_changes, vector_changes.c.record_id == _vectors.c.record_id)
        .join(documents, documents.c.record_id == _vectors.c.record_id)
        .where(is_new, _vectors.c.vector_settings_id == settings_id)
    )
    kept = np.array([record_id not in changed for record_id in known.rows], dtype=bool)
    fresh = await _read(connection, rows, known.directions.shape[1])
    record_ids = [record_id for record_id in known.rows if record_id not in changed] + list(fresh.rows)
    return VectorMatrix(
        rows={record_id: row for row, record_id in enumerate(record_ids)},
        docids=np.concatenate([known.docids[kept], fresh.docids]),
        directions=np.concatenate([known.directions[kept], fresh.directions]),
        version=version,
    )


async def _next_version(connection: AsyncConnection, settings_id: UUID) -> int:
    """A number that every change we cannot see yet will reach.

    SQLite has one writer, so changes become visible in the order of their numbers. PostgreSQL's are the numbers of
    transactions, and the oldest one still running is the first that may have something to add.
    """
    if connection.dialect.name == "sqlite":
        of_settings = vector_changes.c.vector_settings_id == settings_id
        latest = await connection.scalar(select(func.max(vector_changes.c.version)).where(of_settings))
        return int(latest or 0) + 1
    oldest = await connection.scalar(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))
    return int(oldest or 0)


async def _read(connection: AsyncConnection, rows: Select[tuple[UUID, int, str]], dimensions: int) -> VectorMatrix:
    record_ids: list[UUID] = []
    docids: list[int] = []
    blocks = [np.empty((0, dimensions), dtype=np.float32)]
    async with connection.stream(rows.execution_options(yield_per=_ROWS_AT_ONCE)) as stream:
        async for part in stream.partitions():
            record_ids += [row.record_id for row in part]
            docids += [row.docid for row in part]
            blocks.append(await asyncio.to_thread(_directions, [row.value for row in part]))
    return VectorMatrix(
        rows={record_id: row for row, record_id in enumerate(record_ids)},
        docids=np.array(docids, dtype=np.int64),
        directions=np.concatenate(blocks),
    )


def _directions(values: list[str]) -> NDArray[np.float32]:
    return directions(np.array([from_json(value) for value in values], dtype=np.float64))


def directions(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    """Vectors scaled to length one; a vector of zeros stays as it is. Shape: (n, dimensions) in and out."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
