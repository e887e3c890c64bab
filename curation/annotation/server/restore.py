"""A home made of a backup."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

from curation.annotation.server.backup import FORMAT, MANIFEST, Backup
from curation.annotation.server.errors import ServerError
from curation.annotation.server.files import make_private, try_lock
from curation.annotation.server.home import LAYOUT, OWN_NAMES, Home, readable_errors
from curation.annotation.server.integrity import find_damage


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
    with _opened(file) as packed, readable_errors(home.root):
        backup = _read_manifest(file, packed)
        home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check_free(home, replace)
        with _unused(home):
            _unpack(packed, home)
            aside = _set_aside(home)
            _move_in(home)
    return Restored(backup=backup, set_aside=aside)


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as packed:
            if packed.testzip() is not None:
                raise zipfile.BadZipFile
            yield packed
    except OSError as error:
        raise ServerError(f"{file}: cannot be read ({error.strerror or error})") from error
    except zipfile.BadZipFile as error:
        raise ServerError(f"{file}: expected a backup made by `twofold backup`; it is none, or damaged") from error


def _read_manifest(file: Path, packed: zipfile.ZipFile) -> Backup:
    try:
        found = json.loads(packed.read(MANIFEST))
        if found["format"] > FORMAT or found["layout"] > LAYOUT:
            raise ServerError(f"{file}: made by a newer version of Twofold; upgrade Twofold to restore it")
        return Backup(**found)
    except (KeyError, TypeError, ValueError) as error:
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


def _unpack(packed: zipfile.ZipFile, home: Home) -> None:
    shutil.rmtree(home.restoring, ignore_errors=True)
    home.restoring.mkdir(mode=0o700)
    packed_names = packed.namelist()
    for name in (path.name for path in (home.database, *home.secrets) if path.name in packed_names):
        with packed.open(name) as source, make_private(home.restoring / name) as target:
            shutil.copyfileobj(source, target)
    if damage := find_damage(home.restoring / home.database.name):
        raise ServerError(damage)
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
