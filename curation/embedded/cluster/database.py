"""The cluster's database: migrated by one process while the others wait, refused by those that are too old or new.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from argilla_server.database import ALEMBIC_CONFIG_FILE, async_engine, sync_engine
from argilla_server.settings import settings
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from curation.embedded.errors import ServerError
from curation.embedded.home.credentials import Credentials, new_key
from curation.embedded.home.keys import SET_KEY
from curation.embedded.home.owner import set_owner
from curation.embedded.patches.audit import is_kept, prepare_audit
from curation.embedded.run.exposure import ACCOUNTS, Account
from curation.embedded.search import prepare_database, remove_from_database

_LOCK = 7_206_915_043
"""Any number that nobody else locks in this database."""


def migrate(credentials: Credentials) -> None:
    """Bring the database to the newest revision, with the search index and the owner in it.

    Safe to repeat, to run twice at once and to kill: PostgreSQL takes a migration whole or not at all.

    Raises:
        ServerError: The database does not answer, or was made by a newer Argilla.
    """
    with _one_at_a_time():
        config = Config(ALEMBIC_CONFIG_FILE)
        scripts = ScriptDirectory.from_config(config)
        found = _revision()
        if found not in (None, scripts.get_current_head()):
            _check_known(found, scripts)
            remove_from_database()  # its triggers name columns that a migration may take away
        command.upgrade(config, "head")
        if settings.search_engine == "sql":
            prepare_database()
        prepare_audit()
        asyncio.run(_set_owner(credentials))


def check_current() -> None:
    """Refuse to work on a database of another revision.

    Raises:
        ServerError: It has not been migrated yet, or by a newer Argilla; or does not answer.
    """
    found, head = _revision(), ScriptDirectory.from_config(Config(ALEMBIC_CONFIG_FILE)).get_current_head()
    has_audit = found == head and is_kept(sync_engine)
    sync_engine.dispose()  # nothing is left open when processes are forked
    if found == head and not has_audit:
        raise ServerError("the database has no audit log of answers yet; run the role `migrate` first")
    if found != head:
        raise ServerError(f"the database is of revision {found}, expected {head}; run the role `migrate` first")


def read_accounts() -> list[Account]:
    """What of all accounts decides whether a stranger could use them."""
    with sync_engine.connect() as connection:
        rows = connection.execute(text(ACCOUNTS)).all()
    sync_engine.dispose()
    return [Account(username=row[0], api_key=row[1], password_hash=row[2]) for row in rows]


def renew_key(username: str) -> str:
    """Give an account a new API key and return it; the old one stops at once.

    Raises:
        ServerError: There is no such account, or the database does not answer.
    """
    key = new_key()
    with _answering(), sync_engine.begin() as connection:
        if not connection.execute(text(SET_KEY), {"key": key, "username": username}).rowcount:
            raise ServerError(f"there is no account {username!r}")
    return key


def _revision() -> str | None:
    with _answering(), sync_engine.connect() as connection:
        found: str | None = MigrationContext.configure(connection).get_current_revision()
    return found


def _check_known(revision: str, scripts: ScriptDirectory) -> None:
    try:
        scripts.get_revision(revision)
    except CommandError as error:
        raise ServerError(
            f"the database was made by a newer version of argilla-server (revision {revision}); upgrade this image"
        ) from error


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with _answering(), sync_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        yield  # the lock ends with the connection, however this process ends


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        reason = " ".join(str(error.orig).split())
        raise ServerError(f"the database at {sync_engine.url.render_as_string()} refuses: {reason}") from error


async def _set_owner(credentials: Credentials) -> None:
    await set_owner(credentials)
    await async_engine.dispose()  # its connections belong to this event loop
