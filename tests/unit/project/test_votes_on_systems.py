"""Answers of readers become votes on systems: by their last word, with ties of outputs that are the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from curation.cli import cli
from curation.project.folder import Project, open_project
from curation.project.judged_systems import compared_systems, rated_systems, votes_on_systems
from curation.project.records import table, votes_schema
from curation.report.sections.systems import systems

TEXTS = {
    "plain": "It is {n}.",
    "long": "It is {n}, as far as anybody has been able to tell.",
    "wrong": "It is not {n}.",
}


def project(folder: Path, *names: str, more: tuple[str, ...] = ()) -> Project:
    arguments = ["init", str(folder / "p"), "--text", "prompt", "--text", "reply", "--id", "id", *more]
    for name in names:
        path = folder / f"{name}.jsonl"
        rows = [{"id": f"q{n}", "prompt": f"What is {n}?", "reply": TEXTS[name].format(n=n)} for n in range(20)]
        rows[0]["reply"] = "Nought."
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        arguments += ["--outputs", f"{name}={path}"]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    return open_project(folder / "p")


def vote(view: Project, says: dict[str, dict[str, Any]], number: int = 1) -> None:
    """Keep what readers said to records, as `pull` does."""
    at = datetime(2026, 1, number, tzinfo=UTC)
    rows = [
        {"record_id": record_id, "reviewer": reader, "role": "annotator", "status": "submitted", "value": said}
        | {"submitted_at": at, "gone": False}
        for reader, answers in says.items()
        for record_id, said in answers.items()
    ]
    view.round(number).write_table("votes/0001.parquet", table(rows, votes_schema(view.config.task.kind.value())))


def prefers(view: Project, better: str) -> dict[str, str]:
    """A reader who always prefers the text that looks like one system's."""
    texts = {row["record_id"]: dict(row["fields"]) for row in view.records.to_pylist()}
    start = TEXTS[better][:9]
    return {i: "first" if fields["first"].startswith(start) else "second" for i, fields in texts.items()}


def test_the_last_word_of_a_reader_counts_and_what_is_the_same_is_a_tie(tmp_path: Path) -> None:
    view = project(tmp_path, "long", "wrong")
    says = prefers(view, "wrong")
    vote(view, {"ana": dict.fromkeys(says, "equal"), "ben": says})
    vote(view, {"ana": says}, number=2)
    rows = votes_on_systems(view, view.round(2)).to_pylist()
    assert len(rows) == 2 * 19 + 1
    assert {row["first"] if row["winner"] == "first" else row["second"] for row in rows if row["reviewer"]} == {"wrong"}
    assert [(row["record_id"], row["winner"]) for row in rows if row["reviewer"] is None] == [("q0", "equal")]
    assert {row["first_length"] for row in rows if row["record_id"] == "q1"} <= {
        len(t.format(n=1)) for t in TEXTS.values()
    }
    found = compared_systems(view, view.round(2))
    assert not isinstance(found, str)
    assert (found.systems[0], found.pairs[0].won, found.pairs[0].counted.value) == (
        "wrong",
        38,
        pytest.approx(19.5 / 20),
    )


def test_before_anybody_has_answered_the_reason_is_told(tmp_path: Path) -> None:
    view = project(tmp_path, "long", "wrong")
    assert compared_systems(view, view.first) == "nobody has decided for one of two outputs yet"
    found = systems(view, view.first)
    assert found is not None
    assert (found["pairs"], found["absent"].keys()) == ([], {"preference"})


def test_ratings_are_of_systems_too(tmp_path: Path) -> None:
    view = project(tmp_path, "plain", "long", "wrong", more=("--kind", "rating", "--criteria", "fluency"))
    texts = {row["record_id"]: dict(row["fields"])["reply"] for row in view.records.to_pylist()}
    points = {i: 1 + ("not" not in text) * 2 + len(text) % 2 for i, text in texts.items()}
    vote(view, {"ana": points, "ben": {i: min(point + 1, 5) for i, point in points.items()}})
    found = rated_systems(view, view.round(1))
    assert not isinstance(found, str)
    assert found.systems[-1] == "wrong"
    assert found.ratings == 120
    shown = systems(view, view.round(1))
    assert shown is not None
    assert {row["question"] for row in shown["rated"]} == {"rating"}
    assert shown["absent"] == {"fluency": "nobody has rated outputs of two systems to two prompts yet"}
    printed = CliRunner().invoke(cli, ["export", str(view.folder), "--what", "systems", "--format", "jsonl"]).stdout
    rows = [json.loads(line) for line in printed.splitlines()]
    assert {rows[0]["system"], rows[0]["other"]} == {"plain", "long"}
    assert all(row["difference_low"] <= row["difference"] <= row["difference_high"] for row in rows)


def test_other_projects_have_no_such_table(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("id,prompt,first,second\n1,a?,b,c\n2,d?,e,f\n", encoding="utf-8")
    columns = ["--text", "prompt", "--text", "first", "--text", "second", "--kind", "preference"]
    CliRunner().invoke(cli, ["init", str(tmp_path / "p"), "--data", str(path), *columns])
    done = CliRunner().invoke(cli, ["export", str(tmp_path / "p"), "--what", "systems"])
    assert "people judge no systems by the question 'preference'" in str(done.exception)
    view = open_project(tmp_path / "p")
    assert systems(view, view.first) is None
