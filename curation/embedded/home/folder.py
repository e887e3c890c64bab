"""The folder in which one embedded Argilla keeps everything it has."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from curation.embedded.errors import ServerError
from curation.embedded.home.files import read_private, write_private
from curation.embedded.home.filesystem import missing_space, read_only, wrong_owner
from curation.safety.plain_files import close_to_others, what_is_odd

LAYOUT = 1
"""Raised when this folder changes in a way that an older Twofold could not read."""

OWN_NAMES = (
    "argilla.*",  # the database, its write-ahead log, and a copy under migration
    "credentials.json",
    "secret.json",
    "server.json",
    "server_id.dat",  # Argilla's own
    "version.json",
    "permissions.json",
    "serve.lock",
    "supervisor.lock",
    "logs",
    "tmp",
    "tmp.*",
    "valkey",
    "backups",
    "restoring",
    "replaced-*",
    ".*.tmp",
)
"""Patterns of everything that this version or a killed one may leave in a home."""

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
    def write_ahead_log(self) -> Path:
        """What SQLite has committed and not yet moved into the database."""
        return self.root / "argilla.db-wal"

    @property
    def shared_memory(self) -> Path:
        """SQLite's index of the write-ahead log, made anew whenever it is missing."""
        return self.root / "argilla.db-shm"

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
    def permissions(self) -> Path:
        """What the owner has turned on; not part of a backup."""
        return self.root / "permissions.json"

    @property
    def secrets(self) -> tuple[Path, Path, Path]:
        """What belongs to the database and has to go where it goes."""
        return self.credentials, self.secret, self.version

    @property
    def backups(self) -> Path:
        """Backups that were made before a migration."""
        return self.root / "backups"

    @property
    def restoring(self) -> Path:
        """What a restore has unpacked and not yet put in its place."""
        return self.root / "restoring"

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
        _refuse(wrong_owner(home.root) or read_only(home.root))
        _check_version(home)
        kept = [entry for entry in home.root.iterdir() if not _is_scratch(entry)]
        _refuse(what_is_odd(kept, home.root))
        home.root.chmod(0o700)
        close_to_others(kept)
        _refuse(missing_space(home.root, FREE_BYTES_NEEDED))
        for folder in (home.logs, home.temporary, home.queue):
            folder.mkdir(exist_ok=True, mode=0o700)
    return home


def _is_scratch(entry: Path) -> bool:
    return entry.name.partition(".")[0] == "tmp" and not entry.is_symlink()


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
def readable_errors(path: Path, problem: str = "cannot be used as the server's home") -> Iterator[None]:
    """Turn an `OSError` into a :class:`ServerError` of one line that names `path`, the problem and the reason."""
    try:
        yield
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise ServerError(f"{path}: {problem} ({reason})") from error


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
    if home.restoring.exists():
        raise ServerError(f"{home.root}: a restore was cut off there; run the same `twofold restore` again")
    # Somebody's project folder must not have its mode changed, nor be filled with a database.
    strangers = sorted(entry.name for entry in home.root.iterdir() if not entry.name.startswith("."))
    if strangers:
        raise ServerError(
            f"{home.root}: expected an empty folder or an existing server home, found {strangers[0]!r} in it"
        )


def _refuse(problem: str | None) -> None:
    if problem:
        raise ServerError(problem)
