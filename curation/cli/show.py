"""What commands share: their options, and how they tell of steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from curation.cli.screen import print_json as show_json
from curation.sources.rows import Quoting

if TYPE_CHECKING:
    from curation.cli.screen import Screen
    from curation.project.folder import Project
    from curation.project.step import Context, Done

__all__ = ["as_json", "how_to_read", "learnt_upto", "project_dir", "question", "show_json", "show_steps"]

Command = TypeVar("Command", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in one JSON value, errors too.")
project_dir = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), default=Path())


question = click.option(
    "--question", help="Which of several questions; by default the first, or that of the model for what a model made."
)

_HOW_TO_READ = (
    click.option("--encoding", default="utf-8", show_default=True, help="Of files that are text."),
    click.option("--delimiter", help="What separates cells: one character, or tab; by default what the ending says."),
    click.option(
        "--quoting",
        type=click.Choice(get_args(Quoting)),
        help="csv: quotes hold a cell together; none: a quote is text. Default: none between tabs, else csv.",
    ),
)


def how_to_read(command: Command) -> Command:
    """Give a command the options that say how a file of text is read."""
    for option in reversed(_HOW_TO_READ):
        command = option(command)
    return command


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


def learnt_upto(project: Project, step: str, screen: Screen) -> Context:
    """Bring the newest round with something to learn up to a step, telling of each on the way.

    Returns:
        The project and that round as they are seen from the question that a model learns.
    """
    from curation.project.step import Context
    from curation.rounds import loop

    number = loop.learnable(project).number
    show_steps(loop.learn(project, project.round(number), step, screen.bar), screen)
    return Context(project=project.trained, round=project.trained.round(number))
