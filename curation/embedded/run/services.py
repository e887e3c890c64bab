"""The children of one supervisor, together with the state file that tells of them."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

from curation.embedded.errors import ServerError
from curation.embedded.home.filesystem import missing_space
from curation.embedded.home.folder import Home, readable_errors
from curation.embedded.home.state import Phase, State, write_state
from curation.embedded.run.children import Child, stop_children
from curation.embedded.run.logs import rotate
from curation.embedded.run.processes import this_process
from curation.embedded.run.server import Server, answers, describe
from curation.embedded.run.stopping import check_stop

GRACE_SECONDS = 3.0
"""For a job or an answer under way when the server is stopped; the whole stop takes less than five."""

TICK_SECONDS = 0.1
ROTATE_SECONDS = 30.0
QUEUE = "valkey"
FULL_BYTES = 1024 * 1024
FULL_DISK_SECONDS = 10.0
"""Valkey ends rather than lose a job that it cannot write down; on a full disk it is tried again at this pace."""

_LOG = logging.getLogger("twofold.server")


class Services:
    """The running parts of one server; `lock` is the descriptor that marks the home as in use."""

    def __init__(self, *, home: Home, lock: int) -> None:
        self.home = home
        self.state = State(phase="starting", supervisor=this_process(os.getpid()), children={})
        self._lock = lock
        self._children: list[Child] = []
        self._noted = True

    def add(self, name: str, body: Callable[[], object]) -> None:
        """Start a child that runs `body`, and keep it running from now on."""

        def without_lock() -> object:
            os.close(self._lock)  # held by the supervisor alone, so that it is free when the supervisor is dead
            return body()

        child = Child(name=name, log=self.home.log(name), body=without_lock)
        child.start()
        self._children.append(child)
        self.note(self.state.phase)

    def note(self, phase: Phase, **changes: Any) -> None:
        """Write the state file."""
        children = {child.name: child.process for child in self._children if child.process}
        self.state = replace(self.state, phase=phase, children=children, **changes)
        try:
            with readable_errors(self.home.root, "what runs here cannot be noted"):
                write_state(self.home, self.state)
            self._noted = True
        except ServerError as error:
            if phase == "starting":
                raise
            if self._noted:
                _LOG.error("%s", error)  # what runs goes on: people can still read, and write when there is room
            self._noted = False

    def watch(self, on_ready: Callable[[Server], None] | None) -> NoReturn:
        """Keep the children running and the logs short, until asked to stop.

        Raises:
            StopRequested: It was asked to stop.
            ServerError: A child died five times in a row, and not for want of room on the disk.
        """
        rotate_at = time.monotonic() + ROTATE_SECONDS
        while True:
            check_stop()
            changed = [child for child in self._children if self._tend(child)]
            if changed or not self._noted:
                self.note(self.state.phase)
            if self.state.phase == "starting" and answers(self.state.url, 0.5):
                self._welcome(on_ready)
            if time.monotonic() > rotate_at:
                rotate(self.home.logs)
                rotate_at = time.monotonic() + ROTATE_SECONDS
            time.sleep(TICK_SECONDS if self.state.phase == "running" else 0.01)

    def _tend(self, child: Child) -> bool:
        try:
            return child.tend()
        except ServerError:
            full = missing_space(self.home.root, FULL_BYTES)
            if full is None:
                raise
            _LOG.error("%s cannot run: %s", child.name, full)
            child.rest(FULL_DISK_SECONDS)
            return True

    def stop(self) -> None:
        """End all children: those that use the queue first."""
        stop_children([child for child in self._children if child.name != QUEUE], GRACE_SECONDS)
        stop_children(self._children, 0.5)
        self._children = []

    def _welcome(self, on_ready: Callable[[Server], None] | None) -> None:
        self.note("running")
        _LOG.info("answers at %s", self.state.url)
        if on_ready is not None:
            on_ready(describe(self.home, self.state))
