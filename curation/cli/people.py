"""`twofold reviewers`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.annotation.connect import connect
from curation.annotation.people import refuse_bad_names, refuse_second_role
from curation.cli.screen import Screen
from curation.cli.show import as_json, project_dir
from curation.errors import TwofoldError
from curation.project.folder import Project, open_project

role_option = click.option(
    "--role",
    type=click.Choice(naming.PEOPLE),
    default="annotator",
    show_default=True,
    help="Annotators answer; an adjudicator settles what two annotators disagree on; a lead sees every answer.",
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
    refuse_bad_names(names)
    project = open_project(folder)
    argilla = connect(project.config)
    for name in names:
        refuse_second_role(project, argilla, name, role)
    added: list[dict[str, str | None]] = []
    with Screen(as_json=as_json) as screen:
        # Noted before anybody is added: a password that was not shown when the next one is refused would be lost.
        screen.found(added=added, url=argilla.url)
        for person in _added(project, argilla, names, role):
            added.append(person)
            secret = f"password {person['password']}" if person["password"] else "was there already"
            screen.say(f"{person['username']} ({role}): {secret}")
        screen.say(f"They sign in at {argilla.url}")


def _added(
    project: Project, argilla: ArgillaClient, names: tuple[str, ...], role: str
) -> Iterator[dict[str, str | None]]:
    for name in names:
        made = [
            argilla.add_reviewer(name, workspace, role=naming.argilla_role(role))
            for workspace in naming.workspaces(project, role)
        ]
        password = next((new.password for new in made if new), None)
        yield {"username": name, "role": role, "password": password}


@reviewers.command("list")
@project_dir
@as_json
def listed(folder: Path, as_json: bool) -> None:
    """List the people of a project."""
    project = open_project(folder)
    argilla = connect(project.config)
    people = {
        role: argilla.reviewers(naming.workspaces(project, role)[0], role=naming.argilla_role(role))
        for role in naming.PEOPLE
    }
    with Screen(as_json=as_json) as screen:
        screen.found(**people)
        for role, names in people.items():
            screen.say(f"{role}s: {', '.join(names) or 'nobody yet'}")


@reviewers.command("reset")
@project_dir
@click.argument("name")
@as_json
def reset(folder: Path, name: str, as_json: bool) -> None:
    """Give somebody a new password, shown once."""
    with Screen(as_json=as_json) as screen:
        new = connect(open_project(folder).config).reset_password(name)
        screen.found(username=new.username, password=new.password)
        screen.say(f"{new.username}: password {new.password}")


@reviewers.command("remove")
@project_dir
@click.argument("name")
@role_option
@as_json
def remove(folder: Path, name: str, role: str, as_json: bool) -> None:
    """Take somebody out of the project; their answers stay."""
    project = open_project(folder)
    argilla = connect(project.config)
    removed = [argilla.remove_reviewer(name, workspace) for workspace in naming.workspaces(project, role)]
    if not any(removed):
        raise TwofoldError(f"{name!r} is no {role} of this project")
    with Screen(as_json=as_json) as screen:
        screen.found(username=name, role=role, removed=True)
        screen.say(f"{name} is no longer {role} of {project.config.name}")
