"""Children that are started again when they die, more and more slowly, and given up after quick deaths."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from curation.embedded.errors import ServerError
from curation.embedded.run.logs import last_line
from curation.embedded.run.processes import ProcessId, fork, this_process

QUICK_SECONDS = 10.0
QUICK_FAILURES = 5
FIRST_DELAY = 0.1

_LOG = logging.getLogger("twofold.server")


@dataclass(kw_only=True)
class Child:
    """One child process: `body` runs in it, until it is stopped; it writes to `log`, or where its parent writes."""

    name: str
    log: Path | None
    body: Callable[[], object]
    process: ProcessId | None = None
    quick_failures: int = 0
    _start_at: float = field(default=0.0, repr=False)
    _started_at: float = field(default=0.0, repr=False)

    def start(self) -> None:
        """Start it now."""
        self.process = this_process(fork(self.body, self.log))
        self._started_at = time.monotonic()

    def tend(self) -> bool:
        """Notice its death, and start it again when its pause is over; whether anything changed.

        Raises:
            ServerError: It died five times in a row within ten seconds of its start.
        """
        if self.process is not None:
            return self._reap()
        if time.monotonic() < self._start_at:
            return False
        self.start()
        return True

    def rest(self, seconds: float) -> None:
        """Forget how often it died, and do not start it again before `seconds` have passed."""
        self.quick_failures = 0
        self._start_at = time.monotonic() + seconds

    def signal(self, sig: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, sig)  # not reaped yet, so the id is still its own

    def gone(self) -> bool:
        """Whether it does not run (any more); reaps it if it just ended."""
        if self.process is not None and os.waitpid(self.process.pid, os.WNOHANG)[0]:
            self.process = None
        return self.process is None

    def _reap(self) -> bool:
        if not self.gone():
            return False
        lived = time.monotonic() - self._started_at
        self.quick_failures = self.quick_failures + 1 if lived < QUICK_SECONDS else 1
        if lived < QUICK_SECONDS and self.quick_failures >= QUICK_FAILURES:
            words = f"; see {self.log}: {last_line(self.log)}" if self.log else "; its last words are above"
            raise ServerError(
                f"{self.name} stopped {QUICK_FAILURES} times in a row within {QUICK_SECONDS:.0f} s of its start{words}"
            )
        delay = FIRST_DELAY * 2 ** (self.quick_failures - 1)
        _LOG.warning("%s died after %.1f s; starting it again in %.1f s", self.name, lived, delay)
        self._start_at = time.monotonic() + delay
        return True


def stop_children(children: list[Child], seconds: float) -> None:
    """Ask all to end, then kill those that have not ended after `seconds`."""
    for child in children:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while _reap_all(children) and time.monotonic() < deadline:
        time.sleep(0.02)
    for child in children:
        child.signal(signal.SIGKILL)
    while _reap_all(children):
        time.sleep(0.01)


def _reap_all(children: list[Child]) -> list[Child]:
    """Reap those that ended; the others."""
    return [child for child in children if not child.gone()]
