"""A new answer, stored in one visit to SQLite; for servers on SQLite.

Argilla asks whether the answer is there, inserts it, touches the data set, notes that the person has answered in it,
and counts the answers of the record in a second transaction: a dozen visits to the connection's thread, five of them
while nobody else can write. Here the rows are written together.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from uuid import uuid4

from argilla_server.api.schemas.v1.responses import ResponseCreate
from argilla_server.contexts import datasets, distribution
from argilla_server.errors.future import NotFoundError, NotUniqueError
from argilla_server.models import Record, Response, User
from argilla_server.search_engine import SearchEngine
from argilla_server.settings import settings
from argilla_server.validators.responses import ResponseCreateValidator
from argilla_server.webhooks.v1.enums import ResponseEvent
from argilla_server.webhooks.v1.responses import notify_response_event
from fastapi.encoders import jsonable_encoder
from sqlalchemy.ext.asyncio import AsyncSession

from curation.embedded.patches.replace import replaced
from curation.embedded.patches.webhook_events import heard
from curation.embedded.patches.write_queue import write

_INSERT = """INSERT INTO responses (id, "values", status, record_id, user_id, inserted_at, updated_at)
    VALUES (:id, :values, :status, :record, :user, :now, :now)"""
_TOUCH = "UPDATE datasets SET last_activity_at = :now WHERE id = :dataset"
_NOTE = """INSERT INTO datasets_users (dataset_id, user_id, inserted_at, updated_at)
    VALUES (:dataset, :user, :now, :now)
    ON CONFLICT (dataset_id, user_id) DO UPDATE SET updated_at = excluded.updated_at"""


def answer_in_one_visit() -> None:
    """Change how this process stores a new answer; to be called once."""
    if settings.database_is_sqlite:
        replaced(
            datasets,
            "create_response",
            create_response,
            parameters=("db", "search_engine", "record", "user", "response_create"),
            reason="an answer is stored in one visit to SQLite, with nobody else waiting between its statements",
            test="test_an_answer_sends_no_more_statements_than_it_did",
        )


async def create_response(
    db: AsyncSession, search_engine: SearchEngine, record: Record, user: User, response_create: ResponseCreate
) -> Response:
    """Store an answer as `argilla_server.contexts.datasets.create_response` does.

    Raises:
        UnprocessableEntityError: It is no answer to the questions of the data set.
        NotUniqueError: This person has answered the record.
        NotFoundError: The record was deleted meanwhile.
    """
    ResponseCreateValidator.validate(response_create, record)
    now = datetime.now(UTC).replace(tzinfo=None)
    response = Response(
        id=uuid4(),
        values=jsonable_encoder(response_create.values),
        status=response_create.status,
        record_id=record.id,
        user_id=user.id,
        inserted_at=now,
        updated_at=now,
    )
    await _store(db, response, record)
    await distribution.update_record_status(search_engine, record.id)
    if ResponseEvent.created in await heard(db):
        await notify_response_event(db, ResponseEvent.created, await Response.get_or_raise(db, response.id))
    return response


async def _store(db: AsyncSession, response: Response, record: Record) -> None:
    row = {
        "id": response.id.hex,
        "values": json.dumps(response.values),
        "status": response.status.value,
        "record": response.record_id.hex,
        "user": response.user_id.hex,
        "dataset": record.dataset_id.hex,
        "now": response.inserted_at.isoformat(" ", "microseconds"),
    }
    try:
        await write(db, lambda connection: [connection.execute(each, row) for each in (_INSERT, _TOUCH, _NOTE)])
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            raise NotUniqueError(
                f"Response already exists for record with id `{record.id}` and by user with id `{response.user_id}`"
            ) from error
        raise NotFoundError(f"Record with id `{record.id}` not found") from error
