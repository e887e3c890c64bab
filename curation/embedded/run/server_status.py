"""How the server of a home is doing, asked without changing anything."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from curation.embedded.home.filesystem import find_obstacle
from curation.embedded.home.folder import FREE_BYTES_NEEDED, Home
from curation.embedded.home.state import State, read_state
from curation.embedded.run.processes import alive
from curation.embedded.run.server import answers

PATIENCE = 10.0
"""Seconds within which a healthy server answers; a web process that died is back in one."""


@dataclass(frozen=True, kw_only=True)
class ServerStatus:
    """What is known of one server.

    Attributes:
        phase: `running` (it answers), `starting`, `silent` (it runs and does not answer), `failed`, `stopped`,
            `killed` (its supervisor ended without a word), or `new` (no server has run in this home).
        home: Its folder.
        url: Where it answers, or would.
        seconds: How long it has been up; 0 when it is not.
        parts: Process ids by name; 0 for a part that is being started again.
        error: Why it failed.
        problem: What the file system has against its folder, such as a full disk; empty when nothing.
    """

    phase: Literal["new", "starting", "running", "silent", "failed", "stopped", "killed"]
    home: Path
    url: str = ""
    seconds: float = 0.0
    parts: Mapping[str, int]
    error: str = ""
    problem: str = ""

    @property
    def up(self) -> bool:
        """Whether somebody can work with it."""
        return self.phase == "running"


def server_status(path: Path) -> ServerStatus:
    """How the server of the home `path` is doing."""
    home = Home(root=path.expanduser().absolute())
    if not home.root.is_dir():
        return ServerStatus(phase="new", home=home.root, parts={})
    return replace(_status(home), problem=find_obstacle(home.root, FREE_BYTES_NEEDED) or "")


def _status(home: Home) -> ServerStatus:
    state = read_state(home)
    if state is None:
        return ServerStatus(phase="new", home=home.root, parts={})
    if not alive(state.supervisor):
        phase = state.phase if state.phase in ("failed", "stopped") else "killed"
        return ServerStatus(phase=phase, home=home.root, url=state.url, parts={}, error=state.error)
    return _of_living(home, state)


def _of_living(home: Home, state: State) -> ServerStatus:
    parts = {name: child.pid if alive(child) else 0 for name, child in state.children.items()}
    phase = state.phase
    return ServerStatus(
        phase="silent" if phase == "running" and not answers(state.url, PATIENCE) else phase,
        home=home.root,
        url=state.url,
        seconds=time.time() - state.supervisor.started,
        parts={"supervisor": state.supervisor.pid, **parts},
        error=state.error,
    )
