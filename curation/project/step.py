"""A step of a round: what it makes, what it read, and whether what it made is still up to date.

Like `make`, with content hashes in place of times, and without a list of inputs: what a step reads is noted while it
runs. It runs again when a file that it read, or a setting that it depends on, has changed, when one that it looked
for in vain has come, or when an output is missing. Its line in the manifest is written last, so that a step killed
half-way simply runs again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

from curation.errors import TwofoldError
from curation.project import ledger
from curation.project.config import Config
from curation.project.folder import Project, Round
from curation.project.reads import Noted, content_hash, digest, noted
from training.models.model_files import UnusableModel

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
        keeps: Files of the round or the project that it reads to add to them, or not to make them twice: no input, as a
            run that was killed may have left them behind.
        needs: Artifacts of the same round, or of a step that runs once, without which it cannot run; it reads more
            where there is more.
        depends_on: The settings that decide it, JSON-ready.
        run: Does the work and returns one sentence about the outcome.
        revision: Raised when its code makes something else of the same inputs, so that it runs again.
        once: Whether it runs for all rounds at once, in round 0: what it makes depends on no label.
        told: What else its line in the ledger says, by the round in which it ran, JSON-ready.
    """

    name: str
    makes: Sequence[str]
    keeps: Sequence[str] = ()
    needs: Sequence[str] = ()
    depends_on: Callable[[Config], Any]
    run: Callable[[Context], str]
    revision: int = 1
    once: bool = False
    told: Callable[[Round], Mapping[str, Any]] = lambda round_: {}

    def home(self, project: Project, round_: Round) -> Round:
        """Return the round in whose folder lies what it makes for this round."""
        return project.first if self.once else round_


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a step ended: in which round, its sentence, and whether there was anything to do."""

    step: str
    round: Round
    summary: str
    ran: bool


def run_step(step: Step, context: Context, *, force: bool = False) -> Done:
    """Run a step unless everything it would make is there and up to date."""
    context = replace(context, round=step.home(context.project, context.round))
    if not force and is_fresh(step, context.project, context.round):
        summary = _manifest(context.round)[step.name]["summary"]
        return Done(step=step.name, round=context.round, summary=summary, ran=False)
    started = time.monotonic()
    try:
        with noted() as files:
            summary = step.run(context)
    except UnusableModel as error:
        raise TwofoldError(str(error)) from error
    seconds = round(time.monotonic() - started, 2)
    inputs = _inputs(step, context, files)
    outputs = {name: content_hash(context.round.path(name)) for name in step.makes}
    entry = {"fingerprint": _fingerprint(step, context.config), "inputs": inputs, "outputs": outputs}
    manifest = {**_manifest(context.round), step.name: {**entry, "summary": summary}}
    context.round.write_json("manifest.json", manifest)
    facts = {"round": context.round.number, "summary": summary, "inputs": inputs, "seconds": seconds}
    ledger.append(context.project.folder, step.name, **facts, **step.told(context.round))
    return Done(step=step.name, round=context.round, summary=summary, ran=True)


def is_fresh(step: Step, project: Project, round_: Round) -> bool:
    """Whether the step's outputs are there, whole, and made from today's inputs and settings."""
    home = step.home(project, round_)
    entry = _manifest(home).get(step.name)
    if entry is None or set(entry["outputs"]) != set(step.makes):
        return False
    if entry["fingerprint"] != _fingerprint(step, project.config):
        return False
    inputs = all(digest(project.path(name)) == found for name, found in entry["inputs"].items())
    return inputs and all(digest(home.path(name)) == found for name, found in entry["outputs"].items())


def _inputs(step: Step, context: Context, files: Noted) -> dict[str, str]:
    """Return the digest of every file that the step read and did not make, by its path in the project."""
    inside = context.project.folder
    own = {path(name) for path in (context.round.path, context.project.path) for name in (*step.makes, *step.keeps)}
    own |= files.written
    return {str(path.relative_to(inside)): found for path, found in sorted(files.read.items()) if path not in own}


def _manifest(round_: Round) -> dict[str, Any]:
    return dict(round_.json("manifest.json")) if round_.has("manifest.json") else {}


def _fingerprint(step: Step, config: Config) -> str:
    settings = step.depends_on(config)
    text = json.dumps([version("twofold"), step.name, step.revision, settings], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
