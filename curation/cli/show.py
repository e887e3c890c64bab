"""How commands speak: lines for people, JSON for programs, progress bars only where somebody watches."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from curation.rounds import Ticker
    from curation.step import Done, Tick

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
project_dir = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), default=Path())


@contextmanager
def progress() -> Iterator[Ticker]:
    """Offer a progress bar per step on a terminal, and silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda name: lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        yield lambda name: _tick(bars, bars.add_task(name, total=None))


def _tick(bars: Any, task: Any) -> Tick:
    return lambda done, total: bars.update(task, completed=done, total=total)


def show_steps(steps: Iterable[Done], *, as_json: bool) -> list[Done]:
    """Print every step's sentence as it ends."""
    finished = []
    for done in steps:
        finished.append(done)
        if not as_json:
            click.echo(f"{done.step:<10} {done.summary}" + ("" if done.ran else "  (up to date)"))
    if as_json:
        show_json([{"step": d.step, "summary": d.summary, "ran": d.ran} for d in finished])
    return finished


def show_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))
