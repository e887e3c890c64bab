"""Answers of readers become votes on systems: by their last word, with ties of outputs that are the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from curation.cli import cli
from curation.errors import TwofoldError
from curation.project.folder import Project, open_project
from curation.project.judged_systems import compared_systems, measured_judges, rated_systems, votes_on_systems
from curation.project.records import table, votes_schema
from curation.report.sections.systems import systems
from curation.sources.judges import keep_judge, read_judge

TEXTS = {
    "plain": "It is {n}.",
    "long": "It is {n}, as far as anybody has been able to tell.",
    "wrong": "It is not {n}.",
}


def project(folder: Path, *names: str, more: tuple[str, ...] = (), prompts: int = 20) -> Project:
    arguments = ["init", str(folder / "p"), "--text", "prompt", "--text", "reply", "--id", "id", *more]
    for name in names:
        path = folder / f"{name}.jsonl"
        rows = [{"id": f"q{n}", "prompt": f"What is {n}?", "reply": TEXTS[name].format(n=n)} for n in range(prompts)]
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


def judge_file(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "judge.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_judges_votes_count_only_where_they_are_asked_for_and_it_agrees_with_readers(tmp_path: Path) -> None:
    view = project(tmp_path, "long", "wrong", prompts=101)
    says = prefers(view, "wrong")
    read = {i: side for i, side in says.items() if i != "q7"}
    vote(view, {"ana": read, "ben": read})
    for name, said in (("good", says), ("lazy", dict.fromkeys(says, "first"))):
        rows = [{"record_id": i, "preference": side} for i, side in said.items()]
        keep_judge(view, read_judge(view, name, judge_file(tmp_path, rows)))
    assert {name: found.may_count for name, found in measured_judges(view, view.round(1)).items()} == {
        "good": True,
        "lazy": False,
    }
    assert {row["role"] for row in votes_on_systems(view, view.round(1)).to_pylist()} == {"annotator", None}

    path = view.path("twofold.toml")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[annotation]", '[annotation]\njudges = ["good", "lazy"]'), encoding="utf-8")
    asked = open_project(view.folder)
    counted = [row for row in votes_on_systems(asked, asked.round(1)).to_pylist() if row["role"] == "judge"]
    assert {row["reviewer"] for row in counted} == {"good (judge)"}
    assert "q7" in {row["record_id"] for row in counted}
    shown = systems(asked, asked.round(1))
    assert shown is not None
    told = {row["judge"]: (row["counts"], row["verdict"]) for row in shown["judges"]}
    assert told["good"][0]
    assert not told["lazy"][0]
    assert "it prefers what stands first" in told["lazy"][1]


def test_a_judge_that_was_asked_both_ways_round_is_undecided_where_it_differs(tmp_path: Path) -> None:
    view = project(tmp_path, "long", "wrong", prompts=101)
    says = prefers(view, "wrong")
    vote(view, {"ana": says, "ben": says})
    turned = {"first": "second", "second": "first"}
    rows = [
        {"id": i, "preference": side, "preference_swapped": side if n < 10 else turned[side]}
        for n, (i, side) in enumerate(says.items())
    ]
    keep_judge(view, read_judge(view, "both", judge_file(tmp_path, rows)))
    found = measured_judges(view, view.round(1))["both"]
    assert (found.turned.value, found.with_readers.value) == (pytest.approx(0.1), pytest.approx(0.95))


WRONG: dict[str, tuple[list[dict[str, Any]], str]] = {
    "no id": ([{"preference": "first"}], "judge.jsonl: no column 'record_id'"),
    "no question": ([{"id": "q1", "fluency": "first"}], "expected a column named like a question: 'preference'"),
    "a stranger": ([{"id": "q99", "preference": "first"}], "row 1: expected the id of a record of the project"),
    "twice": ([{"id": "q1", "preference": "first"}] * 2, "row 2: expected each record once"),
    "no answer": ([{"id": "q1", "preference": "left"}], "row 1, column 'preference': preference 'left' is none of"),
    "nothing": ([{"id": "q1", "preference": ""}], "expected an answer for at least one record, came none"),
}


def test_a_wrong_file_of_a_judge_is_one_line_and_nothing_is_kept(tmp_path: Path, subtests: pytest.Subtests) -> None:
    view = project(tmp_path, "long", "wrong")
    for name, (rows, said) in WRONG.items():
        with subtests.test(name), pytest.raises(TwofoldError) as error:
            read_judge(view, "judge", judge_file(tmp_path, rows))
        assert said in str(error.value)
    assert not view.path("judges.parquet").exists()


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
