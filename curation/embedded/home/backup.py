"""A home in one file: its database as of one moment, and its secrets; and a home made of such a file again."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from curation.embedded.errors import ServerError
from curation.embedded.home.files import make_private
from curation.embedded.home.folder import LAYOUT, Home, readable_errors
from curation.embedded.home.integrity import find_damage
from curation.embedded.home.revision import revision_of
from training.whole_files import put_in_place

FORMAT = 1
MANIFEST = "backup.json"


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What a backup says of itself.

    Attributes:
        format: Of the file; a reader refuses a later one than it knows.
        layout: Of the home, in the same way.
        made_at: When, ISO 8601, UTC.
        argilla_server: The version that served the home.
        revision: The last migration of the database.
    """

    format: int
    layout: int
    made_at: str
    argilla_server: str
    revision: str | None


def back_up(home: Home, file: Path) -> Backup:
    """Write a backup, mode 0600, while the server runs or not; it appears whole or not at all.

    The database is copied by SQLite's backup API, which reads one moment of it and holds up nobody who writes.
    Jobs that wait in the queue are not part of a backup.

    Raises:
        ServerError: There is no database, or a damaged one; the file exists, or cannot be written.
    """
    if not home.database.exists():
        raise ServerError(f"{home.root}: there is nothing to back up, no server has run there")
    if file.exists():
        raise ServerError(f"{file}: exists already; a backup is not written over another")
    with _writable(file), tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
        copy, whole = Path(folder) / home.database.name, Path(folder) / file.name
        copy_database(home.database, copy)
        if damage := find_damage(copy):
            raise ServerError(damage.replace(str(copy), str(home.database)))
        backup = _describe(copy)
        _pack(home, copy, whole, backup)
        put_in_place(whole, file)
    return backup


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database that may be in use."""
    if not os.access(source.parent, os.W_OK):
        _copy_files(source, target)
        return
    with closing(sqlite3.connect(source, timeout=30)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _copy_files(source: Path, target: Path) -> None:
    """Copy one that lies where nobody can write: SQLite does not open its log there, but nothing changes either."""
    for suffix in ("", "-wal"):
        if (part := source.with_name(source.name + suffix)).exists():
            shutil.copyfile(part, target.with_name(target.name + suffix))
    with closing(sqlite3.connect(target)) as copied:
        copied.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _describe(database: Path) -> Backup:
    return Backup(
        format=FORMAT,
        layout=LAYOUT,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        argilla_server=version("argilla-server"),
        revision=revision_of(database),
    )


def _pack(home: Home, database: Path, whole: Path, backup: Backup) -> None:
    with make_private(whole) as handle, zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr(MANIFEST, json.dumps(asdict(backup), indent=2))
        for path in (database, *filter(Path.exists, home.secrets)):
            packed.write(path, path.name)


@contextmanager
def _writable(file: Path) -> Iterator[None]:
    try:
        with readable_errors(file, "the backup cannot be written"):
            yield
    except sqlite3.Error as error:  # "database or disk is full" and the like; the copy is what was written
        raise ServerError(f"{file}: the backup cannot be written ({error})") from error
