"""What a project's things are called in Argilla."""

from __future__ import annotations

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


def dataset(project: Project, round_: Round, role: str = "annotator") -> str:
    """Return the data set of a round that people of this role answer in."""
    name = f"{project.config.name}-round-{round_.number:03d}"
    return name if role == Role.ANNOTATOR else f"{name}-adjudication"
