"""One person, one role: nobody settles a dispute about a record that they read."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow.compute as pc

from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.errors import TwofoldError
from curation.project.folder import Project
from curation.project.records import column
from curation.tasks.limits import bad_username

OTHER = {"annotator": "adjudicator", "adjudicator": "annotator"}
DOES = {"annotator": "reads records in", "adjudicator": "settles disputes in"}


def refuse_bad_names(usernames: Iterable[str]) -> None:
    """See that everybody who is to be added can have an account of that name.

    Raises:
        TwofoldError: Somebody cannot; nobody is added then.
    """
    for username in usernames:
        if wrong := bad_username(username):
            raise TwofoldError(wrong)


def refuse_second_role(project: Project, argilla: ArgillaClient, username: str, role: str) -> None:
    """See that somebody who is to take part does not have the other role already, or had it and used it.

    Raises:
        TwofoldError: They do: an adjudicator has to be a third person.
    """
    if role not in OTHER:
        return
    other = OTHER[role]
    if username in argilla.reviewers(naming.workspace(project, other)) or username in _have_answered(project, other):
        raise TwofoldError(
            f"{username!r} {DOES[other]} {project.config.name} as {other}, and an adjudicator has to be somebody who"
            f" did not read the record: choose another person as {role}"
        )


def _have_answered(project: Project, role: str) -> set[str]:
    found: set[str] = set()
    for round_ in project.rounds():
        if round_.snapshots():
            votes = round_.votes()
            found |= set(column(votes.filter(pc.equal(votes["role"], role)), "reviewer"))
    return found
