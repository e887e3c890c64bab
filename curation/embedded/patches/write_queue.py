"""Many coroutines in several processes, one SQLite database: they write one after the other, as they came.

SQLite lets a single connection write. Another one asks again every tenth of a second until its timeout, in no
order: with sixty annotators some ask for thirty seconds in vain, and their work is answered with "database is
locked". Here a coroutine waits for its turn before it asks SQLite at all. Who takes no part in this (another program
that has the database open) is still kept out by SQLite itself.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from curation.embedded.home.files import try_lock

POLL_SECONDS = 0.002

_LOG = logging.getLogger("twofold.server")
_TURN = "twofold_turn"
_QUEUE = "twofold_queue"
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "BEGIN IMMEDIATE")


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The right to write: among the coroutines of this process, and among processes (None: gone on without)."""

    here: asyncio.Lock
    everywhere: int | None

    def give_back(self) -> None:
        """Let the next one write."""
        if self.everywhere is not None:
            os.close(self.everywhere)
        self.here.release()


class FairLock:
    """One turn for all processes that open `database`.

    Who waits for the turn holds the place before it. So a process that has just given its turn back cannot take it
    again before those that wait: they would starve beside one that always has something to write.
    """

    def __init__(self, database: Path) -> None:
        self._place = database.with_name(f"{database.name}-place")
        self._turn = database.with_name(f"{database.name}-turn")

    async def take(self) -> int:
        """Wait for the turn; it lasts until the descriptor that is returned is closed, or the process ends."""
        place = await _locked(self._place)
        try:
            return await _locked(self._turn)
        finally:
            os.close(place)


async def _locked(path: Path) -> int:
    while (descriptor := try_lock(path)) is None:
        await asyncio.sleep(POLL_SECONDS)
    return descriptor


class WriteQueue:
    """Turns at writing, given in the order in which they were asked for.

    Args:
        fair_lock: What keeps the processes apart.
        patience: Seconds after which a turn that was not given back is taken for lost.
    """

    def __init__(self, fair_lock: FairLock, *, patience: float) -> None:
        self._turnstile = fair_lock
        self._patience = patience
        self._here = asyncio.Lock()

    async def take(self) -> Turn:
        """Wait for a turn."""
        here = await self._take_here()
        try:
            return Turn(here=here, everywhere=await self._take_everywhere())
        except BaseException:
            here.release()
            raise

    async def _take_here(self) -> asyncio.Lock:
        here = self._here
        try:
            async with asyncio.timeout(self._patience):
                await here.acquire()
        except TimeoutError:
            _LOG.warning("a writer has kept its turn for more than %.0f s; going on without it", self._patience)
            if here is self._here:
                self._here = asyncio.Lock()
            return await self._take_here()
        return here

    async def _take_everywhere(self) -> int | None:
        try:
            async with asyncio.timeout(self._patience):
                return await self._turnstile.take()
        except TimeoutError:
            _LOG.warning("another process has kept its turn for more than %.0f s; going on", self._patience)
        except OSError as error:
            _LOG.warning("no turn among processes (%s); going on", error)
        return None


def queue_writers(engine: AsyncEngine, *, patience: float) -> None:
    """Have the writing transactions of `engine` take turns, and make "serializable" mean it.

    Python's `sqlite3` begins a transaction at its first write. That suits the queue (reading needs no turn),
    but a transaction that asks to be serializable reads what it then decides on: Argilla counts a record's
    responses, then sets its status, and an annotator who withdraws a response could undo the completion that
    another has just brought about. Such a transaction takes its turn, and SQLite's write lock, before it
    reads.

    Args:
        engine: An engine on a SQLite file.
        patience: Seconds after which a turn that was not given back is taken for lost.
    """
    queue = WriteQueue(FairLock(Path(engine.url.database or "")), patience=patience)
    engine.update_execution_options(**{_QUEUE: queue})

    def before_statement(connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if _TURN not in connection.info and statement.lstrip().upper().startswith(_WRITES):
            adapted: Any = connection.connection.dbapi_connection
            connection.info[_TURN] = adapted.run_async(lambda _connection: queue.take())

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") == "SERIALIZABLE":
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    def given_back(_connection: object, record: Any) -> None:
        turn: Turn | None = record.info.pop(_TURN, None)
        if turn is not None:
            turn.give_back()

    event.listen(engine.sync_engine, "before_cursor_execute", before_statement)
    event.listen(engine.sync_engine, "begin", begin)
    event.listen(engine.sync_engine.pool, "checkin", given_back)


async def write(db: AsyncSession, work: Callable[[sqlite3.Connection], object]) -> None:
    """Write in one transaction of its own, in one visit to the connection's thread.

    A turn lasts from the first statement to the commit, and between two visits this process does something else: with
    fifty people who answer, that is most of what everybody waits for.

    Args:
        db: A session, on an engine whose writers queue, that has not written anything.
        work: Sends the statements; not the beginning or the end of the transaction.

    Raises:
        sqlite3.IntegrityError: The rows contradict what is there; nothing is written.
        sqlalchemy.exc.OperationalError: The database cannot be written: disk full, locked, ...
    """
    connection = await db.connection()
    queue: WriteQueue = connection.sync_connection.get_execution_options()[_QUEUE]  # type: ignore[union-attr]
    driver: Any = (await connection.get_raw_connection()).driver_connection
    turn = await queue.take()
    try:
        await driver._execute(_transaction, driver._conn, work)
    except sqlite3.OperationalError as error:
        raise OperationalError("an answer", None, error) from error
    finally:
        turn.give_back()


def _transaction(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], object]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        work(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
