"""The ledger: one JSON line per thing that happened, appended, never changed."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from curation.errors import TwofoldError
from curation.project.artifacts import write_atomically
from curation.safety.plain_files import open_plain


def append(folder: Path, event: str, **facts: Any) -> None:
    """Append one event; a line cut short by a kill is closed first, so that it costs itself only.

    Raises:
        TwofoldError: The ledger cannot be written.
    """
    line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "version": version("twofold")}
    text = json.dumps({**line, "event": event, **facts}, ensure_ascii=False, sort_keys=True) + "\n"
    path = folder / "ledger.jsonl"
    try:
        with _opened(path) as handle:
            if handle.tell() and not _ends_whole(handle):
                text = "\n" + text
            handle.write(text.encode())
            handle.flush()
            os.fsync(handle.fileno())
    except OSError as error:
        raise TwofoldError(f"{path}: cannot be written ({error.strerror})") from error


def _opened(path: Path) -> BinaryIO:
    descriptor = open_plain(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    if os.fstat(descriptor).st_nlink > 1:  # the same file has a name elsewhere, where nothing is to change
        os.close(descriptor)
        write_atomically(path, lambda to: _copy(path, to))
        descriptor = open_plain(path, os.O_RDWR | os.O_APPEND)
    handle = os.fdopen(descriptor, "a+b")
    handle.seek(0, os.SEEK_END)
    return handle


def _copy(path: Path, to: Path) -> None:
    to.write_bytes(path.read_bytes())


def _ends_whole(handle: Any) -> bool:
    handle.seek(-1, os.SEEK_END)
    return bool(handle.read(1) == b"\n")


def read(folder: Path) -> list[dict[str, Any]]:
    """Return every whole event, oldest first."""
    path = folder / "ledger.jsonl"
    if not path.exists():
        return []
    events = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            events.append(json.loads(line))
        except (ValueError, RecursionError):
            continue  # a line that a kill cut short
    return events
