"""Every kind of answer, ours and one from elsewhere, from a file through two readers and a third person to the exports.

What people answer comes in by the API, as from their pages.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.cli import cli
from curation.errors import TwofoldError
from curation.project.folder import Project, open_project
from curation.project.records import QUESTION, queue_schema, table
from curation.project.step import Context
from curation.rounds import loop
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest
from curation.steps.push import push
from curation.tasks.kinds import kind_named

pytestmark = pytest.mark.server
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """A kind, and what people say: `ana` and `ben` agree on all records but `m1`, where `carla` says `ruled`."""

    kind: str
    settings: Mapping[str, Any]
    same: Any
    other: Any
    ruled: Any
    words: str
    fields: tuple[str, ...] = ("text",)

    def __str__(self) -> str:
        return self.kind


CASES = [
    Case("single_label", {"labels": ["question", "complaint"]}, "question", "complaint", "complaint", "complaint"),
    Case("rating", {"values": [0, 1, 2, 3]}, 0, 3, 2, "2"),
    Case(
        "multi_label",
        {"labels": ["praise", "delivery", "money"]},
        ["delivery"],
        [],
        ["money", "praise"],
        "money | praise",
    ),
    Case(
        "span",
        {"labels": ["thing", "complaint"], "field": "text"},
        [{"start": 0, "end": 6, "label": "thing"}],
        [],
        [{"start": 0, "end": 6, "label": "thing"}, {"start": 9, "end": 21, "label": "complaint"}],
        "0-6 thing; 9-21 complaint",
    ),
    Case("preference", {"ties": True}, "first", "equal", "second", "second", ("prompt", "first", "second")),
    Case(
        "text",
        {},
        "Where is my parcel?",
        "Where's my  parcel?",
        "Where is my big parcel?",
        "Where is my big parcel?",
    ),
    Case(
        "ranking",
        {"options": ["speed", "price", "tone"]},
        [{"value": "price", "rank": 1}, {"value": "speed", "rank": 2}, {"value": "tone", "rank": 2}],
        [{"value": "price", "rank": 1}, {"value": "speed", "rank": 2}, {"value": "tone", "rank": 3}],
        [{"value": "tone", "rank": 1}, {"value": "price", "rank": 2}, {"value": "speed", "rank": 3}],
        "tone > price > speed",
    ),
    Case(
        "topics",
        {"labels": ["delivery", "money", "praise"]},
        ["delivery"],
        ["delivery", "money"],
        ["money", "praise"],
        "money + praise",
    ),
]
TEXTS = {f"m{i}": f"Parcel {i} has not come and nobody says where it is." for i in range(6)}


def row(record_id: str, case: Case, *more: str) -> str:
    """One line of a file: every field has the record's text, and a word of its own where there are several."""
    texts = [TEXTS.get(record_id, f"text {record_id}") + f" {name}" * (i > 0) for i, name in enumerate(case.fields)]
    return ",".join([record_id, *texts, *more])


def quiet(name: str) -> Callable[[int, int], None]:
    return lambda done, total: None


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest, install: Callable[..., Path]) -> Case:
    found: Case = request.param
    if found.kind == "topics":
        code = (HERE / "topics_kind.py").read_text(encoding="utf-8")
        install("their_kinds", code, "twofold.kinds", topics="their_kinds:kind")
    return found


class Desk:
    """A project of one kind, and its people."""

    def __init__(self, case: Case, folder: Path, argilla: ArgillaClient) -> None:
        self.folder, self.argilla, self.case = folder, argilla, case
        data = folder.parent / "messages.csv"
        data.write_text(
            "\n".join([",".join(["id", *case.fields]), *map(row, TEXTS, repeat(case)), ""]), encoding="utf-8"
        )
        settings = dict(case.settings)
        labels = settings.pop("labels", None)
        ingest(
            Intake(
                folder=folder,
                data=data,
                columns=Columns(fields={name: name for name in case.fields}, record_id="id"),
                kind=kind_named(case.kind),
                settings=settings,
                labels=labels,
                name=f"kinds-{uuid4().hex[:8]}",
            )
        )

    @property
    def project(self) -> Project:
        return open_project(self.folder)

    def go(self) -> str:
        return "\n".join(
            f"{done.step}: {done.summary}" for done in loop.advance(self.project, lambda: self.argilla, quiet)
        )

    def answer(self, name: str, role: str, answers: Mapping[str, Any]) -> None:
        workspace = naming.workspace(self.project, role)
        username = f"{name}-{self.project.config.name}"
        person = self.argilla.add_reviewer(username, workspace) or self.argilla.reset_password(username)
        dataset = naming.dataset(self.project, self.project.round(1), role)
        session = Session(self.argilla.url, username, person.password)
        task = self.project.config.task
        stored = {i: task.kind.encode(answer, {x: x for x in task.labels}) for i, answer in answers.items()}
        assert len(list(session.answer(dataset, stored, question=task.question))) == len(answers)

    def offered(self) -> list[Any]:
        """What the page offers to choose from, in its order."""
        name, workspace = naming.dataset(self.project, self.project.round(1)), naming.workspace(self.project)
        path = f"/api/v1/datasets/{self.argilla.dataset(name, workspace).id}/questions"
        (question,) = self.argilla._client.http_client.get(path).json()["items"]
        return [option["value"] for option in question["settings"].get("options", [])]

    def exported(self, what: str) -> list[dict[str, Any]]:
        """Rows as `twofold export` writes them."""
        return [json.loads(line) for line in self.run("export", "--what", what, "--format", "jsonl").splitlines()]

    def run(self, command: str, *more: str) -> str:
        done = CliRunner().invoke(cli, [command, str(self.folder), *more])
        assert done.exit_code == 0, done.output
        return done.stdout


@pytest.fixture
def desk(case: Case, tmp_path: Path, argilla_server: Any) -> Desk:
    return Desk(case, tmp_path / "shop", ArgillaClient(argilla_server.url, argilla_server.api_key))


def test_from_a_file_through_people_to_the_exports(desk: Desk, case: Case) -> None:
    assert f"{len(TEXTS)} records wait for 2 people each" in desk.go()
    assert desk.offered()[: len(desk.project.config.task.labels)] == list(desk.project.config.task.labels)
    desk.answer("ana", "annotator", dict.fromkeys(TEXTS, case.same))
    desk.answer("ben", "annotator", {**dict.fromkeys(TEXTS, case.same), "m1": case.other})
    assert "5 agreed, 1 disputed" in desk.go()
    project = desk.project
    listed = project.round(1).table("adjudication.parquet").to_pylist()
    show = project.config.task.kind.show
    assert [(row["record_id"], set(row["answers"])) for row in listed] == [("m1", {show(case.same), show(case.other)})]
    desk.answer("carla", "adjudicator", {"m1": case.ruled})
    assert "1 adjudicated, 5 agreed" in desk.go()

    column = desk.project.config.task.kind.column
    decided = {row["record_id"]: (row["method"], row[column]) for row in desk.exported("decisions")}
    assert decided == {**dict.fromkeys(TEXTS, ("agreed", case.same)), "m1": ("adjudicated", case.ruled)}
    votes = {(row["reviewer"].split("-")[0], row["record_id"]): row[column] for row in desk.exported("votes")}
    assert len(votes) == 2 * len(TEXTS) + 1
    assert votes["ben", "m1"] == case.other
    cells = csv.DictReader(desk.run("export", "--what", "decisions").splitlines())
    in_words = {row["record_id"]: row[column] for row in cells}
    assert in_words == {**dict.fromkeys(TEXTS, show(case.same)), "m1": case.words}
    assert desk.project.current.number == 1  # every record was read
    report = json.loads((desk.project.round(1).path("report.json")).read_text(encoding="utf-8"))
    assert report["project"]["kind"] == case.kind
    assert report["review"]["agreement"]["alpha"]["value"] < 1
    assert [row["votes"] for row in report["review"]["reviewers"]] == [len(TEXTS), len(TEXTS), 1]
    task = project.config.task
    told = [str(name) for name in (task.labels if task.kind.agreement else task.kind.choices(task.asked))]
    assert {row["label"] for row in report["review"]["agreement"]["per_label"]} == set(told)


def test_what_a_model_says_is_suggested(desk: Desk, case: Case) -> None:
    project = desk.project
    task = project.config.task
    schema = queue_schema(task.kind.value()).with_metadata({QUESTION: task.question})
    row = {"kind": "unlabelled", "reason": "", "priority": 1.0, "suggested": case.same, "suggested_prob": 0.75}
    project.round(1).write_table("batch.parquet", table([{"record_id": i, **row} for i in TEXTS], schema))
    push(Context(project=project, round=project.round(1)), desk.argilla)
    dataset = desk.argilla.dataset(naming.dataset(project, project.round(1)), naming.workspace(project))
    path = f"/api/v1/datasets/{dataset.id}/records?include=suggestions"
    items = desk.argilla._client.http_client.get(path).raise_for_status().json()["items"]
    assert len(items) == len(TEXTS)
    stored = task.kind.encode(case.same, {label: label for label in task.labels})
    assert [each["value"] for item in items for each in item["suggestions"]] == [stored] * len(TEXTS)


def test_answers_that_came_with_the_file_are_kept_and_wrong_ones_named(case: Case, tmp_path: Path) -> None:
    show = kind_named(case.kind).show
    data = tmp_path / "given.csv"
    given = {"a": case.same, "b": case.other, "c": None}
    rows = [row(i, case, "" if value is None else show(value)) for i, value in given.items()]
    header = ",".join(["id", *case.fields, "given"])
    data.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    settings = dict(case.settings)
    labels = settings.pop("labels", None)
    wanted = Intake(
        folder=tmp_path / "project",
        data=data,
        columns=Columns(fields={name: name for name in case.fields}, label="given", record_id="id"),
        kind=kind_named(case.kind),
        settings=settings,
        labels=labels,
    )
    project = ingest(wanted)
    values = project.round(0).table("labels.parquet").to_pylist()
    assert {row["record_id"]: row["value"] for row in values} == given
    if kind_named(case.kind).is_written:
        return  # any text is an answer
    data.write_text("\n".join([header, row("a", case, "nonsense"), row("b", case, ""), ""]), encoding="utf-8")
    with pytest.raises(TwofoldError, match=r"given\.csv, row 2, column 'given': .*'nonsense'"):
        ingest(replace(wanted, folder=tmp_path / "wrong"))
    assert not (tmp_path / "wrong").exists()
