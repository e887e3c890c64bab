"""Running `twofold` commands in this process, or in a fork of it that kills itself in the middle."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import httpx

from curation.cli import cli, exit_code

HANGS = 120.0
"""Seconds after which a command is taken to hang."""

EXPECTED = (0, 2, 3)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a command ended with; a code of -9 stands for killed."""

    arguments: Sequence[str]
    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"twofold {' '.join(self.arguments)} -> {self.code} {self.err.strip()}".rstrip()


class Crashed(AssertionError):
    """A command ended in a traceback."""


def run(*arguments: str) -> Ran:
    """Run a command here.

    Raises:
        Crashed: It raised what no command may raise, or ended with a code that it may not end with.
    """
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = exit_code(lambda: cli([str(each) for each in arguments], standalone_mode=False))
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            at = f"{os.path.basename(where.filename)}:{where.lineno}"  # noqa: PTH119  (a string, for a message)
            raise Crashed(f"twofold {arguments[0]}: {type(error).__name__}: {error} ({at})") from error
    ran = Ran(arguments=arguments, code=code, out=out.getvalue(), err=err.getvalue())
    if code not in EXPECTED:
        raise Crashed(str(ran))
    return ran


def run_killed(*arguments: str, moment: int) -> Ran:
    """Run a command in a fork that kills itself at a moment, counted from 1.

    A moment is just before or just after something that outlives the process: a file that is flushed or renamed, a
    request that was answered. Comes back with the code of the command where it was done before.
    """
    child = os.fork()
    if child == 0:
        code = 70
        try:
            _killed_at(moment)
            code = run(*arguments).code
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    code = _waited(child)
    if code == 70:
        raise Crashed(f"twofold {arguments[0]}: traceback in a process of its own, see above")
    if code not in (*EXPECTED, -signal.SIGKILL):
        raise Crashed(f"twofold {arguments[0]}: ended with {code} in a process of its own")
    return Ran(arguments=arguments, code=code, out="", err="")


def _waited(child: int) -> int:
    deadline = time.monotonic() + HANGS
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise Crashed(f"a command hangs for {HANGS:.0f} s")


def _killed_at(moment: int) -> None:
    left = moment

    def one_less() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(work: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            one_less()
            result = work(*args, **kwargs)
            one_less()
            return result

        return wrapped

    os.replace, os.fsync = around(os.replace), around(os.fsync)
    httpx.Client.send = around(httpx.Client.send)  # type: ignore[method-assign]
