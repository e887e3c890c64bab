"""What the file system has against a folder that we want to write in, in one line; None when it has nothing."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path


def find_obstacle(root: Path, needed: int) -> str | None:
    """Say what keeps us from writing `needed` bytes in the folder."""
    return wrong_owner(root) or read_only(root) or missing_space(root, needed)


def wrong_owner(root: Path) -> str | None:
    """Say who owns the home, or something in it, when that is not who asks."""
    for path in _entries(root):
        owner = path.lstat().st_uid
        if owner != os.geteuid():
            return (
                f"{path}: belongs to {_name(owner)}, and this is {_name(os.geteuid())}; run this as {_name(owner)}, or"
                f" hand the home over: chown -R {_name(os.geteuid())} {root}"
            )
    return None


def _entries(root: Path) -> Iterator[Path]:
    yield root  # first: who does not own it may not be let in to see the rest
    yield from sorted(root.iterdir())


def read_only(root: Path) -> str | None:
    """Say so when the home cannot be written."""
    if os.access(root, os.W_OK):
        return None
    mounted = os.statvfs(root).f_flag & os.ST_RDONLY
    reason = "its file system is mounted read-only; look for disk errors (dmesg)" if mounted else "chmod u+w it"
    return f"{root}: cannot be written: {reason}; what is there can still be saved with `twofold backup`"


def missing_space(root: Path, needed: int) -> str | None:
    """Say so when fewer than `needed` bytes are free."""
    free = shutil.disk_usage(root).free
    if free >= needed:
        return None
    return f"{root}: the disk is full ({free // 2**20} MiB free, {needed // 2**20} MiB needed); make room on it"


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
