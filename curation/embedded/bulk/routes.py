"""The routes, under the same people, keys and rights as Argilla's own."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Annotated, Any
from uuid import UUID

from argilla_server.api.policies.v1 import DatasetPolicy, authorize
from argilla_server.database import get_async_db
from argilla_server.errors import ForbiddenOperationError
from argilla_server.errors.future import NotFoundError, NotUniqueError, UnprocessableEntityError
from argilla_server.models import Dataset, Record, User
from argilla_server.search_engine import SearchEngine, get_search_engine
from argilla_server.security import auth
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response, Security
from pydantic_core import to_json
from sqlalchemy import or_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from curation.embedded.bulk.answers import PAGE, Place, answers_page
from curation.embedded.bulk.dataset_settings import load_with_settings, parsed_settings
from curation.embedded.bulk.known import known_records
from curation.embedded.bulk.listeners import tell_listeners
from curation.embedded.bulk.options import Options, set_options
from curation.embedded.bulk.schema import BulkDataset, KnownQuery, PushOutcome, Withdrawn, parse_push
from curation.embedded.bulk.upsert import Indexed, upsert
from curation.embedded.bulk.withdraw import withdraw
from curation.embedded.patches.audit import audit_page
from curation.embedded.patches.authorship import check_unread
from curation.embedded.run.web_processes import count_web_processes
from curation.embedded.search import SqlSearchEngine
from curation.embedded.search.sqlite_together import indexed_together

REQUESTS_AT_ONCE = {"sqlite": min(2, count_web_processes()), "postgresql": 4}
"""Pushes that a client should have under way together: on SQLite one is checked while the other is written."""

router = APIRouter(prefix="/twofold", include_in_schema=False)
Db = Annotated[AsyncSession, Depends(get_async_db)]
Engine = Annotated[SearchEngine, Depends(get_search_engine)]
CurrentUser = Annotated[User, Security(auth.get_current_user)]


def add_routes(api: FastAPI) -> None:
    """Put the routes beside Argilla's.

    Args:
        api: Argilla's application of version 1 of its API.
    """
    api.include_router(router)


@router.get("/datasets/{dataset_id}")
async def bulk_dataset(dataset_id: UUID, db: Db, user: CurrentUser) -> BulkDataset:
    """How to push to a data set. A server that does not know this route has only Argilla's own."""
    dataset = await Dataset.get_or_raise(db, dataset_id)
    await authorize(user, DatasetPolicy.upsert_records(dataset))
    at_once = REQUESTS_AT_ONCE[(await db.connection()).dialect.name]
    return BulkDataset(records=await Record.count_by(db, dataset_id=dataset_id), requests_at_once=at_once)


@router.put("/datasets/{dataset_id}/records")
async def push_records(dataset_id: UUID, request: Request, db: Db, engine: Engine, user: CurrentUser) -> PushOutcome:
    """Insert and update records: all of them, or none."""
    dataset = await load_with_settings(db, dataset_id)
    await authorize(user, DatasetPolicy.upsert_records(dataset))
    push = await asyncio.to_thread(parse_push, await request.body())
    if not user.is_owner:
        is_named = Record.external_id.in_([item.external_id for item in push.items if item.external_id is not None])
        is_pushed = or_(is_named, Record.id.in_([item.id for item in push.items if item.id is not None]))
        await check_unread(db, user, Record.dataset_id == dataset_id, is_pushed)
    try:
        indexed: Indexed = indexed_together if isinstance(engine, SqlSearchEngine) else nullcontext
        plan = await upsert(db, parsed_settings(dataset), push, indexed=indexed)
    except IntegrityError as error:
        raise NotUniqueError("some of these records are being written by somebody else; send them again") from error
    await tell_listeners(db, engine, dataset, plan)
    return PushOutcome(inserted=len(plan.records), updated=len(plan.updated))


@router.post("/datasets/{dataset_id}/known")
async def known(dataset_id: UUID, query: KnownQuery, db: Db, user: CurrentUser) -> Response:
    """Digests of what the server holds of some records."""
    dataset = await Dataset.get_or_raise(db, dataset_id)
    await authorize(user, DatasetPolicy.upsert_records(dataset))
    return _json(await known_records(db, dataset_id, query.external_ids))


@router.post("/datasets/{dataset_id}/withdraw")
async def withdraw_records(dataset_id: UUID, query: KnownQuery, db: Db, engine: Engine, user: CurrentUser) -> Withdrawn:
    """Delete those of some records that nobody has answered."""
    dataset = await Dataset.get_or_raise(db, dataset_id)
    await authorize(user, DatasetPolicy.delete_records(dataset))
    return Withdrawn(deleted=await withdraw(db, engine, dataset, query.external_ids))


@router.put("/questions/{question_id}/options")
async def put_options(question_id: UUID, wanted: Options, db: Db, user: CurrentUser) -> None:
    """Give a question of an open data set more options, or other texts for those that it has."""
    await set_options(db, user, question_id, wanted.options)


@router.get("/datasets/{dataset_id}/answers")
async def answers(
    dataset_id: UUID,
    db: Db,
    engine: Engine,
    user: CurrentUser,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
) -> Response:
    """Everybody's answers, page by page."""
    dataset = await Dataset.get_or_raise(db, dataset_id)
    await authorize(user, DatasetPolicy.list_records_with_all_responses(dataset))
    if not isinstance(engine, SqlSearchEngine):
        raise NotFoundError("answers are paged by the SQL search engine, and this server has another one")
    try:
        place = Place.read(after) if after else None
    except ValueError as error:
        raise UnprocessableEntityError(f"after: expected where a page ended, found {after!r}") from error
    return _json(await answers_page(dataset_id, place, limit))


@router.get("/datasets/{dataset_id}/audit")
async def audit_log(
    dataset_id: UUID,
    db: Db,
    user: CurrentUser,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
) -> Response:
    """What became of every answer of a data set, in the order in which it happened, also of one that is gone."""
    if not user.is_owner:
        raise ForbiddenOperationError("the audit log is the owner's to read")
    return _json(await audit_page(db, dataset_id, after, limit))


def _json(value: Any) -> Response:
    """A response whose value nobody checks once more: FastAPI's own way takes nine times as long."""
    return Response(to_json(value), media_type="application/json")
