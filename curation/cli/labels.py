"""`twofold labels`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from curation.annotation.connect import connect
from curation.cli import show
from curation.cli.screen import Screen
from curation.cli.show import as_json, project_dir, show_steps
from curation.errors import TwofoldError
from curation.project.folder import Project, open_project
from curation.project.label_names import merge_label, rename_label
from curation.rounds import loop


@click.group()
def labels() -> None:
    """The labels of a project: another name for one, or one with another."""


@labels.command("rename")
@project_dir
@click.argument("old")
@click.argument("new")
@show.question
@as_json
def rename(folder: Path, old: str, new: str, question: str | None, as_json: bool) -> None:
    """Call the label OLD by NEW from now on; answers keep their meaning, and open data sets show the new name."""
    _change(open_project(folder, contradicted=True).seen_from(question), as_json, rename_label, old, new)


@labels.command("merge")
@project_dir
@click.argument("old")
@click.argument("into")
@show.question
@as_json
def merge(folder: Path, old: str, into: str, question: str | None, as_json: bool) -> None:
    """Make the label OLD one with INTO: what was OLD is INTO from now on."""
    _change(open_project(folder, contradicted=True).seen_from(question), as_json, merge_label, old, into)


def _change(project: Project, as_json: bool, change: Callable[[Project, str, str], None], old: str, new: str) -> None:
    folder = project.folder
    with project.locked(), Screen(as_json=as_json) as screen:
        change(project, old, new)
        screen.found(old=old, new=new)
        screen.say(f"{old!r} is {new!r} from now on, in twofold.toml, in the tables and in the votes' meaning")
        changed = open_project(folder)
        try:
            show_steps(loop.show_labels(changed, lambda: connect(changed.config), screen.bar), screen)
        except TwofoldError as error:
            screen.say(f"its open data sets show the old name until `twofold push {folder}` reaches Argilla: {error}")
        screen.say("guidelines.md is as you wrote it; what was learned so far is learned anew by `twofold round`")
