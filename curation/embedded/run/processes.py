"""Processes: which one is meant, starting one that dies with its parent, ending one for certain."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from curation.embedded.errors import ServerError
from curation.embedded.home.files import open_log

SAME_START_SECONDS = 2.0
"""Where there is nothing better, start times come from the system clock, which may be set back or forth a little;
a process id is not given out again that soon."""

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class ProcessId:
    """A process for certain: ids are reused, an id together with a start time is not.

    Attributes:
        pid: The process id.
        started: When, in seconds since 1970, by the clock of the moment in which it was asked.
        ticks: When, in ticks since the machine was started, which no clock changes (Linux; empty elsewhere), and
            which start of the machine that was.
    """

    pid: int
    started: float
    ticks: str = ""


def this_process(pid: int) -> ProcessId:
    """The full identity of the running process `pid`."""
    import psutil

    return ProcessId(pid=pid, started=psutil.Process(pid).create_time(), ticks=_ticks(pid))


def _ticks(pid: int) -> str:
    try:
        # The name of the program, in brackets, may hold anything; what is wanted is the 22nd field (man 5 proc).
        start = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
        return f"{start} {Path('/proc/sys/kernel/random/boot_id').read_text(encoding='ascii').strip()}"
    except (OSError, IndexError):
        return ""


def alive(process: ProcessId) -> bool:
    """Whether that very process still runs (a zombie does not)."""
    import psutil

    try:
        found = psutil.Process(process.pid)
        if process.ticks:
            same = _ticks(process.pid) == process.ticks
        else:
            same = abs(found.create_time() - process.started) < SAME_START_SECONDS
        return same and bool(found.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def wait_until_gone(process: ProcessId, seconds: float) -> bool:
    """Wait for a process to end; whether it did in time."""
    deadline = time.monotonic() + seconds
    while alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def end(process: ProcessId, sig: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to that very process, if it still runs."""
    if alive(process):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, sig)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process as soon as `parent` has died, even by ``kill -9`` (Linux).

    Elsewhere what is left over is ended at the next start, from the list in the state file.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the call above
        os._exit(1)


def fork(body: Callable[[], object], log: Path | None) -> int:
    """Run `body` in a child that writes to `log` (None: where this process writes) and dies with this process.

    Returns the child's id.

    A fork rather than a fresh interpreter: the child has `argilla_server` already imported (seconds, 270 MB).
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    return pid or _run_child(body, log, parent)


def _run_child(body: Callable[[], object], log: Path | None, parent: int) -> NoReturn:
    code = 1
    try:
        die_with_parent(parent)
        os.setpgid(0, 0)  # Ctrl-C in the foreground reaches the supervisor only, which stops the rest in order
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sig, signal.SIG_DFL)
        if log is not None:
            write_output_to(log)
        body()
        code = 0
    except ServerError as error:  # says all that there is to say, in one line
        os.write(2, f"{error}\n".encode())
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def write_output_to(log: Path) -> None:
    """Append this process's standard output and error to `log`."""
    with open_log(log) as opened:
        os.dup2(opened.fileno(), 1)
        os.dup2(opened.fileno(), 2)
