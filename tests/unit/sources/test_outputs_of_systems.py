"""Outputs of several systems become records that do not tell which of them wrote what."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from curation.cli import cli
from curation.project.artifacts import read_table
from curation.project.folder import open_project

QUESTIONS = [f"When does the museum open on day {n}?" for n in range(40)]
COLUMNS = ["--text", "question", "--text", "reply"]


def written(folder: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def outputs(folder: Path, *systems: str, said: str = "{system} says nine, {n}.") -> list[str]:
    """Write a file for every system, the rows of each in an order of its own; return the options that name them."""
    found = []
    for at, system in enumerate(systems):
        rows = [
            {"id": f"q{n}", "question": question, "reply": said.format(system="xyz"[at], n=n)}
            for n, question in enumerate(QUESTIONS)
        ]
        path = written(folder, f"file{at}.jsonl", rows[at:] + rows[:at])
        found += ["--outputs", f"{system}={path}"]
    return found


def init(folder: Path, *arguments: object) -> Any:
    return CliRunner().invoke(cli, ["init", str(folder), *map(str, arguments)])


def made(folder: Path, *arguments: object) -> tuple[list[dict[str, Any]], pa.Table]:
    done = init(folder, *arguments)
    assert done.exit_code == 0, done.output
    project = open_project(folder)
    return project.records.to_pylist(), read_table(project.path("systems.parquet"))


def test_each_of_two_systems_stands_first_in_half_of_the_records(tmp_path: Path) -> None:
    records, systems = made(tmp_path / "p", *outputs(tmp_path, "base", "tuned"), *COLUMNS, "--id", "id")
    assert Counter(systems["first"].to_pylist()) == {"base": 20, "tuned": 20}
    wrote = {"base": "x", "tuned": "y"}
    seats = {row["record_id"]: row for row in systems.to_pylist()}
    for record in records:
        seat = seats[record["record_id"]]
        texts = dict(record["fields"])
        n = int(record["record_id"][1:])
        assert texts["question"] == QUESTIONS[n]
        for place in ("first", "second"):
            assert texts[place] == f"{wrote[seat[place]]} says nine, {n}."


def test_nothing_that_people_see_names_a_system(tmp_path: Path) -> None:
    criteria = ["--criteria", "fluency, tone"]
    records, _ = made(tmp_path / "p", *outputs(tmp_path, "base", "tuned"), *COLUMNS, *criteria)
    project = open_project(tmp_path / "p")
    seen = [json.dumps(records), project.guidelines, (tmp_path / "p" / "twofold.toml").read_text(encoding="utf-8")]
    assert not [text for text in seen for name in ("base", "tuned") if name in text]
    assert list(project.whole.task.questions) == ["preference", "fluency", "tone"]
    assert "- **tone**:" in project.guidelines
    assert not project.config.annotation.suggestions
    assert project.config.annotation.batch_size == len(QUESTIONS)


def test_the_same_files_in_another_order_seat_the_systems_alike(tmp_path: Path) -> None:
    _, systems = made(tmp_path / "p", *outputs(tmp_path, "base", "tuned"), *COLUMNS, "--id", "id")
    path = tmp_path / "file0.jsonl"
    path.write_text("".join(sorted(path.read_text().splitlines(keepends=True), reverse=True)), encoding="utf-8")
    again = ["--outputs", f"base={path}", "--outputs", f"tuned={tmp_path / 'file1.jsonl'}"]
    _, turned = made(tmp_path / "q", *again, *COLUMNS, "--id", "id")
    assert systems.sort_by("record_id").equals(turned.sort_by("record_id"))


def test_of_three_systems_every_two_meet_and_a_records_number_says_nothing(tmp_path: Path) -> None:
    records, systems = made(tmp_path / "p", *outputs(tmp_path, "a", "b", "c"), *COLUMNS, "--id", "id")
    assert len(records) == 3 * len(QUESTIONS) == len({record["record_id"] for record in records})
    rows = systems.to_pylist()
    assert set(Counter((row["first"], row["second"]) for row in rows).values()) == {20}
    met = Counter((row["record_id"].rsplit("-", 1)[1], *sorted((row["first"], row["second"]))) for row in rows)
    assert len(met) == 9
    assert max(met.values()) < 30
    assert [record["record_id"] for record in records[:2]] == ["q0-1", "q1-1"]


def test_to_be_rated_every_output_is_a_record(tmp_path: Path) -> None:
    asked = [*COLUMNS, "--id", "id", "--kind", "rating", "--criteria", "fluency"]
    records, systems = made(tmp_path / "p", *outputs(tmp_path, "base", "tuned"), *asked)
    assert len(records) == 80
    assert list(records[0]["fields"]) == ["question", "reply"]
    assert Counter(systems["first"].to_pylist()[:40]).keys() == {"base", "tuned"}
    assert systems["second"].null_count == 80


def test_prompts_join_outputs_without_ids(tmp_path: Path) -> None:
    _, systems = made(tmp_path / "p", *outputs(tmp_path, "base", "tuned"), *COLUMNS)
    assert systems.num_rows == 40


def test_what_both_say_alike_is_a_tie_that_nobody_reads(tmp_path: Path) -> None:
    given = outputs(tmp_path, "base", "tuned")
    rows = [{"id": f"q{n}", "question": q, "reply": f"x says nine, {n}."} for n, q in enumerate(QUESTIONS[:5])]
    rows += [{"id": f"q{n}", "question": QUESTIONS[n], "reply": f"Ten, {n}."} for n in range(5, 39)]
    written(tmp_path, "file1.jsonl", rows)
    records, systems = made(tmp_path / "p", *given, *COLUMNS, "--id", "id")
    assert len(records) == 34
    assert sum(systems["same"].to_pylist()) == 5
    rejected = Counter(read_table(tmp_path / "p" / "rejected.parquet")["reason"].to_pylist())
    assert {reason.split(":")[0]: n for reason, n in rejected.items()} == {
        "not all systems have an output": 1,
        "both systems say the same": 5,
    }


def test_an_output_that_names_its_system_is_told(tmp_path: Path) -> None:
    given = outputs(tmp_path, "Quokka", "tuned", said="I, quokka, say nine, {n} {system}.")
    done = init(tmp_path / "p", *given, *COLUMNS)
    assert "40 of the outputs of 'Quokka' hold that name" in done.output


PROBLEMS = {
    "one system": (["--outputs", "base={a}"], "two systems or more"),
    "no name": (["--outputs", "{a}", "--outputs", "b={b}"], "expected NAME=FILE"),
    "one name": (["--outputs", "a={a}", "--outputs", "a={b}"], "two systems are called 'a'"),
    "one file": (["--outputs", "a={a}", "--outputs", "b={a}"], "stands there twice"),
    "also a file": (
        ["--data", "{a}", "--outputs", "a={a}", "--outputs", "b={b}"],
        "--data: does not go with",
    ),
    "another kind": (["--outputs", "a={a}", "--outputs", "b={b}", "--kind", "span"], "--kind span"),
    "other prompts": (["--outputs", "a={a}", "--outputs", "b={turned}", "--id", "id"], "turned.jsonl, row 1, column"),
    "no common prompt": (["--outputs", "a={a}", "--outputs", "b={other}"], "no prompt stands in all files"),
    "a prompt twice": (["--outputs", "a={a}", "--outputs", "b={twice}"], "the same prompt as row 1"),
    "a criterion twice": (["--outputs", "a={a}", "--outputs", "b={b}", "--criteria", "x,x"], "'x' stands there twice"),
    "a criterion like a field": (["--outputs", "a={a}", "--outputs", "b={b}", "--criteria", "first"], "first"),
    "nothing": ([], "name a file with --data"),
}


def test_what_is_wrong_is_one_line_and_leaves_nothing(tmp_path: Path, subtests: pytest.Subtests) -> None:
    outputs(tmp_path, "a", "b")
    rows = [{"id": f"q{n}", "question": QUESTIONS[n], "reply": "Nine."} for n in range(2)]
    turned = [{**row, "question": other["question"]} for row, other in zip(rows, rows[::-1], strict=True)]
    paths = {
        "a": tmp_path / "file0.jsonl",
        "b": tmp_path / "file1.jsonl",
        "turned": written(tmp_path, "turned.jsonl", turned),
        "other": written(tmp_path, "other.jsonl", [{**row, "question": f"{row['question']}!"} for row in rows]),
        "twice": written(tmp_path, "twice.jsonl", [rows[0], {**rows[0], "reply": "Ten."}]),
    }
    for name, (arguments, said) in PROBLEMS.items():
        with subtests.test(name):
            done = init(tmp_path / "p", *(argument.format(**paths) for argument in arguments), *COLUMNS)
            assert done.exit_code == 2 or done.exception is not None
            assert said in str(done.exception) + done.output
            assert not (tmp_path / "p").exists()
