"""The folder in which one embedded Argilla keeps everything it has."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from curation.annotation.server.errors import ServerError
from curation.annotation.server.files import read_private, write_private

LAYOUT = 1
"""Raised when this folder changes in a way that an older Twofold could not read."""

FREE_BYTES_NEEDED = 64 * 1024 * 1024
"""Room for a copy of the web UI (14 MB), the logs and SQLite's write-ahead log."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where things are in the folder `root` (absolute)."""

    root: Path

    @property
    def database(self) -> Path:
        """Argilla's SQLite database."""
        return self.root / "argilla.db"

    @property
    def credentials(self) -> Path:
        """The owner's name, password and API key."""
        return self.root / "credentials.json"

    @property
    def secret(self) -> Path:
        """The key that signs the web UI's session tokens."""
        return self.root / "secret.json"

    @property
    def state(self) -> Path:
        """What runs now, or why it stopped."""
        return self.root / "server.json"

    @property
    def version(self) -> Path:
        """Which version made this folder."""
        return self.root / "version.json"

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.root / "logs"

    @property
    def temporary(self) -> Path:
        """Scratch space, emptied at every start."""
        return self.root / "tmp"

    @property
    def queue(self) -> Path:
        """Valkey's append-only file and socket."""
        return self.root / "valkey"

    def log(self, name: str) -> Path:
        """The log of the process called `name`."""
        return self.logs / f"{name}.log"


def open_home(path: Path) -> Home:
    """Make the folder if need be, with what every start expects in it, and check that it is fit for use.

    Raises:
        ServerError: It cannot be written, is full, belongs to something else, or to a newer version.
    """
    home = Home(root=path.expanduser().absolute())
    with readable_errors(home.root):
        home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check_version(home)
        home.root.chmod(0o700)
        _check_space(home)
        for folder in (home.logs, home.temporary, home.queue):
            folder.mkdir(exist_ok=True, mode=0o700)
    return home


def set_temporary_aside(home: Home) -> None:
    """Begin with an empty scratch folder; what was in the old one is removed by :func:`remove_set_aside`."""
    if home.temporary.exists():
        home.temporary.rename(home.root / f"{home.temporary.name}.{uuid4().hex}")
    home.temporary.mkdir(mode=0o700)


def remove_set_aside(home: Home) -> None:
    """Remove old scratch folders: a copy of the web UI has 1,300 files, which can take seconds on a busy disk."""
    for folder in home.root.glob(f"{home.temporary.name}.*"):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Turn an `OSError` into a :class:`ServerError` of one line that names `path`."""
    try:
        yield
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise ServerError(f"{path}: cannot be used as the server's home ({reason})") from error


def _check_version(home: Home) -> None:
    found = read_private(home.version)
    if found is None:
        _check_unused(home)
        write_private(home.version, {"layout": LAYOUT})
    elif not isinstance(found.get("layout"), int) or found["layout"] > LAYOUT:
        raise ServerError(
            f"{home.root}: made by a newer version of Twofold (layout {found.get('layout')}, this one reads"
            f" up to {LAYOUT}); upgrade Twofold or choose another home"
        )


def _check_unused(home: Home) -> None:
    # Somebody's project folder must not have its mode changed, nor be filled with a database.
    strangers = sorted(entry.name for entry in home.root.iterdir() if not entry.name.startswith("."))
    if strangers:
        raise ServerError(
            f"{home.root}: expected an empty folder or an existing server home, found {strangers[0]!r} in it"
        )


def _check_space(home: Home) -> None:
    free = shutil.disk_usage(home.root).free
    if free < FREE_BYTES_NEEDED:
        raise ServerError(
            f"{home.root}: the disk is full ({free // 2**20} MiB free, {FREE_BYTES_NEEDED // 2**20} MiB needed)"
        )
