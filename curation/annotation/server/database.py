"""Argilla's database, ready to be served: migrated, with its owner and its search index.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from argilla_server._version import __version__ as argilla_version
from argilla_server.contexts import accounts
from argilla_server.database import AsyncSessionLocal
from argilla_server.enums import UserRole

from curation.annotation.server.credentials import Credentials
from curation.annotation.server.engine import prepare_database
from curation.annotation.server.files import read_private, write_private
from curation.annotation.server.home import LAYOUT, Home
from curation.annotation.server.revision import revision_of


def make_ready(home: Home, credentials: Credentials) -> None:
    """Bring the database to Argilla's newest revision, with the owner's account and the search index in it.

    Safe to repeat, also after being killed at any moment.

    Raises:
        ServerError: It was made by a newer Argilla.
    """
    if not _is_current(home):
        from curation.annotation.server.migrations import (
            migrate,
        )  # Alembic takes longer to import than to ask

        migrate(home.database)
        write_private(home.version, {"layout": LAYOUT, **_current(home)})
    prepare_database()
    if not _has_owner(home.database, credentials):
        asyncio.run(_set_owner(credentials))


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


async def _set_owner(credentials: Credentials) -> None:
    """Create the owner, or give an owner whose credentials file was lost the new password and key."""
    async with AsyncSessionLocal() as session:
        user = await accounts.get_user_by_username(session, credentials.username)
        if user is None:
            attributes = {
                "first_name": credentials.username,
                "last_name": None,
                "username": credentials.username,
                "role": UserRole.owner,
                "password": credentials.password,
            }
            user = await accounts.create_user(session, attributes)
        user.api_key = credentials.api_key
        await accounts.update_user(session, user, {"password": credentials.password})
