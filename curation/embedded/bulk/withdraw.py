"""Taking out records that nobody has answered: looked at and deleted in one transaction, so that no answer is lost."""

from __future__ import annotations

from collections.abc import Sequence

from argilla_server.contexts.records import delete_records
from argilla_server.models import Dataset, Record, Response
from argilla_server.search_engine import SearchEngine
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from curation.embedded.bulk.upsert import writing


async def withdraw(db: AsyncSession, engine: SearchEngine, dataset: Dataset, external_ids: Sequence[str]) -> int:
    """Delete those of some records that have no response of any status.

    Args:
        db: A session on Argilla's database; it is committed.
        engine: The search engine, and with it the listeners, are told as of any deletion.
        dataset: Whose records.
        external_ids: Which.

    Returns:
        How many were deleted.
    """
    named = select(Record.id).where(Record.dataset_id == dataset.id, Record.external_id.in_(external_ids))
    async with writing(db) as connection:
        # On PostgreSQL this waits for answers that are being written; on SQLite nobody else can write by now.
        ids = set((await connection.execute(named.with_for_update())).scalars())
        answered = select(Response.record_id).where(Response.record_id.in_(ids))
        ids -= set((await connection.execute(answered)).scalars())
        await delete_records(db, engine, dataset, list(ids))
    return len(ids)
