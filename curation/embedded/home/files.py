"""Private files: written whole or not at all, readable by their owner only, and locks held on them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from curation.safety.plain_files import open_plain
from training.whole_files import write_whole


def write_private(path: Path, value: Any) -> None:
    """Write a value as JSON, mode 0600, under a temporary name that is then renamed.

    Raises:
        OSError: The folder cannot be written, or the disk is full.
    """
    write_whole(path, lambda to: to.write_bytes(json.dumps(value, indent=2).encode() + b"\n"), mode=0o600)


def make_private(path: Path) -> BinaryIO:
    """Open a new file, mode 0600, to be written in binary.

    Raises:
        FileExistsError: It is there already.
    """
    # The mode is given at creation: there is no moment at which somebody else could open the file.
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def open_log(path: Path) -> BinaryIO:
    """Open a file, mode 0600, whose every line lands at the end, even after the file was cut at rotation."""
    descriptor = open_plain(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "ab", buffering=0)


def read_private(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None when the file is missing or is not one."""
    try:
        with os.fdopen(open_plain(path), encoding="utf-8") as handle:
            value = json.load(handle)
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def try_lock(path: Path) -> int | None:
    """Take an exclusive lock and return its descriptor, or None when another process holds it.

    The kernel lets go of the lock when the process ends, however it ends.
    """
    descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock for the length of a `with` block, waiting for it if need be."""
    descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
