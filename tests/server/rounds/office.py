"""A small project, the server, and people who answer, change their minds, and begin what they do not finish."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.project.folder import Project, Round, open_project
from curation.rounds import loop


def quiet(name: str) -> Any:
    return lambda done, total: None


class Office:
    """A project in its first round, and its people by their short names."""

    def __init__(self, argilla: ArgillaClient, folder: Path) -> None:
        self.argilla = argilla
        self.folder = folder
        self.passwords: dict[str, str] = {}
        self.seen: list[str] = []

    @property
    def project(self) -> Project:
        """The project as its files say now."""
        return open_project(self.folder)

    @property
    def round(self) -> Round:
        return self.project.current

    def do(self, steps: Any) -> str:
        """Run steps to their end and return all that they said."""
        said = [f"{done.step}: {done.summary}" for done in steps]
        self.seen += said
        return "\n".join(said)

    def push(self, **options: Any) -> str:
        return self.do(loop.send(self.project, lambda: self.argilla, quiet, **options))

    def pull(self, **options: Any) -> str:
        return self.do(loop.take_votes(self.project, lambda: self.argilla, **options))

    def review(self) -> str:
        return self.do(loop.decide(self.project, lambda: self.argilla, quiet))

    def go(self, **options: Any) -> str:
        return self.do(loop.advance(self.project, lambda: self.argilla, quiet, **options))

    def take(self) -> str:
        return "\n".join((self.pull(), self.review()))

    # People

    def join(self, *names: str, role: str = "annotator") -> None:
        project = self.project
        for name in names:
            for workspace in naming.workspaces(project, role):
                new = self.argilla.add_reviewer(self.username(name), workspace, role=naming.argilla_role(role))
                if new:
                    self.passwords[name] = new.password

    def leave(self, name: str, role: str = "annotator") -> None:
        assert self.argilla.remove_reviewer(self.username(name), naming.workspace(self.project, role))

    def delete_account(self, name: str) -> None:
        self.argilla._client.users(self.username(name)).delete()

    def username(self, name: str) -> str:
        return f"{name}-{self.project.config.name}"

    def session(self, name: str) -> Session:
        return Session(self.argilla.url, self.username(name), self.passwords[name])

    def answer(
        self,
        name: str,
        answers: Mapping[str, str],
        *,
        status: str = "",
        role: str = "annotator",
        number: int = 0,
        third_look: bool = False,
    ) -> None:
        """Answer records as the page does: a label, or an empty one to discard; what was answered before changes."""
        round_ = self.project.round(number or self.project.current.number)
        session = self.session(name)
        dataset = session._dataset(naming.dataset(self.project, round_, role, third_look=third_look))
        for record_id, label in answers.items():
            record = self.record(dataset, record_id)
            body: dict[str, Any] = {"status": status or ("submitted" if label else "discarded")}
            if label:
                body["values"] = {"label": {"value": label}}
            mine = session._checked(session._http.get(f"/api/v1/records/{record}?include=responses"))
            held = [r for r in mine.get("responses") or () if r["user_id"] == self.user_id(session)]
            if held:
                session._checked(session._http.put(f"/api/v1/responses/{held[0]['id']}", json=body))
            else:
                session._post(f"/api/v1/records/{record}/responses", body)

    def user_id(self, session: Session) -> str:
        return str(session._checked(session._http.get("/api/v1/me"))["id"])

    def record(self, dataset: str, record_id: str) -> str:
        http = self.argilla._client.http_client
        items = http.get(f"/api/v1/datasets/{dataset}/records?limit=500").raise_for_status().json()["items"]
        return next(str(item["id"]) for item in items if item["external_id"] == record_id)

    def pending(self, name: str, role: str = "annotator") -> set[str]:
        """What the page offers somebody."""
        session = self.session(name)
        dataset = session._dataset(naming.dataset(self.project, self.project.current, role))
        return {record["external_id"] for record in session._pending(dataset)}

    def progress(self, role: str = "annotator", number: int = 0) -> Any:
        round_ = self.project.round(number or self.project.current.number)
        dataset = self.argilla.dataset(naming.dataset(self.project, round_, role), naming.workspace(self.project, role))
        return None if dataset is None else self.argilla.progress(dataset)

    # Settings and results

    def edit(self, **settings: Any) -> None:
        """Change keys of `twofold.toml`, as a person does in an editor."""
        path = self.folder / "twofold.toml"
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
        for key, value in settings.items():
            task: Any = document["task"]
            if key == "labels":
                next(iter(task["questions"].values()))["labels"] = value
            elif key == "question":
                task["questions"] = {value: next(iter(task["questions"].values()))}
            else:
                (task if key == "fields" else document["annotation"])[key] = value  # type: ignore[index]
        path.write_text(tomlkit.dumps(document), encoding="utf-8")

    def decisions(self, number: int = 0) -> dict[str, tuple[str, str | None]]:
        round_ = self.project.round(number or self.project.current.number)
        rows = round_.table("decisions.parquet").to_pylist()
        return {row["record_id"]: (row["method"], row["value"]) for row in rows}

    def votes(self, number: int = 0) -> dict[tuple[str, str], str | None]:
        """Label by person and record; None for a discard."""
        votes = self.project.round(number or self.project.current.number).votes().to_pylist()
        found = {(v["reviewer"].split("-")[0], v["record_id"]): v["value"] for v in votes if v["status"] != "draft"}
        assert len(found) == sum(v["status"] != "draft" for v in votes)
        return found

    def labels(self, number: int = 0) -> dict[str, str | None]:
        rows = self.project.round(number or self.project.current.number).table("labels.parquet").to_pylist()
        return {row["record_id"]: row["value"] for row in rows}

    def waits(self) -> list[loop.Waiting]:
        return loop.waiting(self.project, self.project.current, self.argilla)
