"""Writing a push: the rows that Argilla's bulk upsert would leave, in one transaction and a few statements."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from argilla_server.enums import RecordStatus, ResponseStatus
from argilla_server.models import Record, Response
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from curation.embedded.bulk import statements
from curation.embedded.bulk.dataset_settings import DatasetSettings
from curation.embedded.bulk.plan import Plan, Row, Stored, StoredRecord, plan_of
from curation.embedded.bulk.schema import RecordsPush

Indexed = Callable[[AsyncConnection], AbstractAsyncContextManager[Any, Any]]
"""Sees to the search index of what is written inside it."""


async def upsert(
    db: AsyncSession, settings: DatasetSettings, push: RecordsPush, *, indexed: Indexed = nullcontext
) -> Plan:
    """Insert and update the records of a push: all of them, or none.

    Args:
        db: A session on Argilla's database; it is committed.
        settings: Those of the data set.
        push: The records.
        indexed: For a search index in the same database that can do with many records together.

    Returns:
        What was written.

    Raises:
        UnprocessableEntityError: A record is not valid.
        sqlalchemy.exc.IntegrityError: Somebody else has just written one of the records.
    """
    # The work is done before it is our turn to write; seldom, what it rests on has changed by then.
    stored = await _stored(await db.connection(), settings.id, push)
    plan = await asyncio.to_thread(plan_of, push, settings, stored)
    async with writing(db) as connection:
        if (changed := await _stored(connection, settings.id, push)) != stored:
            plan = await asyncio.to_thread(plan_of, push, settings, changed)
        async with indexed(connection):
            await _write(connection, plan)
        await _update_status(connection, plan.updated.keys(), settings.min_submitted)
    return plan


@asynccontextmanager
async def writing(db: AsyncSession) -> AsyncIterator[AsyncConnection]:
    """A transaction that is committed in the end. On SQLite nobody else can write from its beginning on."""
    connection = await db.connection()
    try:
        if connection.dialect.name == "sqlite":
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        await db.commit()
    except BaseException:
        await db.rollback()
        raise


async def _stored(connection: AsyncConnection, dataset_id: UUID, push: RecordsPush) -> Stored:
    """The records of a push that are there."""
    ids = [record.id for record in push.items if record.id is not None]
    is_named = Record.external_id.in_([record.external_id for record in push.items if record.external_id is not None])
    is_wanted = or_(is_named, Record.id.in_(ids)) if ids else is_named
    columns = (Record.id, Record.external_id, Record.fields, Record.metadata_.label("metadata"))
    found: dict[UUID | str, StoredRecord] = {}
    for row in await connection.execute(select(*columns).where(Record.dataset_id == dataset_id, is_wanted)):
        found[row.id] = StoredRecord(id=row.id, fields=row.fields, metadata=row.metadata)
        if row.external_id is not None:
            found[row.external_id] = found[row.id]
    return found


async def _write(connection: AsyncConnection, plan: Plan) -> None:
    dialect = connection.dialect.name
    if plan.records:
        await connection.execute(statements.INSERT_RECORDS, plan.records)
    for rows in _updates(plan.updated):
        await connection.execute(statements.UPDATE_RECORDS, rows)
    if plan.suggestions:
        await connection.execute(statements.upsert_suggestions(dialect), [*plan.suggestions.values()])
    if plan.vectors:
        await connection.execute(statements.upsert_vectors(dialect), [*plan.vectors.values()])


def _updates(updated: Mapping[UUID, Row]) -> Collection[list[Row]]:
    """Rows of parameters, those together that change the same columns; what does not change keeps its time."""
    now = _now()
    updates: dict[frozenset[str], list[Row]] = defaultdict(list)
    for record_id, changes in updated.items():
        if changes:
            encoded = {name: json.dumps(value) for name, value in changes.items()}
            updates[frozenset(changes)].append({"of": record_id, "updated_at": now, **encoded})
    return updates.values()


async def _update_status(connection: AsyncConnection, record_ids: Collection[UUID], min_submitted: int) -> None:
    """Complete records that have enough answers, as Argilla does after each upsert, and reopen the others."""
    if not record_ids:
        return
    submitted = (
        select(func.count())
        .where(Response.record_id == Record.id, Response.status == ResponseStatus.submitted)
        .scalar_subquery()
    )
    is_pushed = Record.id.in_(record_ids)
    for status, is_due in (
        (RecordStatus.completed, submitted >= min_submitted),
        (RecordStatus.pending, submitted < min_submitted),
    ):
        changed = update(Record).where(is_pushed, Record.status != status, is_due)
        await connection.execute(changed.values(status=status, updated_at=_now()))


def _now() -> datetime:
    """Now, in UTC without a time zone, as Argilla's tables have it."""
    return datetime.now(tz=UTC).replace(tzinfo=None)
