"""What `twofold check --reader-groups` says of the people who answer: of groups of them, never of one."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from curation.cli import cli, exit_code
from curation.project.folder import Project
from curation.project.records import decisions_schema, labels_schema, queue_schema, table, votes_schema
from curation.report.schema import check_report
from curation.rounds.loop import learn
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest
from curation.tasks.kinds import kind_named

RECORDS, READERS, EACH = 40, 36, 16
TOPICS = ("the parcel came late", "the refund is too small", "I cannot log in", "the shop was closed")
NAMES = [f"secret-{n:02d}" for n in range(READERS)]
IS_OLD = [n % 3 == 0 for n in range(READERS)]
SPAN = {"start": 0, "end": 3, "label": "WHO"}
Answer = Callable[[bool, float, float], Any]  # of a reader who is old or not, by two draws from [0, 1)

SAYS: dict[str, tuple[dict[str, Any], Sequence[str] | None, Answer]] = {
    "rating": ({}, None, lambda old, x, y: min(5, 1 + int(3 * x) + (old and y < 0.9))),
    "single_label": ({}, ["calm", "rude", "odd"], lambda old, x, y: "rude" if x < 0.2 + 0.5 * old else "calm"),
    "multi_label": ({}, ["calm", "rude", "odd"], lambda old, x, y: ["rude"] if x < 0.2 + 0.5 * old else ["calm"]),
    "preference": ({}, None, lambda old, x, y: "first" if x < 0.2 + 0.6 * old else "second"),
    "span": ({}, ["WHO", "WHAT"], lambda old, x, y: [SPAN | {"label": "WHO" if x < 0.2 + 0.6 * old else "WHAT"}]),
    "text": ({}, None, lambda old, x, y: "late" if old else "in time"),
    "ranking": (
        {"options": ["text", "other"]},
        None,
        lambda old, x, y: [{"value": v, "rank": r} for r, v in enumerate(("text", "other")[:: 1 if old else -1], 1)],
    ),
}
COMPARED = [kind for kind in SAYS if kind not in ("text", "ranking")]


def write(path: Path, *lines: Sequence[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(lines)
    return path


def voted(tmp_path: Path, name: str) -> Project:
    """Return a project of that kind in whose first round everybody answered some records, the old otherwise."""
    settings, labels, says = SAYS[name]
    kind, ids = kind_named(name), [f"r{n}" for n in range(RECORDS)]
    texts = [(i, f"{TOPICS[n % 4]}, number {n}", f"and {TOPICS[n % 3]}") for n, i in enumerate(ids)]
    data = write(tmp_path / "rows.csv", ("id", "text", "other"), *texts)
    columns = Columns(fields={"text": "text", "other": "other"}, record_id="id")
    question = {**settings, **dict(kind.placed(["text", "other"]))}
    project = ingest(
        Intake(folder=tmp_path / "project", data=data, columns=columns, kind=kind, labels=labels, settings=question)
    )
    rng, at = np.random.default_rng(0), datetime(2026, 3, 1, tzinfo=UTC)
    vote = {"role": "annotator", "status": "submitted", "submitted_at": at, "gone": False}
    votes = [
        {"record_id": ids[n], "reviewer": who, "value": says(old, *rng.random(2)), **vote}
        for who, old in zip(NAMES, IS_OLD, strict=True)
        for n in rng.choice(RECORDS, EACH, replace=False)
    ]
    round_, value, answer = project.round(1), kind.value(), votes[0]["value"]
    ruled = vote | {"record_id": "r0", "reviewer": "judge", "role": "adjudicator", "value": answer}
    dropped = vote | {"record_id": "r0", "reviewer": NAMES[0], "status": "discarded", "value": None}
    sent = {"kind": "not read yet", "reason": "-", "priority": 0.5}
    settled = {"value": answer, "confidence": 0.9}
    decided = [{"record_id": i, "method": "agreed", "votes": 2, "reason": "-", **settled} for i in ids[:4]]
    known = [{"record_id": i, "source": "agreed", "round": 1, **settled} for i in ids]
    round_.write_table("batch.parquet", table([{"record_id": i, **sent} for i in ids], queue_schema(value)))
    round_.write_table("votes/0001.parquet", table([*votes, ruled, dropped], votes_schema(value)))
    round_.write_table("decisions.parquet", table(decided, decisions_schema(value)))
    round_.write_table("labels.parquet", table(known, labels_schema(value)))
    return project


def groups_file(tmp_path: Path, *more: Sequence[str], names: Sequence[str] = NAMES) -> Path:
    """Return a file with the age of everybody, and a town that says nothing; one reader lives alone in theirs."""
    towns = ["Ulm" if n else "Lone" for n in range(READERS)]
    rows = [(who, "old" if old else "young", town) for who, old, town in zip(names, IS_OLD, towns, strict=True)]
    return write(tmp_path / "people.csv", ("reviewer", "age", "town"), *rows, *more)


def check(project: Project, *arguments: object) -> str:
    done = CliRunner().invoke(cli, ["check", str(project.folder), *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("kind", COMPARED)
def test_groups_of_readers_are_compared_whatever_they_answer(tmp_path: Path, kind: str) -> None:
    project = voted(tmp_path, kind)
    said = check(project, "--reader-groups", groups_file(tmp_path))
    assert "in readers" in said
    found = project.round(1).json("bias.json")["readers"]
    row = next(row for row in found["rows"] if row["group"] == "old" and row["label"] in (None, "rude", "first", "WHO"))
    assert row["is_found"]
    assert row["stays"]
    assert row["persons"] == 12
    assert row["ratings"] == 12 * EACH
    expected = 0.9 if kind == "rating" else 0.5 if "label" in kind else 0.6
    for name in ("difference", "held_fixed"):
        assert row[name]["low"] < expected < row[name]["high"]
    assert found["total"] == sum(row["is_found"] for row in found["rows"])


@pytest.mark.parametrize("kind", [kind for kind in SAYS if kind not in COMPARED])
def test_answers_that_are_neither_ratings_nor_labels_are_said_not_to_be_compared(tmp_path: Path, kind: str) -> None:
    project = voted(tmp_path, kind)
    why = f"answers of the kind '{kind}' are neither steps of a scale nor labels"
    assert f"readers: {why}" in " ".join(check(project, "--reader-groups", groups_file(tmp_path)).split())
    found = project.round(1).json("bias.json")
    assert found["readers"] is None
    assert found["not_checked"]["readers"] == why


def test_the_report_and_the_json_show_groups_and_no_single_reader(tmp_path: Path) -> None:
    project = voted(tmp_path, "rating")
    said = check(project, "--reader-groups", groups_file(tmp_path), "--json")
    (step,) = [step for step in json.loads(said)["steps"] if step["step"] == "bias"]
    assert [row["group"] for row in step["found"]["readers"]["rows"]] == ["old", "young"]
    list(learn(project, project.round(1), "report", lambda _: lambda done, total: None))
    shown = check_report(project.round(1).json("report.json")).bias
    assert shown is not None
    assert shown.readers is not None
    assert (shown.readers.total, shown.readers.compared, shown.readers.smallest) == (2, 2, 12)
    assert shown.readers.too_small == 1  # the one who lives alone
    page = project.round(1).path("report.html").read_text(encoding="utf-8")
    section = page[page.index('id="bias"') : page.index('id="model"')]
    assert "Readers by group" in section
    for seen in (said, section, json.dumps(project.round(1).json("bias.json"))):
        assert "secret" not in seen
        assert "Lone" not in seen


def test_groups_are_kept_so_that_the_next_check_needs_no_file(tmp_path: Path) -> None:
    project = voted(tmp_path, "rating")
    assert "readers" not in check(project)
    why = "no groups of readers are kept; name a file of them with --reader-groups"
    assert project.round(1).json("bias.json")["not_checked"]["readers"] == why
    check(project, "--reader-groups", groups_file(tmp_path))
    first = project.round(1).json("bias.json")
    assert "(up to date)" in check(project).splitlines()[-1]
    assert project.round(1).json("bias.json") == first
    fewer = write(tmp_path / "fewer.csv", ("reviewer", "shift"), *((who, "day") for who in NAMES[:20]))
    check(project, "--reader-groups", fewer)
    by = {row["by"] for row in project.round(1).json("bias.json")["readers"]["rows"]}
    assert by == {"shift"}  # those who are not in the file are a group of their own


def test_too_few_readers_are_said_to_be_too_few(tmp_path: Path) -> None:
    project = voted(tmp_path, "rating")
    few = write(tmp_path / "few.csv", ("reviewer", "age"), *((who, "old") for who in NAMES[:3]))
    assert "readers: no group has 10 readers in it and 10 others" in check(project, "--reader-groups", few)
    settings = project.path("twofold.toml")
    settings.write_text(settings.read_text().replace("smallest_reader_group = 10", "smallest_reader_group = 3"))
    check(project)
    assert project.round(1).json("bias.json")["readers"]["smallest"] == 3


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([("name", "age"), (NAMES[0], "old")], "no column 'reviewer' (there are: 'name', 'age')"),
        ([("reviewer",), (NAMES[0],)], "expected a column of groups beside 'reviewer', came none"),
        (
            [("reviewer", "age"), (NAMES[0], "old"), ("nobody", "old")],
            "row 3, column 'reviewer': expected somebody who reads for the project, came 'nobody'",
        ),
        ([("reviewer", "age"), ("judge", "old")], "row 2, column 'reviewer': expected somebody who reads"),
        ([("reviewer", "age"), ("", "old")], "row 2, column 'reviewer': expected somebody who reads"),
        (
            [("reviewer", "age"), (NAMES[0], "old"), (NAMES[1], "old"), (NAMES[0], "young")],
            f"row 4, column 'reviewer': expected every reader once, came '{NAMES[0]}', as in row 2",
        ),
        ([("reviewer", "age")], "expected a row for every reader, came none"),
        ([("reviewer", "age", "age"), (NAMES[0], "old", "young")], "column 'age' stands there twice"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: list[tuple[str, ...]], said: str
) -> None:
    project = voted(tmp_path, "rating")
    stream = write(tmp_path / "stream.csv", ("text", "other"), ("where is my parcel", "and my refund"))
    file = write(tmp_path / "people.csv", *lines)
    command = ["check", str(project.folder), "--reference", str(stream), "--reader-groups", str(file)]
    assert exit_code(lambda: cli(command, standalone_mode=False)) == 2
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1
    assert not project.path("readers.parquet").exists()
    assert not project.path("reference.parquet").exists()


def test_a_project_that_nobody_reads_for_has_no_groups_of_readers(
    tmp_path: Path, make_project: Callable[..., Project], capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project([(f"r{n}", f"text number {n}", "calm") for n in range(20)], ["calm", "rude"])
    file = write(tmp_path / "people.csv", ("reviewer", "age"), ("ana", "old"))
    command = ["check", str(project.folder), "--reader-groups", str(file)]
    assert exit_code(lambda: cli(command, standalone_mode=False)) == 2
    assert "nobody reads for the project yet; `twofold pull` brings answers and readers" in capsys.readouterr().err
