"""Where records have several labels, `check` says which is missing or should go, and proposes the whole answer."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import worst_units
from curation.project.folder import Project
from curation.project.records import by_id
from curation.quality.doubts import BASELINES
from curation.rounds.loop import learn
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest
from curation.tasks.kinds import kind_named

TOPICS = ["bill", "delay", "staff"]
LOST, SWAPPED = 7, (20, 61, 110, 200)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A checked project of messages about three topics; one has lost its label, four have another's."""
    rng = np.random.default_rng(0)
    first = np.arange(240) % 3
    ones = np.eye(3, dtype=int)[first]
    ones[::12, 2] = 1
    vectors = np.eye(3)[:, :].repeat(2, axis=1)[first] + np.outer(ones[:, 2], [0, 0, 0, 0, 1, 1])
    vectors = vectors + rng.normal(scale=0.25, size=vectors.shape)
    ones[LOST] = 0
    for i in SWAPPED:
        ones[i] = np.roll(ones[i], 1)
    monkeypatch.setattr(EmbeddingStore, "matrix", vectors.astype(np.float32))
    path = tmp_path / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        named = ("|".join(np.array(TOPICS)[row == 1]) or "(none of these)" for row in ones)
        csv.writer(handle).writerows(
            [("id", "text", "labels"), *((f"r{i:03d}", f"Note {i}.", n) for i, n in enumerate(named))]
        )
    columns = Columns(fields={"text": "text"}, label="labels", record_id="id")
    made = ingest(
        Intake(folder=tmp_path / "p", data=path, columns=columns, kind=kind_named("multi_label"), labels=TOPICS)
    )
    for _ in learn(made, made.first, "check", lambda _: lambda done, total: None):
        pass
    return made


def test_each_record_has_a_row_for_each_label_and_the_worst_ones_say_what_to_change(project: Project) -> None:
    rows = project.first.table("quality.parquet").to_pylist()
    assert len(rows) == 240 * 3
    worst = worst_units(rows, project.config.task.kind)
    ranked = sorted(worst, key=lambda i: -worst[i]["p_wrong"])
    assert {f"r{i:03d}" for i in (LOST, *SWAPPED)} <= set(ranked[:8])
    assert all(worst[i]["p_wrong"] >= row["p_wrong"] - 1e-9 for row in rows for i in [row["record_id"]])


def test_flags_name_the_label_and_propose_the_whole_answer(project: Project) -> None:
    kind = project.config.task.kind
    rows = project.first.table("quality.parquet").to_pylist()
    flags = {
        row["record_id"]: row for row in project.first.table("flags.parquet").to_pylist() if row["check"] == "label"
    }
    issues = {row["record_id"] for row in rows if row["is_issue"]}
    assert {f"r{i:03d}" for i in SWAPPED} <= issues
    assert set(flags) == issues
    for record_id, flag in flags.items():
        said = [row for row in rows if row["record_id"] == record_id]
        folded = kind.show(kind.fold({row["unit"]: row["suggested"] for row in said}))
        assert flag["suggested"] == folded
        changed = [row for row in said if row["is_issue"]]
        assert any(
            flag["reason"].startswith(
                f"missing: '{row['unit']}'" if row["choice"] == "no" else f"added: '{row['unit']}' should go"
            )
            for row in changed
        )


def test_cleanlab_is_shown_beside_it(project: Project) -> None:
    found = json.loads((project.first.folder / "checks.json").read_text(encoding="utf-8"))["baseline"]
    assert found["reason"] is None
    assert found["labels"] == 240
    assert found["doubted"] == found["both"] + found["only_baseline"]
    said = by_id(project.first.table("quality.parquet"), "cleanlab_p_wrong")
    assert {f"r{i:03d}" for i in SWAPPED} <= set(sorted(said, key=lambda i: -said[i])[:24])


def test_a_kind_without_a_baseline_says_so_and_is_checked_all_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(BASELINES, "multi_label")  # type: ignore[attr-defined]
    (project.first.folder / "checks.json").unlink()
    for _ in learn(project, project.first, "check", lambda _: lambda done, total: None):
        pass
    assert (
        project.first.json("checks.json")["baseline"]["reason"]
        == "it has nothing for answers of the kind 'multi_label'"
    )
    assert project.first.table("quality.parquet").num_rows == 240 * 3
    assert set(by_id(project.first.table("quality.parquet"), "cleanlab_p_wrong").values()) == {None}
