"""Argilla's own database migrations, made safe against being killed half-way.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from argilla_server.database import ALEMBIC_CONFIG_FILE
from argilla_server.settings import settings

from curation.embedded.errors import ServerError
from curation.embedded.home.backup import copy_database
from curation.embedded.home.revision import revision_of
from curation.embedded.patches.replace import replaced
from training.whole_files import put_in_place


def migrate(database: Path, back_up: Callable[[str], object]) -> None:
    """Bring the database to the newest revision that the installed Argilla knows, or make it.

    Safe to repeat, also after being killed at any moment.

    Args:
        database: The file; made if it does not exist.
        back_up: Called with the revision found, before a database that holds something is migrated.

    Raises:
        ServerError: Its revision is unknown: it was made by a newer Argilla.
    """
    scripts = ScriptDirectory.from_config(Config(ALEMBIC_CONFIG_FILE))
    found = revision_of(database)
    if found == scripts.get_current_head():
        return
    if found is not None:
        _check_known(database, found, scripts)
        back_up(found)
    _migrate_a_copy(database)


def _check_known(database: Path, revision: str, scripts: ScriptDirectory) -> None:
    try:
        scripts.get_revision(revision)
    except CommandError as error:
        raise ServerError(
            f"{database}: made by a newer version of argilla-server (revision {revision}); upgrade argilla-server"
        ) from error


def _migrate_a_copy(database: Path) -> None:
    """Migrate a copy, then put it in the place of the original.

    SQLite's migrations are not transactional: one that is killed half-way could neither go on nor go back.
    """
    copy = database.with_suffix(".migrating")
    copy.unlink(missing_ok=True)
    if database.exists():
        copy_database(database, copy)
        with closing(sqlite3.connect(copy)) as connection:
            _remove_triggers(connection)
    put_back = replaced(
        settings,
        "database_url",
        f"sqlite+aiosqlite:///{copy}",
        reason="a copy is migrated, and takes the place of the original when it is done",
        test="test_stopped_while_it_migrates_a_home_is_migrated_by_the_next_start",
    )
    try:
        command.upgrade(Config(ALEMBIC_CONFIG_FILE), "head")
    finally:
        put_back()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    put_in_place(copy, database)


def _remove_triggers(connection: sqlite3.Connection) -> None:
    # A migration rebuilds whole tables; triggers that name them would make it fail. They are made anew after.
    triggers = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND (name LIKE 'twofold_%' OR name LIKE 'audit_%')"
    )
    for (name,) in connection.execute(triggers).fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    connection.commit()
