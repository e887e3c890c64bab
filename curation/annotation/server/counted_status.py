"""The status of a record after an answer, counted and set in one statement; for servers on SQLite.

Argilla reads the record, its data set and its answers, decides, and writes: six visits to the database during which
nobody else can write, for every answer. One statement decides on what nobody changes meanwhile just as well, as SQLite
writes one transaction after the other. PostgreSQL does not, so Argilla's own way is kept there.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

from functools import partial
from uuid import UUID

from argilla_server.contexts import distribution
from argilla_server.database import AsyncSessionLocal
from argilla_server.models import Record
from argilla_server.search_engine import SearchEngine
from argilla_server.settings import settings
from argilla_server.webhooks.v1.enums import RecordEvent
from argilla_server.webhooks.v1.records import notify_record_event
from sqlalchemy.orm import selectinload

from curation.annotation.server.record_status import count_and_set


def count_in_one_statement() -> None:
    """Change how this process sets the status of records; to be called once."""
    if settings.database_is_sqlite:
        distribution.update_record_status = _update_record_status


def tell_of_changes_only() -> None:
    """Change how this process, a worker, counts all records of a data set anew; to be called once.

    Argilla does so after every change of a data set's settings, and one that was just made has such a job waiting:
    without this, listeners would hear of an answer given meanwhile twice.
    """
    if settings.database_is_sqlite:
        distribution.update_record_status = partial(_update_record_status, only_changes=True)


async def _update_record_status(
    search_engine: SearchEngine, record_id: UUID, *, only_changes: bool = False
) -> Record | None:
    async with AsyncSessionLocal() as db:
        changed = (await db.execute(count_and_set(record_id))).rowcount
        await db.commit()
        if only_changes and not changed:
            return None
        relations = [selectinload(Record.dataset), selectinload(Record.responses_submitted)]
        record = await Record.get_or_raise(db, record_id, options=relations)
        await search_engine.partial_record_update(record, status=record.status)
        await notify_record_event(db, RecordEvent.updated, record)
        if record.is_completed():
            await notify_record_event(db, RecordEvent.completed, record)
        return record
