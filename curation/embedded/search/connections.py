"""The engine's own connections to Argilla's database, shared by every request of a process.

A request already holds one of Argilla's connections while it searches. If searches took theirs from the same pool,
enough requests at once would each hold one and wait for ever for a second.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from curation.embedded.patches.sqlite_driver import OneVisitDriver


@cache
def engine() -> AsyncEngine:
    """The engine that all searches of this process share."""
    from argilla_server.settings import settings

    of_a_file = settings.database_is_sqlite
    return create_async_engine(
        settings.database_url,
        **settings.database_engine_args,
        module=OneVisitDriver() if of_a_file else None,
        pool_pre_ping=not of_a_file,  # a connection that the database has ended is opened anew
    )


@asynccontextmanager
async def reading(*, once: bool = False) -> AsyncIterator[AsyncConnection]:
    """A connection on which everything that is read belongs to one moment, and nothing can be written.

    Args:
        once: One statement will be sent, which sees one moment by itself.
    """
    async with engine().connect() as connection:
        if connection.dialect.name == "sqlite":
            # sqlite3 opens a transaction only before a write, and without one every query sees its own moment.
            if not once:
                await connection.exec_driver_sql("BEGIN")
        else:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection
