"""The supervisor: it starts the other processes, keeps them running, and takes them with it when it ends."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from curation.annotation.server.errors import ServerError
from curation.annotation.server.files import try_lock
from curation.annotation.server.home import open_home
from curation.annotation.server.household import Household
from curation.annotation.server.logs import configure_logging
from curation.annotation.server.server import Server
from curation.annotation.server.startup import start

_LOG = logging.getLogger("twofold.server")
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopRequested(BaseException):
    """SIGTERM, SIGINT or SIGHUP came. Not an `Exception`: no import in progress may swallow it."""


def supervise(
    home: Path,
    *,
    port: int | None = None,
    host: str = "127.0.0.1",
    on_ready: Callable[[Server], None] | None = None,
) -> None:
    """Run the embedded Argilla in the foreground until SIGTERM, Ctrl-C or :func:`stop`.

    Changes the process it runs in (working folder, umask, signal handlers, environment): call it from one
    that does nothing else.

    Args:
        home: The folder for its data; made if it does not exist.
        port: The port to listen on; without one, 6900 or the next free port.
        host: The address to listen on.
        on_ready: Called once, when the server answers.

    Raises:
        ServerError: It cannot start, or a part of it died five times in a row; the state file says so too.
    """
    opened = open_home(home)
    lock = try_lock(opened.root / "supervisor.lock")
    if lock is None:
        raise ServerError(f"{opened.root}: a server is running there already")
    try:
        os.umask(0o077)
        os.chdir(opened.root)
        configure_logging()
        _run(Household(home=opened, lock=lock), host, port, on_ready)
    finally:
        os.close(lock)


def _run(household: Household, host: str, port: int | None, on_ready: Callable[[Server], None] | None) -> None:
    _on_signals(_request_stop)
    try:
        start(household, host, port)
        household.watch(on_ready)
    except StopRequested:
        _stop(household)
    except BaseException as error:
        _stop(household, str(error) if isinstance(error, ServerError) else f"{type(error).__name__}: {error}")
        raise


def _stop(household: Household, error: str = "") -> None:
    _on_signals(signal.SIG_IGN)
    household.stop()
    household.note("failed" if error else "stopped", error=error)
    _LOG.info("stopped")


def _on_signals(handler: Callable[[int, object], NoReturn] | signal.Handlers) -> None:
    for sig in _SIGNALS:
        signal.signal(sig, handler)


def _request_stop(_signal: int, _frame: object) -> NoReturn:
    raise StopRequested
