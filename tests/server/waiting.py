"""Waiting for what other processes do, on a machine that may have other things to do."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 300.0
"""Seconds after which something that should happen is taken not to; where it happens, nobody waits for them."""


def eventually(true: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Ask until the answer is yes; whether it was within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False


class Stopwatch:
    """Seconds of the time that this process gets of a core, from its making on: on a busy machine they are longer.

    They are what a promise of so many seconds can be held to where others keep the cores busy.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()

    def seconds(self) -> float:
        """How many there were, by what a computation takes now."""
        return (time.monotonic() - self._began) / _slowness()


def _slowness() -> float:
    """How many times longer a computation takes at this moment than it would alone, at least 1."""
    began, used = time.monotonic(), time.process_time()
    while time.process_time() - used < 0.2:
        pass
    return max(1.0, (time.monotonic() - began) / 0.2)
