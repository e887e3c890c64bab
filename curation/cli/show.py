"""What commands share: their options, and how they tell of steps."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curation.cli.screen import print_json as show_json

if TYPE_CHECKING:
    from curation.cli.screen import Screen
    from curation.project.step import Done

__all__ = ["as_json", "project_dir", "question", "show_json", "show_steps"]

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in one JSON value, errors too.")
project_dir = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), default=Path())


question = click.option(
    "--question", help="Which of several questions; by default the first, or that of the model for what a model made."
)


def show_steps(steps: Iterable[Done], screen: Screen) -> None:
    """Say every step's sentence as it ends, and note what it found in numbers."""
    from curation.rounds.findings import findings

    finished: list[dict[str, Any]] = []
    screen.found(steps=finished)
    for done in steps:
        finished.append(
            {
                "step": done.step,
                "round": done.round.number,
                "ran": done.ran,
                "summary": done.summary,
                "found": findings(done.round, done.step),
            }
        )
        screen.say(f"{done.step:<10} {done.summary}" + ("" if done.ran else "  (up to date)"))
