"""Files that are files: opened without following a link, and without waiting at a pipe or a device.

A folder that came from somebody else may hold a link to any file of this machine, or a pipe that nobody writes to.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path


def open_plain(path: Path, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """Open a file by its descriptor; `flags` and `mode` are those of `os.open`.

    Raises:
        OSError: It cannot be opened, or is a link, a folder, a pipe, a device.
    """
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "expected a file", str(path))
    return descriptor


def what_is_odd(paths: Iterable[Path], root: Path) -> str | None:
    """Say what among paths and all that is in them leads out of `root`, or is a pipe or a device; None if nothing is.

    A link to something within `root` is fine; no link is followed. What is not there is no matter.
    """
    within = root.resolve()
    return next((odd for path in paths for odd in _odd(path, within)), None)


def _odd(path: Path, within: Path) -> Iterator[str]:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        to = path.resolve()
        if not to.is_relative_to(within):
            yield f"{path}: is a link that leads out of {within}, to {to}; put what it leads to in its place"
        elif to.exists() and not (to.is_dir() or to.is_file()):
            yield from _odd(to, within)
    elif stat.S_ISDIR(mode):
        for inner in _inside(path):
            yield from _odd(inner, within)
    elif not (stat.S_ISREG(mode) or stat.S_ISSOCK(mode)):
        yield f"{path}: expected a file or a folder, came a pipe or a device; take it away"


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def close_to_others(paths: Iterable[Path]) -> None:
    """Let nobody but their owner read these files and folders, and all that is in them.

    Links are left alone, and what another process removed meanwhile is no matter.
    """
    for path in paths:
        with suppress(FileNotFoundError):
            _close_to_others(path)


def _close_to_others(path: Path) -> None:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return
    if mode & 0o077:
        path.chmod(mode & 0o700)
    if stat.S_ISDIR(mode):
        close_to_others(_inside(path))
