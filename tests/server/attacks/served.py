"""A server to attack, as `twofold serve` starts it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import psutil
from chairs import Target

from curation import embedded


@contextlib.contextmanager
def served_home(home: Path) -> Iterator[Target]:
    """A server as `twofold serve` starts it."""
    running = embedded.serve(home)
    try:
        secrets = json.loads(running.credentials_file.read_text(encoding="utf-8"))
        yield Target(
            database="sqlite",
            url=running.url,
            key=running.api_key,
            password=secrets["password"],
            logs=home / "logs",
            data=str(home / "argilla.db"),
            process=psutil.Process(running.pid),
        )
    finally:
        embedded.stop(home)
