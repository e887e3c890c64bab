"""What a project's things are called in Argilla."""

from __future__ import annotations

from dataclasses import dataclass

from curation.project.asked import third_looks_in
from curation.project.folder import Project, Round
from curation.project.standing import Role

ROLES = tuple(map(str, Role))
"""Who answers; each has a workspace and data sets of its own."""

LEAD = "lead"
"""Who sees every answer in all of a project's workspaces; answers nothing."""

PEOPLE = (*ROLES, LEAD)


def workspace(project: Project, role: str = "annotator") -> str:
    """Return the workspace that people of this role see; adjudicators have one of their own."""
    return project.config.name if role == Role.ANNOTATOR else f"{project.config.name}-adjudication"


def workspaces(project: Project, role: str) -> tuple[str, ...]:
    """Return all workspaces that people of this role see."""
    return tuple(workspace(project, each) for each in (ROLES if role == LEAD else (role,)))


def argilla_role(role: str) -> str:
    """Return what Argilla calls people of this role."""
    return "admin" if role == LEAD else "annotator"


def dataset(project: Project, round_: Round, role: str = "annotator", *, third_look: bool = False) -> str:
    """Return the data set of a round that people of this role answer in, or give its third looks in.

    Readers answer all questions in one; adjudicators have one for each question.
    """
    name = f"{project.config.name}-round-{round_.number:03d}"
    if role == Role.ANNOTATOR:
        return f"{name}-third-look" if third_look else name
    return f"{name}-adjudication-{project.question}" if project.question else f"{name}-adjudication"


@dataclass(frozen=True, kw_only=True)
class RoundDataset:
    """One of the data sets that the people of a round answer in.

    Attributes:
        role: As what they answer.
        name: Its name.
        workspace: Who sees it.
        is_third_look: Whether readers read there what others have read before them.
    """

    role: Role
    name: str
    workspace: str
    is_third_look: bool = False

    def needed(self, required: int) -> int:
        """Return how many answers complete a record here, by how many the round asked for."""
        return 1 if self.role == Role.ADJUDICATOR else required + self.is_third_look


def datasets(project: Project, round_: Round) -> list[RoundDataset]:
    """Return all data sets of a round, whether the server has them yet or not."""
    places = [(Role.ANNOTATOR, False), *([(Role.ANNOTATOR, True)] if third_looks_in(round_) else [])]
    return [
        RoundDataset(
            role=role,
            name=dataset(project, round_, role, third_look=third_look),
            workspace=workspace(project, role),
            is_third_look=third_look,
        )
        for role, third_look in [*places, (Role.ADJUDICATOR, False)]
    ]
