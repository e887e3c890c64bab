"""Argilla's database, ready to be served: migrated, with its owner, its search index and its audit log.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from argilla_server._version import __version__ as argilla_version

from curation.embedded.home.backup import back_up
from curation.embedded.home.credentials import Credentials
from curation.embedded.home.files import read_private, write_private
from curation.embedded.home.folder import LAYOUT, Home
from curation.embedded.home.owner import set_owner
from curation.embedded.home.revision import revision_of
from curation.embedded.patches.audit import prepare_audit
from curation.embedded.search import prepare_database

_LOG = logging.getLogger("twofold.server")


def make_ready(home: Home, credentials: Credentials) -> None:
    """Bring the database to Argilla's newest revision, with the owner's account, the search index and the audit log.

    Safe to repeat, also after being killed at any moment. Before a migration the home is backed up into itself.

    Raises:
        ServerError: It was made by a newer Argilla, or there is no room for the backup.
    """
    if not _is_current(home):
        from curation.embedded.home.migrations import (
            migrate,
        )  # Alembic takes longer to import than to ask

        migrate(home.database, lambda revision: _back_up(home, revision))
        write_private(home.version, {"layout": LAYOUT, **_current(home)})
    prepare_database()
    prepare_audit()
    if not _has_owner(home.database, credentials):
        asyncio.run(set_owner(credentials))


def _back_up(home: Home, revision: str) -> None:
    home.backups.mkdir(mode=0o700, exist_ok=True)
    name = f"before-migration-from-{revision}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip"
    back_up(home, home.backups / name)
    _LOG.info("the database is of revision %s and will be migrated; backed up as %s", revision, name)


def _is_current(home: Home) -> bool:
    """Whether this Argilla has migrated this very database before; a backup put in its place may be older."""
    current = _current(home)
    noted = read_private(home.version) or {}
    return current["revision"] is not None and all(noted.get(key) == value for key, value in current.items())


def _current(home: Home) -> dict[str, str | None]:
    return {"argilla_server": argilla_version, "revision": revision_of(home.database)}


def _has_owner(database: Path, credentials: Credentials) -> bool:
    query = "SELECT 1 FROM users WHERE username = ? AND api_key = ?"
    with closing(sqlite3.connect(database)) as connection:
        return bool(connection.execute(query, (credentials.username, credentials.api_key)).fetchone())
