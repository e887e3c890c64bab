"""A home made of a backup."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

from curation.embedded.errors import ServerError
from curation.embedded.home.backup import FORMAT, MANIFEST, Backup
from curation.embedded.home.files import make_private, try_lock
from curation.embedded.home.filesystem import missing_space
from curation.embedded.home.folder import LAYOUT, OWN_NAMES, Home, readable_errors
from curation.embedded.home.integrity import find_damage
from curation.embedded.home.revision import revision_of
from curation.safety.packed_files import is_bomb
from training.whole_files import sync

LARGEST = 1024 * 1024
"""Bytes of anything in a backup but its database: names, passwords and keys."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was restored, and where that went which was there before (None: the home was empty)."""

    backup: Backup
    set_aside: Path | None


def restore(file: Path, path: Path, *, replace: bool = False) -> Restored:
    """Make the home `path` of a backup; :func:`serve` then finds what was there when the backup was made.

    Killed at any moment, it leaves either the old home or one that refuses to be served until the same command
    has run again: `version.json` leaves first and comes last.

    Args:
        file: What :func:`back_up` wrote.
        path: The home; made if it does not exist.
        replace: Set aside what the home holds now, in a folder in it; otherwise it has to be empty.

    Raises:
        ServerError: The file is no backup or damaged, or of a newer version; the home is in use, or not empty, or
            not a server's.
    """
    home = Home(root=path.expanduser().absolute())
    with _opened(file, home) as packed, readable_errors(home.root):
        backup = _read_manifest(file, packed)
        is_new = not home.root.exists()
        home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check_free(home, replace)
        with _unused(home):
            with _nothing_left(home.root if is_new else home.restoring):
                _unpack(file, packed, home, backup)
            aside = _set_aside(home)
            _move_in(home)
    return Restored(backup=backup, set_aside=aside)


@contextmanager
def _opened(file: Path, home: Home) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as packed:
            _check_contents(file, packed.infolist(), home)
            if packed.testzip() is not None:
                raise zipfile.BadZipFile
            yield packed
    except OSError as error:
        raise ServerError(f"{file}: cannot be read ({error.strerror or error})") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, ServerError):
            raise
        raise ServerError(f"{file}: expected a backup made by `twofold backup`; it is none, or damaged") from error


def _check_contents(file: Path, entries: list[zipfile.ZipInfo], home: Home) -> None:
    """Look at the list of what is in an archive, before any of it is unpacked."""
    names = [entry.filename for entry in entries]
    own = {MANIFEST, home.database.name, *(path.name for path in home.secrets)}
    strange = next((name for name in names if name not in own or names.count(name) > 1), None)
    if strange is not None or not {MANIFEST, home.database.name} <= set(names):
        what = f"found {strange!r} in it" if strange is not None else "its database is missing"
        raise ServerError(f"{file}: expected a backup made by `twofold backup`, found another archive ({what})")
    large = next((e.filename for e in entries if e.filename != home.database.name and e.file_size > LARGEST), None)
    if large or is_bomb(file.stat().st_size, sum(entry.file_size for entry in entries)):
        raise ServerError(f"{file}: expected a backup made by `twofold backup`; it unpacks to far more than one does")


def _read_manifest(file: Path, packed: zipfile.ZipFile) -> Backup:
    try:
        found = json.loads(packed.read(MANIFEST))
        if found["format"] > FORMAT or found["layout"] > LAYOUT:
            raise ServerError(f"{file}: made by a newer version of Twofold; upgrade Twofold to restore it")
        return Backup(**found)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ServerError(f"{file}: expected a backup made by `twofold backup`, found another archive") from error


def _check_free(home: Home, replace: bool) -> None:
    found = sorted(entry.name for entry in home.root.iterdir())
    strangers = [name for name in found if not any(fnmatch(name, own) for own in OWN_NAMES)]
    if strangers:
        raise ServerError(f"{home.root}: expected an empty folder or a server's home, found {strangers[0]!r} in it")
    if found and not replace:
        raise ServerError(f"{home.root}: is not empty; with --replace, what is there is set aside in a folder in it")


@contextmanager
def _unused(home: Home) -> Iterator[None]:
    lock = try_lock(home.root / "supervisor.lock")
    if lock is None:
        raise ServerError(f"{home.root}: a server is running there; stop it first with `twofold stop`")
    try:
        yield
    finally:
        os.close(lock)


@contextmanager
def _nothing_left(folder: Path) -> Iterator[None]:
    """Take a folder away again when a backup turns out to be none, after some of it was unpacked."""
    try:
        yield
    except Exception:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _unpack(file: Path, packed: zipfile.ZipFile, home: Home, backup: Backup) -> None:
    if full := missing_space(home.root, sum(entry.file_size for entry in packed.infolist())):
        raise ServerError(full)
    shutil.rmtree(home.restoring, ignore_errors=True)
    home.restoring.mkdir(mode=0o700)
    packed_names = packed.namelist()
    for name in (path.name for path in (home.database, *home.secrets) if path.name in packed_names):
        with packed.open(name) as source, make_private(home.restoring / name) as target:
            shutil.copyfileobj(source, target)
    database = home.restoring / home.database.name
    if damage := find_damage(database):
        raise ServerError(damage.replace(str(database), f"{file}, {home.database.name}"))
    if revision_of(database) != backup.revision:
        raise ServerError(f"{file}: its database is of another revision than the backup says ({backup.revision})")
    os.sync()


def _set_aside(home: Home) -> Path | None:
    """Move what the home holds into a folder of its own: the version first, so that a half-moved home is none."""
    held = [home.version, home.database, home.write_ahead_log, home.credentials, home.secret, home.queue]
    present = [path for path in held if path.exists()]
    home.state.unlink(missing_ok=True)
    home.shared_memory.unlink(missing_ok=True)
    if not present:
        return None
    aside = home.root / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    aside.mkdir(mode=0o700)
    for path in present:
        path.rename(aside / path.name)
    return aside


def _move_in(home: Home) -> None:
    for path in (home.database, *home.secrets):
        if (unpacked := home.restoring / path.name).exists():
            unpacked.rename(path)
    home.restoring.rmdir()
    sync(home.root)
