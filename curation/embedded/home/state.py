"""The state file: what runs in a home, or why it stopped. Written by the supervisor, read by everybody."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from curation.embedded.home.files import read_private, write_private
from curation.embedded.home.folder import Home
from curation.embedded.run.processes import ProcessId, alive

Phase = Literal["starting", "running", "failed", "stopped"]


@dataclass(frozen=True, kw_only=True)
class State:
    """One supervisor: itself, its children by name, where it answers, the error that ended it, and a note."""

    phase: Phase
    supervisor: ProcessId
    url: str = ""
    children: dict[str, ProcessId]
    error: str = ""
    note: str = ""


def write_state(home: Home, state: State) -> None:
    """Replace the state file."""
    write_private(home.state, asdict(state))


def read_state(home: Home) -> State | None:
    """The last state written; None when there is none, or none that can be read."""
    found = read_private(home.state)
    try:
        return _parse(found) if found else None
    except (KeyError, TypeError, AttributeError):
        return None


def active_state(home: Home) -> State | None:
    """The state of the supervisor that runs now; None when none does, whatever the file says."""
    state = read_state(home)
    return state if state and alive(state.supervisor) else None


def _parse(found: dict[str, Any]) -> State:
    children = {name: ProcessId(**child) for name, child in found["children"].items()}
    return State(**{**found, "supervisor": ProcessId(**found["supervisor"]), "children": children})
