"""Chosen and rejected texts through two blind readers, one of whom likes what stands first, to the exports."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import tomlkit
from click.testing import CliRunner

from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.cli import cli
from curation.project.folder import open_project
from curation.rounds import loop

pytestmark = pytest.mark.server
THINGS = ("lamp", "bicycle", "piano", "kettle", "tent", "violin", "carpet", "sofa", "canoe", "helmet")
# By these ids the better text stands first in 13 of 30 pairs: who is always right leans to no place.
PAIRS = [
    {"id": f"q{n:02}", "prompt": f"Is the {thing} {n} good?", "chosen": f"Yes, it is, {n}.", "rejected": f"Go, {n}!"}
    for n, thing in enumerate(THINGS * 3)
]


def quiet(name: str) -> Callable[[int, int], None]:
    return lambda done, total: None


def run(*arguments: object) -> str:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_from_chosen_and_rejected_and_back(tmp_path: Path, argilla_server: Any) -> None:
    data, folder = tmp_path / "pairs.jsonl", tmp_path / "pairs"
    data.write_text("".join(json.dumps(pair) + "\n" for pair in PAIRS), encoding="utf-8")
    columns = [part for name in ("prompt", "chosen", "rejected") for part in ("--text", name)]
    run("init", folder, "--data", data, "--id", "id", *columns, "--name", f"pairs-{uuid4().hex[:8]}")
    path = folder / "twofold.toml"
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    document["training"] = {"method": "head", "epochs": 1, "precision": "fp32"}
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)

    def go() -> None:
        list(loop.advance(open_project(folder), lambda: argilla, quiet))

    def answer(name: str, answers: dict[str, str], role: str = "annotator") -> None:
        project = open_project(folder)
        username = f"{name}-{project.config.name}"
        person = argilla.add_reviewer(username, naming.workspace(project, role))
        assert person is not None
        session = Session(argilla.url, username, person.password)
        dataset = naming.dataset(project, project.current, role)
        assert len(list(session.answer(dataset, answers, question="preference"))) == len(answers)

    go()
    project = open_project(folder)
    sent = project.round(1).table("batch.parquet")["record_id"].to_pylist()
    records = {row["record_id"]: row for row in project.records.to_pylist()}
    better = {i: records[i]["value"] for i in sent}
    assert set(better.values()) == {"first", "second"}
    answer("ana", better)
    answer("lea", dict.fromkeys(sent, "first"))
    go()
    disputed = [i for i in sent if better[i] != "first"]
    answer("cem", {i: better[i] for i in disputed}, "adjudicator")
    go()

    report = json.loads(project.round(1).path("report.json").read_text(encoding="utf-8"))
    habits = {row["reviewer"].split("-")[0]: row["habit"] for row in report["review"]["reviewers"]}
    assert habits["lea"].startswith("prefers what stands first in ")
    assert "prefers" not in (habits["ana"] or "")
    decided, rows = (
        [json.loads(line) for line in run("export", folder, "--what", what, "--format", "jsonl").splitlines()]
        for what in ("decisions", "dataset")
    )
    assert {row["record_id"]: row["preference"] for row in decided} == better
    given = {pair["id"]: pair for pair in PAIRS}
    assert rows
    for row in rows:
        assert {name: row[name] for name in ("prompt", "chosen", "rejected")} == {
            name: given[row["record_id"]][name] for name in ("prompt", "chosen", "rejected")
        }
