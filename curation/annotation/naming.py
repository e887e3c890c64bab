"""What a project's things are called in Argilla."""

from __future__ import annotations

from curation.project import Project, Round

ROLES = ("annotator", "adjudicator")


def workspace(project: Project, role: str = "annotator") -> str:
    """Return the workspace that people of this role see; adjudicators have one of their own."""
    return project.config.name if role == "annotator" else f"{project.config.name}-adjudication"


def dataset(project: Project, round_: Round, role: str = "annotator") -> str:
    """Return the data set of a round that people of this role answer in."""
    name = f"{project.config.name}-round-{round_.number:03d}"
    return name if role == "annotator" else f"{name}-adjudication"
