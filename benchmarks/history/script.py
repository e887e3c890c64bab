"""A history as a script: done, done again, and cut down to what it needs to fail."""

from __future__ import annotations

import itertools
import shutil
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from benchmarks.history.checks import Watch, finish
from benchmarks.history.service import Service
from benchmarks.history.world import CHEAP, World, keep_embeddings
from curation.rounds import loop

Script: TypeAlias = Sequence[tuple[str | int, ...]]
_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What did not hold, after which steps."""

    message: str
    script: Script
    told: Sequence[str]

    @property
    def kind(self) -> str:
        """The message without what differs from one history to the next."""
        return "".join(c for c in self.message[:60] if not c.isdigit())

    def __str__(self) -> str:
        steps = "\n".join(f"    {step}," for step in self.script)
        return f"{self.message}\n\nscript:\n[\n{steps}\n]\n\n" + "\n".join(self.told)


def said(error: Exception) -> str:
    """What an error says, with its kind and place where it is none of the checks'."""
    if isinstance(error, AssertionError):
        return str(error)
    where = "".join(traceback.format_tb(error.__traceback__)[-2:])
    return f"{type(error).__name__}: {error}\n{where}"


@contextmanager
def cheap_rounds() -> Iterator[None]:
    """Leave out of a round what trains and reports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "LEARN", CHEAP)
        yield


@contextmanager
def new_world(service: Service, folder: Path) -> Iterator[World]:
    """A world with names of its own; its folder is deleted at the end."""
    number = next(_numbers)
    world = World(service=service, folder=folder / f"{number:05d}" / "project", prefix=f"h{number:05d}-")
    try:
        with cheap_rounds():
            yield world
        keep_embeddings(world.folder)
    finally:
        world.forget_sessions()
        service.ready()
        service.forget(world.prefix)
        shutil.rmtree(world.folder.parent, ignore_errors=True)


def failure(service: Service, folder: Path, script: Script) -> Failure | None:
    """Do a history and check after every step; what did not hold, or None."""
    with new_world(service, folder) as world:
        watch = Watch(world)
        try:
            for kind, *numbers in script:
                step(world, watch, str(kind), *map(int, numbers))
        except Exception as error:
            return Failure(message=said(error), script=list(world.steps), told=list(world.told))
    return None


def step(world: World, watch: Watch, kind: str, *numbers: int) -> None:
    """Take a step and check; a step called "finish" lets people do what is asked until the project is further."""
    if kind == "finish":
        world.steps.append((kind,))
        for done in finish(world, watch):
            world.say(done)
    else:
        world.do(kind, *numbers)
    watch.check()


def shrunk(service: Service, folder: Path, found: Failure, *, tries: int = 40) -> Failure:
    """Leave out steps as long as the same thing fails: halves first, then single ones."""
    size = max(1, len(found.script) // 2)
    while tries > 0:
        cut = False
        start = 1  # the first step makes the project
        while start < len(found.script) and tries > 0:
            tries -= 1
            less = [*found.script[:start], *found.script[start + size :]]
            again = failure(service, folder, less)
            if again is not None and again.kind == found.kind:
                found, cut = again, True
            else:
                start += size
        if size == 1 and not cut:
            break
        size = max(1, size // 2)
    return found
