"""The supervisor: it starts the other processes, keeps them running, and takes them with it when it ends."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path

from curation.embedded.errors import ServerError
from curation.embedded.home.files import try_lock
from curation.embedded.home.folder import open_home
from curation.embedded.run.logs import configure_logging
from curation.embedded.run.ports import Address
from curation.embedded.run.server import Server
from curation.embedded.run.services import Services
from curation.embedded.run.startup import start
from curation.embedded.run.stopping import StopRequested, on_signals, request_stop, was_requested

_LOG = logging.getLogger("twofold.server")


def supervise(
    home: Path,
    address: Address | None = None,
    *,
    on_ready: Callable[[Server], None] | None = None,
) -> None:
    """Run the embedded Argilla in the foreground until SIGTERM, Ctrl-C or :func:`stop`.

    Changes the process it runs in (working folder, umask, signal handlers, environment): call it from one
    that does nothing else.

    Args:
        home: The folder for its data; made if it does not exist.
        address: Where to listen; by default where only this machine can reach it.
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
        _run(Services(home=opened, lock=lock), address or Address(), on_ready)
    finally:
        os.close(lock)


def _run(services: Services, address: Address, on_ready: Callable[[Server], None] | None) -> None:
    on_signals(request_stop)
    try:
        start(services, address)
        services.watch(on_ready)
    except StopRequested:
        _stop(services)
    except BaseException as error:
        if was_requested():
            _stop(services)
            return
        _stop(services, str(error) if isinstance(error, ServerError) else _in_one_line(error))
        raise


def _stop(services: Services, error: str = "") -> None:
    on_signals(signal.SIG_IGN)
    services.stop()
    services.note("failed" if error else "stopped", error=error)
    _LOG.info("stopped")


def _in_one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
