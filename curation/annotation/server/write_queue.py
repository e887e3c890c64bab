"""Many coroutines, one SQLite database: they write one after the other, in the order in which they came.

SQLite lets a single connection write. Another one asks again every tenth of a second until its timeout, in no
order: with sixty annotators some ask for thirty seconds in vain, and their work is answered with "database is
locked". Here a coroutine waits for its turn before it asks SQLite at all. Other processes are still kept out
by SQLite itself.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

_LOG = logging.getLogger("twofold.server")
_TURN = "twofold_turn"
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "BEGIN IMMEDIATE")


class WriteQueue:
    """Turns at writing, given in the order in which they were asked for."""

    def __init__(self, *, patience: float) -> None:
        self._patience = patience
        self._turn = asyncio.Lock()

    async def take(self) -> asyncio.Lock:
        """Wait for a turn; the lock that is returned is released when the turn is over.

        A holder that never releases it is passed over after `patience` seconds.
        """
        turn = self._turn
        try:
            async with asyncio.timeout(self._patience):
                await turn.acquire()
        except TimeoutError:
            _LOG.warning("a writer has kept its turn for more than %.0f s; going on without it", self._patience)
            if turn is self._turn:
                self._turn = asyncio.Lock()
            return await self.take()
        return turn


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
    queue = WriteQueue(patience=patience)

    def before_statement(connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if _TURN not in connection.info and statement.lstrip().upper().startswith(_WRITES):
            adapted: Any = connection.connection.dbapi_connection
            connection.info[_TURN] = adapted.run_async(lambda _connection: queue.take())

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") == "SERIALIZABLE":
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    def given_back(_connection: object, record: Any) -> None:
        turn: asyncio.Lock | None = record.info.pop(_TURN, None)
        if turn is not None:
            turn.release()

    event.listen(engine.sync_engine, "before_cursor_execute", before_statement)
    event.listen(engine.sync_engine, "begin", begin)
    event.listen(engine.sync_engine.pool, "checkin", given_back)
