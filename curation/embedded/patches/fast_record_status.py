"""The status of a record after an answer, for servers on SQLite: set with the answer, by a trigger of the index.

Argilla stores an answer in one transaction, and in another reads the record, its data set and its answers, decides, and
writes: six visits to the database during which nobody else can write. A server that is killed between the two leaves a
record pending that is complete. Here what Argilla calls afterwards has only to tell those who listen.
PostgreSQL writes several transactions at once, so Argilla's own way is kept there.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

from uuid import UUID

from argilla_server.contexts import distribution
from argilla_server.database import AsyncSessionLocal
from argilla_server.models import Record
from argilla_server.search_engine import SearchEngine
from argilla_server.settings import settings
from argilla_server.webhooks.v1.enums import RecordEvent
from argilla_server.webhooks.v1.records import notify_record_event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from curation.embedded.patches.record_status import count_and_set
from curation.embedded.patches.replace import replaced
from curation.embedded.patches.webhook_events import heard


def leave_counting_to_the_trigger() -> None:
    """Change what this process does after an answer; to be called once."""
    if settings.database_is_sqlite:
        replaced(
            distribution,
            "update_record_status",
            _tell,
            parameters=("search_engine", "record_id"),
            reason="what a trigger has counted already is not counted again while others wait to write",
            test="test_an_answer_sends_no_more_statements_than_it_did",
        )


def tell_of_changes_only() -> None:
    """Change how this process, a worker, counts all records of a data set anew; to be called once.

    Argilla does so after every change of a data set's settings, and one that was just made has such a job waiting:
    without this, listeners would hear of an answer given meanwhile twice.
    """
    if settings.database_is_sqlite:
        replaced(
            distribution,
            "update_record_status",
            _count_anew,
            parameters=("search_engine", "record_id"),
            reason="who listens hears once of an answer that was given while a data set was counted anew",
            test="test_a_data_set_that_is_counted_anew_tells_of_what_changed_alone",
        )


async def _tell(search_engine: SearchEngine, record_id: UUID) -> Record | None:
    async with AsyncSessionLocal() as db:
        return await _told(db, record_id)


async def _count_anew(search_engine: SearchEngine, record_id: UUID) -> Record | None:
    async with AsyncSessionLocal() as db:
        changed = (await db.execute(count_and_set(record_id))).rowcount
        await db.commit()
        return await _told(db, record_id) if changed else None


async def _told(db: AsyncSession, record_id: UUID) -> Record | None:
    if not {RecordEvent.updated, RecordEvent.completed} & await heard(db):
        return None
    relations = [selectinload(Record.dataset), selectinload(Record.responses_submitted)]
    record = await Record.get_or_raise(db, record_id, options=relations)
    await notify_record_event(db, RecordEvent.updated, record)
    if record.is_completed():
        await notify_record_event(db, RecordEvent.completed, record)
    return record
