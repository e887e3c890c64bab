"""What a step reads and writes: noted where files are opened, so that no step says it, and none can forget it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from training.cost import COST


@dataclass
class Noted:
    """The files of one piece of work.

    Attributes:
        read: Digest of every file that was looked for, as it was then; empty for one that was not there.
        written: The files that the work made itself; what it made is not what it was made from.
    """

    read: dict[Path, str] = field(default_factory=dict)
    written: set[Path] = field(default_factory=set)


_noted: ContextVar[Noted | None] = ContextVar("noted", default=None)


@contextmanager
def noted() -> Iterator[Noted]:
    """Note every artifact that is read or written in this block."""
    found = Noted()
    token = _noted.set(found)
    try:
        yield found
    finally:
        _noted.reset(token)


def note_read(path: Path) -> None:
    """Say that what comes next depends on this file or folder, or on its not being there."""
    found = _noted.get()
    if found is not None and path not in found.read and path not in found.written:
        found.read[path] = digest(path)


def note_written(path: Path) -> None:
    """Say that this file is made here."""
    found = _noted.get()
    if found is not None:
        found.written.add(path)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file or folder; the empty string for none."""
    return content_hash(path) if path.exists() else ""


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files and their names, less what a run of training took."""
    found = hashlib.sha256()
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if p.is_file() and p.name != COST):
            found.update(f"{file.relative_to(path)}\0{content_hash(file)}\n".encode())
        return found.hexdigest()
    with path.open("rb") as handle:
        while chunk := handle.read(1 << 20):
            found.update(chunk)
    return found.hexdigest()
