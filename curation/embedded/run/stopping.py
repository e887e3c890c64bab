"""Being asked to stop: a signal becomes an exception, so that what was begun is ended in order."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import NoReturn

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_requested = False


class StopRequested(BaseException):
    """SIGTERM, SIGINT or SIGHUP came. Not an `Exception`: no import in progress may swallow it."""


def on_signals(handler: Callable[[int, object], NoReturn] | signal.Handlers) -> None:
    """Have `handler` called for each signal that asks to stop."""
    for sig in _SIGNALS:
        signal.signal(sig, handler)


def request_stop(_signal: int, _frame: object) -> NoReturn:
    """Raise :class:`StopRequested` wherever the process is."""
    global _requested
    _requested = True
    raise StopRequested


def was_requested() -> bool:
    """Whether a signal came: compiled code may make an exception of its own of the one that the handler raised."""
    return _requested


def check_stop() -> None:
    """Raise :class:`StopRequested` if a signal came.

    Python drops an exception that a handler raises inside a finalizer or a callback of `os.fork`: a loop that runs
    until it is asked to stop calls this in each turn.
    """
    if _requested:
        raise StopRequested
