"""Where passages are marked, `check` says which is wrong or missing, and proposes the whole answer."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
import pytest

from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import worst_units
from curation.project.folder import Project
from curation.project.records import by_id
from curation.rounds.loop import learn
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest
from curation.tasks.kinds import kind_named
from curation.tasks.span import NOTHING

CITIES = ["Paris", "Rome", "Oslo", "New York", "Kyiv", "Bonn", "San Marino"]
PEOPLE = ["Anna", "Ben", "Carla", "Dora Mai", "Emil"]
LABELS = ["person", "city"]
N = 560
LOST, SWAPPED = range(3, N, 64), range(20, N, 64)


def marked(n: int) -> tuple[str, list[dict[str, Any]]]:
    person, city = PEOPLE[n % 5], CITIES[n % 7]
    text = f"{person} {('flew', 'went', 'moved')[n % 3]} to {city} {('today', 'again')[n // 2 % 2]}, {n}"
    at = text.index(city)
    return text, [
        {"start": 0, "end": len(person), "label": "person"},
        {"start": at, "end": at + len(city), "label": "city"},
    ]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A checked project of travels; nine have lost the city, nine call it a person."""
    folder, kind = tmp_path_factory.mktemp("passages"), kind_named("span")
    rows = []
    for n in range(N):
        text, spans = marked(n)
        spans = spans[:1] if n in LOST else [spans[0], {**spans[1], "label": LABELS[n not in SWAPPED]}]
        rows.append((f"r{n:03d}", text, kind.show(spans)))
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("id", "text", "spans"), *rows])
    columns = Columns(fields={"text": "text"}, label="spans", record_id="id")
    vectors = np.random.default_rng(0).normal(size=(N, 8)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EmbeddingStore, "matrix", vectors)
        made = ingest(Intake(folder=folder / "p", data=path, columns=columns, kind=kind, labels=LABELS))
        for _ in learn(made, made.first, "check", lambda _: lambda done, total: None):
            pass
    return made


def test_the_worst_records_are_those_with_a_wrong_passage(project: Project) -> None:
    rows = project.first.table("quality.parquet").to_pylist()
    worst = worst_units(rows, project.config.task.kind)
    assert len(worst) == N
    ranked = sorted(worst, key=lambda i: -worst[i]["p_wrong"])
    assert set(ranked[:18]) == {f"r{i:03d}" for i in (*LOST, *SWAPPED)}
    assert all(worst[row["record_id"]]["p_wrong"] >= row["p_wrong"] - 1e-9 for row in rows)


def test_rows_say_what_stands_there_and_what_should(project: Project) -> None:
    rows = project.first.table("quality.parquet").to_pylist()
    (lost,) = (row for row in rows if row["record_id"] == f"r{LOST[0]:03d}" and row["is_issue"])
    text, (_, city) = marked(LOST[0])
    assert (lost["unit"], lost["choice"], lost["suggested"]) == (f"{city['start']}-{city['end']}", NOTHING, "city")
    assert lost["reason"].startswith(f"missing: {text[city['start'] : city['end']]!r} as city (")
    (swapped,) = (row for row in rows if row["record_id"] == f"r{SWAPPED[0]:03d}" and row["is_issue"])
    assert (swapped["choice"], swapped["suggested"]) == ("person", "city")
    assert len(swapped["evidence"]) > 0


def test_flags_propose_the_whole_answer(project: Project) -> None:
    kind = project.config.task.kind
    flags = [row for row in project.first.table("flags.parquet").to_pylist() if row["check"] == "label"]
    wrong = {f"r{i:03d}" for i in (*LOST, *SWAPPED)}
    assert {row["record_id"] for row in flags} <= wrong
    assert len(flags) > len(wrong) / 2
    for flag in flags:
        assert flag["suggested"] == kind.show(marked(int(flag["record_id"][1:]))[1])


def test_cleanlab_is_shown_beside_it(project: Project) -> None:
    found = project.first.json("checks.json")["baseline"]
    assert (found["reason"], found["labels"]) == (None, N)
    assert found["doubted"] == found["both"] + found["only_baseline"]
    assert found["both"] > 0
    said = by_id(project.first.table("quality.parquet"), "cleanlab_p_wrong")
    assert {f"r{i:03d}" for i in SWAPPED} <= set(sorted(said, key=lambda i: -said[i])[: len(LOST) + len(SWAPPED)])
