"""A project on a server, and the people who read for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.project.folder import Project, open_project
from curation.rounds import loop


def quiet(name: str) -> Callable[[int, int], None]:
    return lambda done, total: None


class Desk:
    """A project and its people."""

    def __init__(self, folder: Path, argilla: ArgillaClient) -> None:
        self.folder, self.argilla = folder, argilla

    @property
    def project(self) -> Project:
        return open_project(self.folder)

    def go(self) -> str:
        done = loop.advance(self.project, lambda: self.argilla, quiet)
        return "\n".join(f"{each.step}: {each.summary}" for each in done)

    def answer(self, name: str, answers: Mapping[str, Any], role: str = "annotator") -> None:
        project = self.project
        username, workspace = f"{name}-{project.config.name}", naming.workspace(project, role)
        person = self.argilla.add_reviewer(username, workspace)
        assert person is not None
        session = Session(self.argilla.url, username, person.password)
        dataset = naming.dataset(project, project.current, role)
        assert len(list(session.answer(dataset, answers, question=project.config.task.question))) == len(answers)

    def suggested(self) -> dict[str, Any]:
        """What the page of the newest round suggests, by record."""
        project = self.project
        dataset = self.argilla.dataset(naming.dataset(project, project.current), naming.workspace(project))
        path = f"/api/v1/datasets/{dataset.id}/records?include=suggestions&limit=1000"
        items = self.argilla._client.http_client.get(path).raise_for_status().json()["items"]
        return {item["external_id"]: [each["value"] for each in item["suggestions"]] for item in items}
