"""Logs that do not grow for ever."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from pathlib import Path

MAX_BYTES = 10 * 1024 * 1024
KEPT = 3


def rotate(folder: Path, max_bytes: int = MAX_BYTES) -> None:
    """Cut each log larger than `max_bytes`, keeping three older pieces (``.1`` is the newest).

    The running processes keep their open files: a piece is copied, then the file is emptied in place. What is
    written between the two (microseconds) is lost.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > max_bytes:
            with contextlib.suppress(OSError):  # the disk is full: the log is cut when there is room for its copy
                _cut(log)


def _cut(log: Path) -> None:
    for number in range(KEPT - 1, 0, -1):
        older = log.with_suffix(f".log.{number}")
        if older.exists():
            older.replace(log.with_suffix(f".log.{number + 1}"))
    shutil.copy2(log, log.with_suffix(".log.1"))
    os.truncate(log, 0)


def last_line(log: Path) -> str:
    """The last line of a log that says something, or the empty string."""
    try:
        with log.open("rb") as handle:
            handle.seek(max(0, log.stat().st_size - 8192))
            lines = handle.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def configure_logging() -> None:
    """One plain line per event: Argilla's own handler draws boxes eighty columns wide."""
    logging.basicConfig(level=logging.INFO, force=True, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "elastic_transport", "rq.scheduler", "argilla_server.telemetry"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
