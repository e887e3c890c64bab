"""A step of a round: what it reads, what it makes, and whether what it made is still up to date.

Like `make`, with content hashes in place of times: a step runs when an input or a setting that it depends
on has changed, or when an output is missing. Its line in the manifest is written last, so that a step killed
half-way simply runs again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from curation.errors import TwofoldError
from curation.project import ledger
from curation.project.artifacts import content_hash
from curation.project.config import Config
from curation.project.folder import Project, Round
from training.model_files import UnusableModel

Tick = Callable[[int, int], None]  # done so far, in all


def _silent(done: int, total: int) -> None:
    """Show nothing."""


def percent(tick: Tick, start: int, end: int) -> Tick:
    """Return a way to show how far one part of a longer work is: from `start` to `end` percent of it."""
    return lambda done, total: tick(start + round((end - start) * done / max(total, 1)), 100)


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a step is given: the project, the round, and a way to show how far it is."""

    project: Project
    round: Round
    tick: Tick = field(default=_silent)

    @property
    def config(self) -> Config:
        """The project's configuration."""
        return self.project.config


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step.

    Attributes:
        name: The command that runs it.
        makes: Artifacts in the round's folder; all of them are there after a run.
        reads: Paths whose content decides whether it has to run; a missing one counts as empty.
        depends_on: The settings that decide it, JSON-ready.
        run: Does the work and returns one sentence about the outcome.
    """

    name: str
    makes: Sequence[str]
    reads: Callable[[Project, Round], Sequence[Path]]
    depends_on: Callable[[Config], Any]
    run: Callable[[Context], str]


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a step ended: in which round, its sentence, and whether there was anything to do."""

    step: str
    round: Round
    summary: str
    ran: bool


def run_step(step: Step, context: Context, *, force: bool = False) -> Done:
    """Run a step unless everything it would make is there and up to date."""
    if not force and is_fresh(step, context.project, context.round):
        summary = _manifest(context.round)[step.name]["summary"]
        return Done(step=step.name, round=context.round, summary=summary, ran=False)
    inputs = _inputs(step, context.project, context.round)
    started = time.monotonic()
    try:
        summary = step.run(context)
    except UnusableModel as error:
        raise TwofoldError(str(error)) from error
    seconds = round(time.monotonic() - started, 2)
    outputs = {name: content_hash(context.round.path(name)) for name in step.makes}
    entry = {"fingerprint": _fingerprint(step, context.config, inputs), "inputs": inputs, "outputs": outputs}
    manifest = {**_manifest(context.round), step.name: {**entry, "summary": summary}}
    context.round.write_json("manifest.json", manifest)
    facts = {"round": context.round.number, "summary": summary, "inputs": inputs, "seconds": seconds}
    ledger.append(context.project.folder, step.name, **facts)
    return Done(step=step.name, round=context.round, summary=summary, ran=True)


def is_fresh(step: Step, project: Project, round_: Round) -> bool:
    """Whether the step's outputs are there, whole, and made from today's inputs and settings."""
    entry = _manifest(round_).get(step.name)
    if entry is None or set(entry["outputs"]) != set(step.makes):
        return False
    if entry["fingerprint"] != _fingerprint(step, project.config, _inputs(step, project, round_)):
        return False
    return all(_hash(round_.path(name)) == digest for name, digest in entry["outputs"].items())


def _manifest(round_: Round) -> dict[str, Any]:
    return dict(round_.json("manifest.json")) if round_.has("manifest.json") else {}


def _inputs(step: Step, project: Project, round_: Round) -> dict[str, str]:
    return {str(p.relative_to(project.folder)): _hash(p) for p in step.reads(project, round_)}


def _hash(path: Path) -> str:
    return content_hash(path) if path.exists() else ""


def _fingerprint(step: Step, config: Config, inputs: Mapping[str, str]) -> str:
    text = json.dumps([version("twofold"), step.name, step.depends_on(config), inputs], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
