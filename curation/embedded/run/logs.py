"""Logs that do not grow for ever."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import traceback
from collections.abc import Iterator
from pathlib import Path

MAX_BYTES = 10 * 1024 * 1024
KEPT = 3

_NAMES = r"(?:password|passwd|secret|api[-_]?key|access[-_]?token|token|authorization|cookie)"
_SECRETS = (
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "[redacted]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',;]+"), r"\1 [redacted]"),
    (re.compile(rf"(?i)({_NAMES}[\"']?\s*[:=]\s*b?[\"']?)(?!\s*(?:bearer|basic)\b)[^\s\"',;&)}}\]]+"), r"\1[redacted]"),
    (re.compile(r"(\w+://[^\s:/@]*:)[^\s@]+@"), r"\1[redacted]@"),
)


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


class PlainLine(logging.Formatter):
    """One line per event: no message and no traceback goes on below, and what looks like a secret is left out.

    An error is told by its type and the last places it came through. Its text may hold what people sent: a rejected
    password, or the statement by which a key was looked for.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = f"{self.formatTime(record)} {record.levelname} {record.name}: {_message(record)}"
        return redacted(line.replace("\r", "\\r").replace("\n", "\\n"))


def _message(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return _without_traceback(record.getMessage())
    told = record.msg if isinstance(record.msg, str) and str(error) not in record.getMessage() else "failed"
    return f"{told.strip()}: {described(error)}"


def _without_traceback(message: str) -> str:
    """A message without the traceback in it (RQ writes one of a failed job): the error's type is left."""
    before, found, after = message.partition("Traceback (most recent call last):")
    if not found:
        return message
    last = next((line for line in reversed(after.splitlines()) if line[:1].strip()), "")
    return f"{before.strip()}: {last.partition(':')[0]}"


def described(error: BaseException) -> str:
    """An error's type and the last places it came through."""
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    names = [f"{type(each).__module__}.{type(each).__qualname__}" for each in causes(error)]
    return f"{' from '.join(names)} at {' < '.join(places[:-6:-1]) or 'no known place'}"


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it was made from."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        yield current
        seen.append(current)
        current = getattr(current, "orig", None) or current.__cause__


def redacted(line: str) -> str:
    """A line without what looks like a secret: the value after a telling name, a token, a password in a URL."""
    for pattern, shown in _SECRETS:
        line = pattern.sub(shown, line)
    return line


def configure_logging() -> None:
    """One plain line per event: Argilla's own handler draws boxes eighty columns wide."""
    handler = logging.StreamHandler()
    handler.setFormatter(PlainLine())
    logging.basicConfig(level=logging.INFO, force=True, handlers=[handler])
    for noisy in ("httpx", "elastic_transport", "rq.scheduler", "argilla_server.telemetry"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
