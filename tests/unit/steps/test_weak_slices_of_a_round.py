"""Where `evaluate` says that the model of a round is weak, by what is known of the test records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from curation.project import reader_answers
from curation.project.artifacts import write_table
from curation.project.embeddings import EmbeddingStore
from curation.project.folder import Project
from curation.project.records import SPLIT, labels_schema, table
from curation.project.step import Context
from curation.sources.beside import METADATA
from curation.steps import evaluate

N, TOPICS = 900, ("question", "complaint")
IDS = [f"r{i:03d}" for i in range(N)]
TEST = np.arange(N) % 3 != 0
ODD = "<b>phone</b>"


@pytest.fixture
def project(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Project:
    """Nine hundred messages, two thirds of them for tests, each with a channel; embeddings are given."""
    vectors = np.random.default_rng(0).normal(size=(N, 4)).astype(np.float32)
    monkeypatch.setattr(EmbeddingStore, "matrix", vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    made = make_project([(one, f"Message number {i}.", TOPICS[i % 2]) for i, one in enumerate(IDS)], TOPICS)
    round_ = made.round(0)
    of = {"source": "given", "round": 0, "confidence": None}
    rows = [{"record_id": one, "value": TOPICS[i % 2], **of} for i, one in enumerate(IDS)]
    round_.write_table("labels.parquet", table(rows, labels_schema(pa.string())))
    parts = ["test" if test else "train" for test in TEST]
    rows = [{"record_id": one, "part": part, "reason": ""} for one, part in zip(IDS, parts, strict=True)]
    round_.write_table("split.parquet", table(rows, SPLIT))
    return made


def evaluated(project: Project, weak: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> tuple[str, dict[str, Any]]:
    """Let the model be wrong on half of the weak records and on one in twenty of the others."""
    wrong = np.random.default_rng(1).random(N) < np.where(weak, 0.5, 0.05)

    def predict(context: Context) -> None:
        rows = [
            {"record_id": one, "part": "test", "value": TOPICS[at], "confidence": 0.9, "pred_probs": probs}
            for one, at in zip(IDS, (np.arange(N) + wrong) % 2, strict=True)
            for probs in [[0.1, 0.9] if at else [0.9, 0.1]]
        ]
        context.round.write_table("predictions.parquet", table(rows, evaluate.predictions_schema(pa.string())))

    monkeypatch.setattr(evaluate, "_predict", predict)
    said = evaluate.run(Context(project=project, round=project.round(0)))
    return said, project.round(0).json("evaluation.json")["weak_slices"]


def test_a_column_beside_the_records_tells_where_the_model_is_weak(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = np.arange(N) % 10 == 1
    channel = np.where(weak, ODD, "mail").tolist()
    write_table(project.path(METADATA), pa.table({"record_id": IDS, "channel": channel}))
    said, found = evaluated(project, weak, monkeypatch)
    (one,) = found["found"]
    assert one["name"] == f"channel is {ODD}"
    assert sorted(one["ids"]) == [i for i, bad, test in zip(IDS, weak, TEST, strict=True) if bad and test]
    assert one["reason"] in said
    assert found["note"].endswith("slices were looked at")


def test_labels_that_a_group_had_and_the_model_does_not_give_it_are_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = np.arange(N) % 10 == 1  # all of them complaints, of which the model takes half for questions
    channel = np.where(weak, ODD, "mail").tolist()
    write_table(project.path(METADATA), pa.table({"record_id": IDS, "channel": channel}))
    said, _ = evaluated(project, weak, monkeypatch)
    found = project.round(0).json("evaluation.json")["amplification"]
    assert found["compared"] == 4
    worst = next(one for one in found["found"] if (one["group"], one["label"]) == (ODD, "complaint"))
    assert worst["skew_taught"] == pytest.approx(5 / 9, abs=0.01)
    assert worst["change"]["high"] < 0
    assert not worst["amplifies"]
    assert "points from all others in the labels taught" in said


def test_numbers_beside_the_records_are_cut_into_bands(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    hour = np.random.default_rng(3).integers(100, size=N)
    kept = [None if i % 7 == 0 else str(one) for i, one in enumerate(hour)]
    write_table(project.path(METADATA), pa.table({"record_id": IDS, "hour": kept}))
    _, found = evaluated(project, (hour >= 85) & (np.arange(N) % 7 > 0), monkeypatch)
    assert found["found"][0]["name"] in {f"hour is {least} or more" for least in range(80, 91)}


def test_records_far_from_the_training_part_are_a_slice(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = EmbeddingStore(project).matrix
    nearest = (vectors @ vectors[~TEST].T).max(axis=1)
    _, found = evaluated(project, nearest < np.quantile(nearest, 0.1), monkeypatch)
    assert found["found"][0]["name"].startswith(f"{evaluate.SIMILARITY} is at most 0.9")


def test_records_on_which_readers_disagree_are_a_slice(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    weak = np.arange(N) % 8 == 1
    monkeypatch.setattr(
        reader_answers,
        "reader_answers",
        lambda project, round_: [
            {"record_id": one, "reviewer": who, "value": TOPICS[(i + (bad and who == "ben")) % 2]}
            for i, (one, bad) in enumerate(zip(IDS, weak, strict=True))
            for who in ("ann", "ben")
        ],
    )
    _, found = evaluated(project, weak, monkeypatch)
    assert found["found"][0]["name"] == f"{evaluate.DISAGREEMENT} is 1"


def test_a_model_that_errs_anywhere_has_none_and_the_line_says_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, found = evaluated(project, np.zeros(N, dtype=bool), monkeypatch)
    assert found["found"] == []
    assert "less accurate" not in said
