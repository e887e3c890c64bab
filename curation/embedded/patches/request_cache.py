"""What Argilla does several times to answer one request, done once.

After each answer the web UI asks for the numbers beside it, so three requests make one answer. Each reads its user
twice (to check the token, then to work with) and once more whether the user is in the workspace, which came with the
user; and the numbers of one person are read with those of all others who have answered, and these are thrown away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from argilla_server.contexts import accounts, datasets
from argilla_server.models import Dataset, DatasetUser, User, database
from argilla_server.search_engine import SearchEngine
from pydantic import TypeAdapter
from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from curation.embedded.patches.replace import replaced

_FOUND = "twofold_user"
# Made once: to build a statement and its key in SQLAlchemy's cache takes longer than SQLite takes to answer it.
_WITH_WORKSPACES = select(User).options(joinedload(User.workspaces))
_BY_API_KEY = _WITH_WORKSPACES.where(User.api_key == bindparam("value"))
_BY_NAME = _WITH_WORKSPACES.where(User.username == bindparam("value"))

IsMember = Callable[[User, UUID], Awaitable[bool]]


def spare_repeated_work() -> None:
    """Change how this process answers; to be called once."""
    _keep_the_user()
    replaced(
        datasets,
        "get_user_dataset_metrics",
        _user_metrics,
        parameters=("db", "search_engine", "user", "dataset"),
        reason="the numbers of one person are read without those of everybody else",
        test="test_an_answer_sends_no_more_statements_than_it_did",
    )
    replaced(
        datasets,
        "get_users_with_responses_for_dataset",
        _users_who_answered,
        parameters=("db", "dataset"),
        reason="the people who have answered are read in one statement",
        test="test_an_answer_sends_no_more_statements_than_it_did",
    )
    replaced(
        database,
        "TypeAdapter",
        cache(TypeAdapter),
        parameters=("type", "..."),
        reason="what reads a question's settings is made once, not for every record that is shown",
        test="test_what_reads_the_settings_of_a_question_is_made_once",
    )


def _keep_the_user() -> None:
    replaced(
        accounts,
        "get_user_by_api_key",
        _user_by_api_key,
        parameters=("db", "api_key"),
        reason="a request with a key reads its user once",
        test="test_an_answer_sends_no_more_statements_than_it_did",
    )
    replaced(
        accounts,
        "get_user_by_username",
        _user_by_username,
        parameters=("db", "username"),
        reason="a request with a token reads its user once",
        test="test_an_answer_sends_no_more_statements_than_it_did",
    )
    replaced(
        User,
        "is_member",
        _of_known_workspaces(User.is_member),
        parameters=("self", "workspace_id"),
        reason="workspaces that came with the user are not asked for again",
        test="test_an_answer_sends_no_more_statements_than_it_did",
    )


async def _user_by_api_key(db: AsyncSession, api_key: str) -> User | None:
    return await _find_user(db, _BY_API_KEY, api_key)


async def _user_by_username(db: AsyncSession, username: str) -> User | None:
    """The user whom the check of the token has just found in this session; a later question is asked anew."""
    known: User | None = db.info.pop(_FOUND, None)
    return known if known is not None and known.username == username else await _find_user(db, _BY_NAME, username)


async def _find_user(db: AsyncSession, by: Select[Any], value: str) -> User | None:
    result = await db.execute(by, {"value": value})
    db.info[_FOUND] = found = result.unique().scalar_one_or_none()
    return found


def _of_known_workspaces(is_member: IsMember) -> IsMember:
    async def is_known_member(self: User, workspace_id: UUID) -> bool:
        known = vars(self).get("workspaces")
        if known is None:
            return await is_member(self, workspace_id)
        return any(workspace.id == workspace_id for workspace in known)

    return is_known_member


async def _user_metrics(db: AsyncSession, search_engine: SearchEngine, user: User, dataset: Dataset) -> dict[str, int]:
    total = (await search_engine.get_dataset_progress(dataset)).get("total", 0)
    counts = await search_engine.get_dataset_user_progress(dataset, user)
    answered = {status: counts.get(status, 0) for status in ("submitted", "discarded", "draft")}
    return {"total": total, **answered, "pending": total - sum(answered.values())}


async def _users_who_answered(db: AsyncSession, dataset: Dataset) -> Sequence[User]:
    query = select(User).join(DatasetUser, DatasetUser.user_id == User.id).where(DatasetUser.dataset_id == dataset.id)
    result: Any = await db.scalars(query.order_by(DatasetUser.inserted_at.asc()))
    return list(result.all())
