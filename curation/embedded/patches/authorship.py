"""An answer belongs to whoever gave it: nobody else gives, changes or takes it away under that name.

Stock Argilla lets a lead (its admin) and the owner do so, and lets a lead lower the number of answers that completes a
record. Here

- an answer is changed and deleted by its author alone, while the author is in the workspace;
- a push of records may bring a lead's own answers and nobody else's. The owner's may bring answers that people gave
  elsewhere to records that they have not answered here, and replaces none;
- records and data sets with answers of others are deleted, and the number of answers changed, by the owner alone;
- so are the text of a record and a question that others have answered, as an answer means what it was given to.

What is done to answers is in the audit log (see :mod:`curation.embedded.patches.audit`) under the name of who did it.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from argilla_server.api.handlers.v1 import fields, questions, records, responses, users
from argilla_server.api.handlers.v1.datasets import datasets, records_bulk
from argilla_server.api.handlers.v1.datasets import records as dataset_records
from argilla_server.api.schemas.v1.records_bulk import RecordsBulkCreate, RecordsBulkUpsert
from argilla_server.bulk.records_bulk import UpsertRecordsBulk
from argilla_server.errors import ForbiddenOperationError
from argilla_server.models import Dataset, Field, Question, Record, Response, User
from argilla_server.utils import parse_uuids
from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from curation.embedded.patches.audit import name_actor
from curation.embedded.patches.guards import Handler, put_guards

NOT_THE_AUTHOR = "an answer is changed and deleted by its author alone"
OTHERS_ANSWERS = "answers are given by their authors: leave out the responses of others"
REPLACED = "a push replaces no answer of another person: leave out the response of user {user} to record {record}"
DELETES_ANSWERS = "only the owner deletes records that others have answered"
ALREADY_READ = "only the owner changes a text or a question that others have answered"
DISTRIBUTION = "only the owner changes how many answers complete a record"


def keep_authorship(api: FastAPI) -> None:
    """Put guarded handlers before Argilla's own.

    Args:
        api: Argilla's application of version 1 of its API.
    """
    put_guards(api, GUARDS)


async def _answer(handler: Handler, *, db: AsyncSession, response_id: UUID, current_user: User, **rest: Any) -> Any:
    query = select(Response.user_id, Dataset.workspace_id).join(Record, Record.id == Response.record_id)
    found = (await db.execute(query.join(Dataset).where(Response.id == response_id))).one_or_none()
    if found and found.user_id != current_user.id:
        raise ForbiddenOperationError(NOT_THE_AUTHOR)
    if found and not (current_user.is_owner or await current_user.is_member(found.workspace_id)):
        raise ForbiddenOperationError()
    return await handler(db=db, response_id=response_id, current_user=current_user, **rest)


async def _deleted_answer(handler: Handler, *, db: AsyncSession, current_user: User, **rest: Any) -> Any:
    async def named(**arguments: Any) -> Any:
        await name_actor(db, current_user)
        return await handler(**arguments)

    return await _answer(named, db=db, current_user=current_user, **rest)


async def _created(
    handler: Handler,
    *,
    db: AsyncSession,
    dataset_id: UUID,
    records_bulk_create: RecordsBulkCreate,
    current_user: User,
    **rest: Any,
) -> Any:
    items = records_bulk_create.items
    if _brings_others(items, current_user) and await _leads(db, current_user, Dataset.id == dataset_id):
        await _check_push(db, current_user, [(item, None) for item in items])
    return await handler(
        db=db, dataset_id=dataset_id, records_bulk_create=records_bulk_create, current_user=current_user, **rest
    )


async def _upserted(
    handler: Handler,
    *,
    db: AsyncSession,
    dataset_id: UUID,
    records_bulk_upsert: RecordsBulkUpsert,
    current_user: User,
    **rest: Any,
) -> Any:
    items = records_bulk_upsert.items
    if await _leads(db, current_user, Dataset.id == dataset_id):
        found = await UpsertRecordsBulk(db, None)._fetch_existing_dataset_records(Dataset(id=dataset_id), items)
        held = [(item, found.get(item.id) or found.get(item.external_id)) for item in items]
        if _brings_others(items, current_user):
            await _check_push(db, current_user, held)
        changed = [record.id for item, record in held if record and _has_other_text(item, record)]
        await check_unread(db, current_user, Record.id.in_(changed))
    return await handler(
        db=db, dataset_id=dataset_id, records_bulk_upsert=records_bulk_upsert, current_user=current_user, **rest
    )


async def _leads(db: AsyncSession, user: User, *which: ColumnElement[bool]) -> bool:
    """Whether somebody may write to a data set at all; if not, Argilla's own handler says so."""
    if user.is_owner:
        return True
    workspace = await db.scalar(select(Dataset.workspace_id).where(*which))
    return bool(user.is_admin and workspace and await user.is_member(workspace))


def _brings_others(items: Iterable[Any], user: User) -> bool:
    return any(response.user_id != user.id for item in items for response in item.responses or ())


async def _check_push(db: AsyncSession, user: User, items: Sequence[tuple[Any, Record | None]]) -> None:
    """Leave out of a push what people have answered just so, and refuse all other answers that are not the user's."""
    await name_actor(db, user)
    held = await _held(db, [record.id for _item, record in items if record is not None])
    for item, record in items:
        item.responses = [
            response
            for response in item.responses or ()
            if response.user_id == user.id
            or _is_new(response, held.get((record.id, response.user_id)) if record else None, user, record)
        ]


def _is_new(response: Any, held: Response | None, user: User, record: Record | None) -> bool:
    if held is None:
        if not user.is_owner:
            raise ForbiddenOperationError(OTHERS_ANSWERS)
        return True
    if held.status == response.status and held.values == jsonable_encoder(response.values):
        return False  # who reads records with their answers and sends them back changes none
    raise ForbiddenOperationError(REPLACED.format(user=response.user_id, record=record.id if record else None))


def _has_other_text(item: Any, record: Record) -> bool:
    return item.fields is not None and jsonable_encoder(item.fields) != record.fields


async def _changed_record(
    handler: Handler, *, db: AsyncSession, record_id: UUID, record_update: Any, current_user: User, **rest: Any
) -> Any:
    of_record = Dataset.id == select(Record.dataset_id).where(Record.id == record_id).scalar_subquery()
    if record_update.fields is not None and await _leads(db, current_user, of_record):
        await check_unread(db, current_user, Record.id == record_id)
    return await handler(db=db, record_id=record_id, record_update=record_update, current_user=current_user, **rest)


def _changed_part(model: type[Question] | type[Field], name: str) -> Handler:
    """A guard of a route that changes what belongs to a data set; `name` is its argument with the part's id."""

    async def guard(handler: Handler, *, db: AsyncSession, current_user: User, **rest: Any) -> Any:
        dataset = select(model.dataset_id).where(model.id == rest[name]).scalar_subquery()
        if await _leads(db, current_user, Dataset.id == dataset):
            await check_unread(db, current_user, Record.dataset_id == dataset)
        return await handler(db=db, current_user=current_user, **rest)

    return guard


async def check_unread(db: AsyncSession, user: User, *which: ColumnElement[bool]) -> None:
    """Let nobody but the owner change what others have read and answered.

    Raises:
        ForbiddenOperationError: One of the records has an answer of somebody else than `user`.
    """
    if not user.is_owner and await _have_answers_of_others(db, user, *which):
        raise ForbiddenOperationError(ALREADY_READ)


async def _have_answers_of_others(db: AsyncSession, user: User, *which: ColumnElement[bool]) -> bool:
    """Whether somebody else than `user` has answered one of these records."""
    of_others = select(Response.id).join(Record).where(*which, Response.user_id != user.id).limit(1)
    return await db.scalar(of_others) is not None


async def _held(db: AsyncSession, record_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], Response]:
    """The answers to some records. On PostgreSQL nobody can answer these until the next commit; on SQLite, any."""
    await db.execute(select(Record.id).where(Record.id.in_(record_ids)).with_for_update())
    found = await db.scalars(select(Response).where(Response.record_id.in_(record_ids)))
    return {(response.record_id, response.user_id): response for response in found}


async def _record(handler: Handler, *, db: AsyncSession, record_id: UUID, current_user: User, **rest: Any) -> Any:
    of_record = Dataset.id == select(Record.dataset_id).where(Record.id == record_id).scalar_subquery()
    if await _leads(db, current_user, of_record):
        await _check_deletion(db, current_user, Record.id == record_id)
    return await handler(db=db, record_id=record_id, current_user=current_user, **rest)


async def _records(
    handler: Handler, *, db: AsyncSession, dataset_id: UUID, ids: str, current_user: User, **rest: Any
) -> Any:
    if await _leads(db, current_user, Dataset.id == dataset_id):
        await _check_deletion(db, current_user, Record.dataset_id == dataset_id, Record.id.in_(parse_uuids(ids)))
    return await handler(db=db, dataset_id=dataset_id, ids=ids, current_user=current_user, **rest)


async def _dataset(handler: Handler, *, db: AsyncSession, dataset_id: UUID, current_user: User, **rest: Any) -> Any:
    if await _leads(db, current_user, Dataset.id == dataset_id):
        await _check_deletion(db, current_user, Record.dataset_id == dataset_id)
    return await handler(db=db, dataset_id=dataset_id, current_user=current_user, **rest)


async def _check_deletion(db: AsyncSession, user: User, *which: ColumnElement[bool]) -> None:
    await name_actor(db, user)
    if user.is_owner:
        return
    await db.execute(select(Record.id).where(*which).with_for_update())  # nobody answers meanwhile
    if await _have_answers_of_others(db, user, *which):
        raise ForbiddenOperationError(DELETES_ANSWERS)


async def _account(handler: Handler, *, db: AsyncSession, current_user: User, **rest: Any) -> Any:
    if current_user.is_owner:
        await name_actor(db, current_user)
    return await handler(db=db, current_user=current_user, **rest)


async def _settings(
    handler: Handler, *, db: AsyncSession, dataset_id: UUID, dataset_update: Any, current_user: User, **rest: Any
) -> Any:
    wanted = dataset_update.model_dump(exclude_unset=True).get("distribution")
    held = await db.scalar(select(Dataset.distribution).where(Dataset.id == dataset_id))
    changes = wanted and wanted != held and not current_user.is_owner
    if changes and await _leads(db, current_user, Dataset.id == dataset_id):
        raise ForbiddenOperationError(DISTRIBUTION)
    return await handler(db=db, dataset_id=dataset_id, dataset_update=dataset_update, current_user=current_user, **rest)


GUARDS: dict[Handler, Handler] = {
    responses.update_response: _answer,
    responses.delete_response: _deleted_answer,
    records_bulk.create_dataset_records_bulk: _created,
    records_bulk.upsert_dataset_records_bulk: _upserted,
    records.delete_record: _record,
    records.update_record: _changed_record,
    questions.update_question: _changed_part(Question, "question_id"),
    fields.update_field: _changed_part(Field, "field_id"),
    dataset_records.delete_dataset_records: _records,
    datasets.delete_dataset: _dataset,
    datasets.update_dataset: _settings,
    users.delete_user: _account,
}
