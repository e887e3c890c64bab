"""What the server holds of records, as digests: a client that knows them sends only what differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from argilla_server.models import Record, Suggestion, Vector, VectorSettings
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from curation.embedded.digests import KnownRecord, digest, suggestion_digest


async def known_records(db: AsyncSession, dataset_id: UUID, external_ids: Sequence[str]) -> dict[str, KnownRecord]:
    """Return the digests of the records that are there, by external id."""
    columns = (Record.id, Record.external_id, Record.fields, Record.metadata_)
    rows = await db.execute(
        select(*columns).where(Record.dataset_id == dataset_id, Record.external_id.in_(external_ids))
    )
    found = rows.all()
    ids = [row.id for row in found]
    suggestions, vectors = await _suggestions(db, ids), await _vectors(db, ids)
    return {
        row.external_id: {
            "fields": digest(row.fields),
            "metadata": digest(row.metadata_),
            "suggestions": suggestions[row.id],
            "vectors": vectors[row.id],
        }
        for row in found
    }


async def _suggestions(db: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    columns = (Suggestion.record_id, Suggestion.question_id, Suggestion.value, Suggestion.score)
    found: dict[UUID, dict[str, str]] = defaultdict(dict)
    query = select(*columns, Suggestion.agent, Suggestion.type).where(Suggestion.record_id.in_(ids))
    for row in await db.execute(query):
        held: dict[str, Any] = {
            "value": row.value,
            "score": row.score,
            "agent": row.agent,
            "type": row.type and row.type.value,
        }
        found[row.record_id][str(row.question_id)] = suggestion_digest(held)
    return found


async def _vectors(db: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    found: dict[UUID, dict[str, str]] = defaultdict(dict)
    query = select(Vector.record_id, VectorSettings.name, Vector.value).join(VectorSettings)
    for row in await db.execute(query.where(Vector.record_id.in_(ids))):
        found[row.record_id][row.name] = digest(row.value)
    return found
