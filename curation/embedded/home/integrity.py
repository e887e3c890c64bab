"""Is the database file sound? Asked of SQLite alone, so that nothing heavy need be imported first."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def find_damage(database: Path, *, thorough: bool = True) -> str | None:
    """Say in one line what is wrong with the file, or None when it is sound or not there yet.

    Args:
        database: The file.
        thorough: Read all of it (SQLite's ``quick_check``); otherwise only see whether it is a database.
    """
    if not database.exists():
        return None
    query = "PRAGMA quick_check(1)" if thorough else "SELECT 'ok' FROM sqlite_master UNION SELECT 'ok'"
    try:
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            found = str(connection.execute(query).fetchone()[0])
    except sqlite3.Error as error:
        found = str(error)
    if found == "ok":
        return None
    reason = " ".join(found.split())
    return f"{database}: the database is damaged ({reason}); put a backup in its place, or move it away to start anew"
