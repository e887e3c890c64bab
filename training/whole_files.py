"""Files and folders that are either whole or not there, also after the power went: filled aside, synced, renamed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

_CANNOT_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EACCES}  # of folders: some file systems, and no right to list it


def write_whole(path: Path, write: Callable[[Path], object], *, mode: int = 0o666) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it.

    A reader sees the old file or the new one, whatever is killed when.

    Args:
        path: The file; its folder is made where it is missing.
        write: Fills the file that it is given.
        mode: Of a new file, less what the umask takes away.

    Raises:
        OSError: The folder cannot be written, or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(mode=mode)
        write(temporary)
        put_in_place(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def put_in_place(made: Path, path: Path) -> None:
    """Rename a file or folder that is complete to `path`, on disk with all that lies in it before and after.

    Raises:
        OSError: It cannot be renamed, for example because a folder with files is there already, or the disk is full.
    """
    for part in (*made.rglob("*"), made):
        sync(part)
    made.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """See that a file, or the names in a folder, are on disk.

    Raises:
        OSError: The disk is full, or fails.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if not (path.is_dir() and error.errno in _CANNOT_SYNC):
            raise
