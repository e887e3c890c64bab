"""How a server's processes talk to the database: many writers at once, no vote lost, and a restart of it not noticed.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

from typing import Any

from argilla_server import database
from argilla_server.settings import settings
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import curation.embedded.search  # noqa: F401  (registers the search engine "sql")
from curation.embedded.patches.replace import replaced
from curation.embedded.patches.sqlite_driver import OneVisitDriver
from curation.embedded.patches.write_queue import queue_writers
from curation.embedded.run.environment import BUSY_SECONDS

# WAL: readers never wait for the writer. FULL: a commit is on disk before it is answered. NORMAL would
# survive kill -9 but lose the last commits in a power cut, and a commit here is somebody's work. A writer
# waits up to 30 s for another process. A WAL file that grew in a bulk import is cut back to 64 MiB.
PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    f"busy_timeout = {BUSY_SECONDS * 1000}",
    "journal_size_limit = 67108864",
    "temp_store = MEMORY",
    "cache_size = -16384",
)


def configure_connections() -> None:
    """Give Argilla's sessions an engine of ours: on SQLite any number can write, on PostgreSQL it may restart."""
    engine = _for_sqlite() if settings.database_is_sqlite else _for_postgresql()
    replaced(
        database,
        "async_engine",
        engine,
        reason="any number of people write at once, a commit is on disk before it is answered, "
        "and a connection that the database has ended is opened anew",
        test="test_a_commit_of_the_server_is_on_disk_before_it_is_answered",
    )
    database.AsyncSessionLocal.configure(bind=engine)


def _for_sqlite() -> AsyncEngine:
    """Return an engine where the number of connections is open (an idle one costs little), and writers queue.

    Argilla's own has 15 connections and refuses a request that waits more than 30 s for one.
    """
    engine = create_async_engine(
        settings.database_url,
        **settings.database_engine_args,
        module=OneVisitDriver(),
        pool_size=20,
        max_overflow=-1,
    )
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    queue_writers(engine, patience=2 * BUSY_SECONDS)
    return engine


def _for_postgresql() -> AsyncEngine:
    """Return an engine that asks of a connection whether it is still there before somebody's request is put on it."""
    return create_async_engine(settings.database_url, **settings.database_engine_args, pool_pre_ping=True)


def _set_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
