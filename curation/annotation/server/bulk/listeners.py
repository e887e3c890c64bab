"""Who has to be told of a push: webhooks, and a search engine that keeps a store of its own."""

from __future__ import annotations

from argilla_server.bulk.records_bulk import UpsertRecordsBulk
from argilla_server.contexts.webhooks import list_enabled_webhooks
from argilla_server.models import Dataset, Record, Suggestion
from argilla_server.models import Response as RecordResponse
from argilla_server.search_engine import SearchEngine
from argilla_server.webhooks.v1.enums import RecordEvent
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from curation.annotation.server.bulk.plan import Plan
from curation.annotation.server.engine import SqlSearchEngine

_EVENTS = {RecordEvent.created, RecordEvent.updated}


async def tell_listeners(db: AsyncSession, engine: SearchEngine, dataset: Dataset, plan: Plan) -> None:
    """Tell those who listen, as Argilla's bulk upsert does; mostly that is nobody."""
    has_store = not isinstance(engine, SqlSearchEngine)
    has_webhooks = any(_EVENTS & set(webhook.events) for webhook in await list_enabled_webhooks(db))
    if not has_store and not has_webhooks:
        return
    records = await _loaded(db, plan)
    if has_store:
        await engine.index_records(dataset, records)
    if has_webhooks:
        await UpsertRecordsBulk(db, engine)._notify_upsert_record_events(records)


async def _loaded(db: AsyncSession, plan: Plan) -> list[Record]:
    ids = [*(row["id"] for row in plan.records), *plan.updated]
    relations = (
        selectinload(Record.dataset),
        selectinload(Record.responses).selectinload(RecordResponse.user),
        selectinload(Record.responses_submitted),
        selectinload(Record.suggestions).selectinload(Suggestion.question),
        selectinload(Record.vectors),
    )
    query = select(Record).where(Record.id.in_(ids)).options(*relations).order_by(Record.inserted_at)
    return list((await db.scalars(query)).unique())
