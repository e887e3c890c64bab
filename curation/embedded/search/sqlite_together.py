"""SQLite: many new records indexed together, by one statement per table of the index, in place of their triggers.

A trigger indexes a record in the statement that inserts it, and before each of these FTS5 writes out what the one
before has given it: five hundred small segments, to be merged again, where one would do. The statements here are the
triggers' own, run for all new rows at once in the same transaction, so that the index is still in step or rolled back.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from curation.embedded.search import sqlite_rows as rows

# A row in this table holds the triggers back. It goes before the transaction ends, so that nobody else ever sees it.
CREATE_TOGETHER = "CREATE TABLE IF NOT EXISTS twofold_together (is_on INTEGER PRIMARY KEY)"
DROP_TOGETHER = "DROP TABLE IF EXISTS twofold_together"
TOGETHER = {("records", "INSERT"), ("suggestions", "INSERT")}
UNLESS_TOGETHER = "WHEN NOT EXISTS (SELECT 1 FROM twofold_together)"

_DOCIDS = f"{rows.NEXT_DOCID} - 1 + row_number() OVER (ORDER BY new.rowid)"


def _of_new_rows(statement: str, table: str, **parts: str) -> str:
    new = f"(SELECT rowid, * FROM {table} WHERE rowid > ?) AS new CROSS JOIN"
    return statement.format(new=new, **parts)


_INDEX = {
    "records": [
        _of_new_rows(rows.RECORD, "records", docid=_DOCIDS),
        _of_new_rows(rows.METADATA, "records"),
        _of_new_rows(rows.TEXT, "records"),
    ],
    "suggestions": [_of_new_rows(rows.SUGGESTION, "suggestions")],
}


@asynccontextmanager
async def indexed_together(connection: AsyncConnection) -> AsyncIterator[None]:
    """Index together the records, each with suggestions, that are inserted inside the `with` block.

    Elsewhere than on SQLite the triggers do it as ever.

    Args:
        connection: A connection on which the write lock is held, and which is rolled back if the block fails.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    last = {table: await _last_row(connection, table) for table in _INDEX}
    await connection.exec_driver_sql("INSERT INTO twofold_together VALUES (1)")
    yield
    for table, statements in _INDEX.items():
        for statement in statements:
            await connection.exec_driver_sql(statement, (last[table],))
    await connection.exec_driver_sql("DELETE FROM twofold_together")


async def _last_row(connection: AsyncConnection, table: str) -> int:
    return int((await connection.exec_driver_sql(f"SELECT coalesce(max(rowid), 0) FROM {table}")).scalar_one())
