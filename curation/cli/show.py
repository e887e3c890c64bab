"""How commands answer: sentences for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from curation.cli.screen import Screen
    from curation.step import Done

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
project_dir = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), default=Path())


def show_steps(steps: Iterable[Done], screen: Screen) -> list[Done]:
    """Say every step's sentence as it ends."""
    finished = []
    for done in steps:
        finished.append(done)
        screen.say(f"{done.step:<10} {done.summary}" + ("" if done.ran else "  (up to date)"))
    return finished


def show_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))
