"""Which migration a database has seen last, asked of SQLite alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path


def revision_of(database: Path) -> str | None:
    """The revision that Alembic noted in the database; None when there is no database, or nothing in it."""
    if not database.exists():
        return None
    with closing(sqlite3.connect(database)) as connection, suppress(sqlite3.OperationalError):
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None
    return None
