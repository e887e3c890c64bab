"""Runs one command in a process that kills itself with SIGKILL at a given moment.

A moment is just before or just after something that outlives the process: a file that is flushed or renamed, a
request that was answered. The test preloads this module in a fork server, so that a command costs no imports.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from curation.cli import main

COMMANDS = ("curation.cli.start", "curation.cli.loop")
for heavy in (*COMMANDS, "sklearn.linear_model", "transformers", "sentence_transformers", "argilla", "jinja2"):
    importlib.import_module(heavy)


def run(arguments: Sequence[str], environment: dict[str, str], moment: int) -> None:
    """Run `twofold` with these arguments, killed at the moment of that number, counted from 1."""
    os.environ.update(environment)
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
    sys.argv = ["twofold", *arguments]
    main()
