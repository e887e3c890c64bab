"""SQLAlchemy's driver for `aiosqlite`, with one visit to the connection's thread for each statement.

`aiosqlite` gives every connection a thread, and SQLAlchemy sends it there four times for one statement: to make a
cursor, to execute, to fetch, to close. Each visit is two changes of thread, half a millisecond, where the statement
itself takes a tenth of that. An answer of the web UI needs dozens of statements.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)


@dataclass(frozen=True, kw_only=True)
class _Done:
    """What a statement has left: rows where it has a description of their columns, else counts."""

    description: Any
    rows: Sequence[Any]
    last_row: Any
    count: int


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()

    def execute(self, operation: Any, parameters: Any = None) -> Any:
        self._take(lambda cursor: cursor.execute(operation, () if parameters is None else parameters))

    def executemany(self, operation: Any, seq_of_parameters: Any) -> Any:
        self._take(lambda cursor: cursor.executemany(operation, seq_of_parameters))

    def _take(self, execute: Callable[[sqlite3.Cursor], object]) -> None:
        connection: Any = self._connection
        try:
            done: _Done = self.await_(connection._execute(_run, connection._conn, execute))
        except Exception as error:
            self._adapt_connection._handle_exception(error)
        self.description, self._rows = done.description, deque(done.rows)
        self.lastrowid, self.rowcount = done.last_row, done.count


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    def cursor(self, server_side: bool = False) -> AsyncAdapt_aiosqlite_cursor:
        return super().cursor(server_side) if server_side else _Cursor(self)

    def rollback(self) -> None:
        if self._in_transaction():
            super().rollback()

    def commit(self) -> None:
        if self._in_transaction():
            super().commit()

    def _in_transaction(self) -> bool:
        connection: Any = self._connection
        return bool(connection.in_transaction)


class OneVisitDriver(AsyncAdapt_aiosqlite_dbapi):
    """The `module` of an engine on SQLite."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **named: Any) -> AsyncAdapt_aiosqlite_connection:
        """Connect as SQLAlchemy does."""
        return _Connection(self, super().connect(*arguments, **named)._connection)


def _run(connection: sqlite3.Connection, execute: Callable[[sqlite3.Cursor], object]) -> _Done:
    cursor = connection.cursor()
    try:
        execute(cursor)
        described = cursor.description
        return _Done(
            description=described,
            rows=cursor.fetchall() if described else (),
            last_row=cursor.lastrowid,
            count=-1 if described else cursor.rowcount,
        )
    finally:
        cursor.close()
