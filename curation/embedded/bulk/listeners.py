"""Who has to be told of a push: webhooks, and a search engine that keeps a store of its own."""

from __future__ import annotations

from argilla_server.contexts.webhooks import list_enabled_webhooks
from argilla_server.models import Dataset, Record, Suggestion
from argilla_server.models import Response as RecordResponse
from argilla_server.search_engine import SearchEngine
from argilla_server.webhooks.v1.enums import RecordEvent
from argilla_server.webhooks.v1.records import notify_record_event
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from curation.embedded.bulk.plan import Plan
from curation.embedded.search import SqlSearchEngine

_EVENTS = {RecordEvent.created, RecordEvent.updated}


async def tell_listeners(db: AsyncSession, engine: SearchEngine, dataset: Dataset, plan: Plan) -> None:
    """Tell those who listen, once per record that was pushed; mostly that is nobody.

    What was created is what the push has inserted. Argilla's own bulk upsert takes for created what was never
    updated, and tells of a record's creation again whenever only its suggestions are pushed.
    """
    has_store = not isinstance(engine, SqlSearchEngine)
    has_webhooks = any(_EVENTS & set(webhook.events) for webhook in await list_enabled_webhooks(db))
    if not has_store and not has_webhooks:
        return
    records = await _loaded(db, plan)
    if has_store:
        await engine.index_records(dataset, records)
    if has_webhooks:
        created = {row["id"] for row in plan.records}
        for record in records:
            event = RecordEvent.created if record.id in created else RecordEvent.updated
            await notify_record_event(db, event, record)


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
