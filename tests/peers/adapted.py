"""Plug-in of pytest with which Argilla's server tests run on our application and our search engine.

Loaded before Argilla's own conftest, in a process whose environment names a database, a Valkey and a home of its own.
What we do otherwise is listed in `known_differences.toml`, each with its reason; a listed test that passes after all is
an error as well.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import argilla_server.cli.database.migrate as migrations
import argilla_server.search_engine
import opensearchpy
import pytest
from argilla_server.models import Response
from sqlalchemy import Update, delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from curation.embedded.patches import fast_record_status
from curation.embedded.patches.record_status import count_and_set
from curation.embedded.run.app import application
from curation.embedded.search import SqlSearchEngine, prepare_database, sql_engine
from curation.embedded.search.postgresql_index import POSTGRESQL_INDEX
from curation.embedded.search.sqlite_index import SQLITE_INDEX
from curation.embedded.search.tables import index_metadata, signatures

DIFFERENCES = Path(__file__).with_name("known_differences.toml")


class ElasticsearchOnly(Exception):
    """The test looks into Elasticsearch's own store, or calls what only that engine has."""


class NoStore:
    """Stands where the tests expect a client of Elasticsearch.

    It takes in the responses that tests write there instead of into the tables, and has nothing else to tell.
    """

    def __init__(self, **_: Any) -> None:
        self.indices = self.cat = self

    def __call__(self, **_: Any) -> list[Any]:
        """There are no indices to be cleaned up at the end."""
        return []

    def refresh(self, **_: Any) -> None:
        """Our index is never behind."""

    def get(self, *, index: str, id: Any = None, **_: Any) -> dict[str, Any]:
        if id is None:
            raise ElasticsearchOnly("get")
        return {"_source": {}}

    def update(self, index: str, *, id: Any, body: dict[str, Any]) -> None:
        written.extend({"record_id": id, **response} for response in body["doc"]["responses"])

    def __getattr__(self, name: str) -> Any:
        raise ElasticsearchOnly(name)


written: list[dict[str, Any]] = []
"""Responses that a test wrote and that are not in the tables yet."""


class Engine(SqlSearchEngine):
    """Ours, made the way the tests make theirs.

    The tests' factories give settings a data set of their own first and move them afterwards, which no route of the API
    can do. So where Elasticsearch would be told of a change, our index is built from the tables.
    """

    def __init__(self, **_: Any) -> None:
        self.client = self

    async def index_records(self, dataset: Any, records: Any) -> None:
        await _built_anew()

    async def configure_metadata_property(self, dataset: Any, metadata_property: Any) -> None:
        await _built_anew()

    async def _bulk_op_request(self, actions: Any) -> None:
        """Vectors, which are in the tables already."""


async def _built_anew() -> None:
    from tests.database import TestSession

    await TestSession().flush()
    connection = await TestSession().connection()
    index = {"sqlite": SQLITE_INDEX, "postgresql": POSTGRESQL_INDEX}[connection.dialect.name]
    kept = {signatures.name}
    for table in [*(name for name in index_metadata.tables if name not in kept), "twofold_text"]:
        await connection.exec_driver_sql(f"DELETE FROM {table}")
    for statement in index.fill:
        await connection.exec_driver_sql(statement)


@asynccontextmanager
async def _reading() -> AsyncIterator[AsyncConnection]:
    """The test's own connection: what it wrote is rolled back at its end, and nobody else ever sees it."""
    from tests.database import TestSession

    while written:
        await _put_in(TestSession(), written.pop(0))
    yield await TestSession().connection()


@asynccontextmanager
async def _session() -> AsyncIterator[AsyncSession]:
    """The test's own, for the same reason."""
    from tests.database import TestSession

    yield TestSession()


def _count_and_set(record_id: UUID) -> Update:
    """The statement, which also tells the objects that the test and the application share in that one session."""
    return count_and_set(record_id).execution_options(synchronize_session="fetch")


async def _put_in(session: AsyncSession, response: dict[str, Any]) -> None:
    """A user's response to a record; there can be one, and the last one counts."""
    user_id, rating = UUID(response["user_id"]), response["rating"]
    of_user = {"record_id": response["record_id"], "user_id": user_id}
    await session.execute(delete(Response).filter_by(**of_user))
    values = {"rating": {"value": rating}} if rating > 0 else {}
    await session.execute(insert(Response).values(**of_user, status=response["status"], values=values))


def _migrated(migrate: Callable[[str], None]) -> Callable[[str], None]:
    def migrate_and_index(revision: str) -> None:
        if revision == "head":  # the way back is not needed: the database is thrown away
            migrate(revision)
            prepare_database()

    return migrate_and_index


def _put_ours_in_place() -> None:
    opensearchpy.OpenSearch = NoStore
    argilla_server.search_engine.ElasticSearchEngine = Engine
    sql_engine.reading = _reading  # type: ignore[assignment]
    fast_record_status.AsyncSessionLocal = _session
    fast_record_status.count_and_set = _count_and_set
    migrations.migrate_db = _migrated(migrations.migrate_db)
    if os.environ.get("PEERS_STOCK") != "1":  # to see which tests fail without us as well
        application()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Expect what is known to differ to fail; a listed test that is not there is an error."""
    known = tomllib.loads(DIFFERENCES.read_text(encoding="utf-8")).get(os.environ["PEERS_RUN"], [])
    reasons = {name: each["reason"] for each in known for name in each["tests"]}
    found = set()
    for item in items:
        for name in _names(item) & reasons.keys():
            found.add(name)
            item.add_marker(pytest.mark.xfail(reason=reasons[name], strict=True))
    if (missing := reasons.keys() - found) and not config.option.keyword:
        raise pytest.UsageError(f"{DIFFERENCES.name}: no such tests: {sorted(missing)}")


def _names(item: pytest.Item) -> set[str]:
    """A test's file and function, with and without its parameters; the class is left out."""
    file, rest = item.nodeid.removeprefix("tests/unit/").split("::", 1)
    path, bracket, parameters = rest.partition("[")
    function = f"{file}::{path.split('::')[-1]}"
    return {function, f"{function}{bracket}{parameters}"}


_put_ours_in_place()  # at once: Argilla's conftest takes its own when it is imported
