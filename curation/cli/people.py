"""`twofold reviewers`."""

from __future__ import annotations

from pathlib import Path

import click

from curation.annotation import naming
from curation.annotation.connect import connect
from curation.cli.show import as_json, project_dir, show_json
from curation.errors import TwofoldError
from curation.project import open_project

role_option = click.option(
    "--role",
    type=click.Choice(naming.ROLES),
    default="annotator",
    show_default=True,
    help="Annotators answer; an adjudicator settles what two annotators disagree on.",
)


@click.group()
def reviewers() -> None:
    """The people of a project: separate Argilla users with passwords of their own."""


@reviewers.command("add")
@project_dir
@click.argument("names", nargs=-1, required=True)
@role_option
@as_json
def add(folder: Path, names: tuple[str, ...], role: str, as_json: bool) -> None:
    """Add people; a new person's password is shown once and kept nowhere."""
    project = open_project(folder)
    argilla = connect(project.config)
    added = []
    for name in names:
        new = argilla.add_reviewer(name, naming.workspace(project, role))
        added.append({"username": name, "role": role, "password": new.password if new else None})
    if as_json:
        show_json(added)
        return
    for person in added:
        secret = f"password {person['password']}" if person["password"] else "was there already"
        click.echo(f"{person['username']} ({role}): {secret}")
    click.echo(f"They sign in at {argilla.url}")


@reviewers.command("list")
@project_dir
@as_json
def listed(folder: Path, as_json: bool) -> None:
    """List the people of a project."""
    project = open_project(folder)
    argilla = connect(project.config)
    people = {role: argilla.reviewers(naming.workspace(project, role)) for role in naming.ROLES}
    if as_json:
        show_json(people)
        return
    for role, names in people.items():
        click.echo(f"{role}s: {', '.join(names) or 'nobody yet'}")


@reviewers.command("reset")
@project_dir
@click.argument("name")
def reset(folder: Path, name: str) -> None:
    """Give somebody a new password, shown once."""
    new = connect(open_project(folder).config).reset_password(name)
    click.echo(f"{new.username}: password {new.password}")


@reviewers.command("remove")
@project_dir
@click.argument("name")
@role_option
def remove(folder: Path, name: str, role: str) -> None:
    """Take somebody out of the project; their answers stay."""
    project = open_project(folder)
    if not connect(project.config).remove_reviewer(name, naming.workspace(project, role)):
        raise TwofoldError(f"{name!r} is no {role} of this project")
    click.echo(f"{name} is no longer {role} of {project.config.name}")
