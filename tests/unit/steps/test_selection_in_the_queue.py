"""What `relabel` queues: the order of `next_records`, with test records kept apart."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from settings import edit_settings

from curation.errors import TwofoldError
from curation.project import reader_answers
from curation.project.artifacts import write_table
from curation.project.embeddings import EmbeddingStore
from curation.project.folder import open_project
from curation.project.records import FLAGS, QUALITY, SPLIT, column, labels_schema, table
from curation.project.step import Context
from curation.steps import relabel
from curation.steps.evaluate import predictions_schema
from evaluation.error_cause import Cause

N = 40
LACKING = "wanted: 'mail' has 2 records with the label 'question', 6 fewer than in all groups alike"


@pytest.fixture
def project(make_project, monkeypatch):
    """Forty messages about two topics, embedded at two corners; the embeddings are given instead of computed."""
    topics = ["question", "complaint"]
    rows = [(f"r{i:02d}", f"Message number {i} about a {topics[i % 2]}.", topics[i % 2]) for i in range(N)]
    corners = np.eye(4)[np.arange(N) % 2] + np.random.default_rng(0).normal(scale=0.05, size=(N, 4))
    monkeypatch.setattr(EmbeddingStore, "matrix", corners.astype(np.float32))
    return make_project(rows)


def write_labels(round_, labels, *, source="given"):
    rows = [
        {"record_id": i, "value": label, "source": source if label else "none", "round": 0, "confidence": None}
        for i, label in labels.items()
    ]
    round_.write_table("labels.parquet", table(rows, labels_schema(pa.string())))


def write_parts(round_, ids, test=()):
    rows = [{"record_id": i, "part": "test" if i in test else "train", "reason": ""} for i in ids]
    round_.write_table("split.parquet", table(rows, SPLIT))


def write_quality(round_, labels, wrong=()):
    rows = [
        {"record_id": i, "unit": "", "choice": label, "p_wrong": 0.9 if i in wrong else 0.2, "is_issue": i in wrong}
        | {"suggested": label, "suggested_prob": 0.9, "reason": "reads otherwise"}
        for i, label in labels.items()
    ]
    round_.write_table("quality.parquet", table(rows, QUALITY))


def queued(project, number=0):
    round_ = project.round(number)
    relabel.run(Context(project=project, round=round_))
    return round_.table("queue.parquet").to_pylist()


def given_labels(project):
    return dict(zip(column(project.records, "record_id"), column(project.records, "value"), strict=True))


def test_an_unlabelled_project_starts_with_a_record_of_each_region(project):
    ids = list(given_labels(project))
    write_labels(project.round(0), dict.fromkeys(ids))
    write_parts(project.round(0), ids)
    queue = queued(project)
    assert sorted(row["record_id"] for row in queue) == ids
    assert {row["kind"] for row in queue} == {"unlabelled"}
    assert all("stands for others" in row["reason"] for row in queue)


def test_likely_wrong_labels_come_before_those_that_look_right(project):
    labels = given_labels(project)
    write_parts(project.round(0), labels)
    write_quality(project.round(0), labels, wrong=("r07", "r20"))
    queue = queued(project)
    assert {row["record_id"] for row in queue[:2]} == {"r07", "r20"}
    assert queue[0]["kind"] == "the label looks wrong"


def test_test_records_come_last_and_by_chance_however_wrong_they_look(project):
    labels = given_labels(project)
    test = [f"r{i:02d}" for i in range(10)]
    write_parts(project.round(0), labels, test=test)
    orders = []
    for wrong in ((), test[:5]):
        write_quality(project.round(0), labels, wrong=wrong)
        last = queued(project)[-10:]
        assert {row["kind"] for row in last} == {"test part"}
        orders.append([row["record_id"] for row in last])
    assert orders[0] == orders[1] != sorted(orders[0])


def test_what_a_batch_brought_is_set_against_what_was_foretold(project):
    labels = given_labels(project)
    write_parts(project.round(0), labels)
    write_quality(project.round(0), labels, wrong=("r07", "r20"))
    batch = queued(project)[:4]
    first = project.round(0).json("forecast.json")
    assert first["last"] is None
    assert first["next"]["reviews"] == N
    after = project.round(1)
    schema = project.round(0).table("queue.parquet").schema
    after.write_table("batch.parquet", table(batch, schema))
    read = {row["record_id"] for row in batch}
    rows = [
        {"record_id": i, "value": "question" if i == "r07" else label, "source": "agreed" if i in read else "given"}
        for i, label in labels.items()
    ]
    after.write_table("labels.parquet", table(rows, labels_schema(pa.string())))
    write_parts(after, labels)
    write_quality(after, labels)
    queue = queued(project, 1)
    assert not read & {row["record_id"] for row in queue}
    found = after.json("forecast.json")["last"]
    assert (found["reviews"], found["wrong"]) == (4, 1)
    assert found["foretold"] == first["next"]


def test_what_a_group_lacks_is_read_first_as_much_of_it_as_is_lacking(project):
    """By mail come 8 complaints and 2 questions, by chat the other way round; half of the records are not read yet."""
    labels = {i: label if n < 20 else None for n, (i, label) in enumerate(given_labels(project).items())}
    by_mail = {f"r{n:02d}" for n in (1, 3, 5, 7, 9, 11, 13, 15, 0, 2)} | {f"r{n}" for n in range(20, 30)}
    channel = ["mail" if i in by_mail else "chat" for i in labels]
    write_table(project.path("metadata.parquet"), pa.table({"record_id": list(labels), "channel": channel}))
    edit_settings(project.folder, annotation={"collect": "channel"})
    project = open_project(project.folder)
    write_labels(project.round(0), labels)
    write_parts(project.round(0), labels)
    said = {"part": "train", "confidence": 0.9, "pred_probs": [0.5, 0.5]}
    rows = [
        {"record_id": i, "value": "question" if i in ("r21", "r23", "r31") else "complaint", **said} for i in labels
    ]
    project.round(0).write_table("predictions.parquet", table(rows, predictions_schema(pa.string())))
    queue = [row for row in queued(project) if row["kind"] == "unlabelled"]
    wanted = [row for row in queue if row["reason"].startswith("wanted: ")]
    assert queue[: len(wanted)] == wanted
    by_mail = [row for row in wanted if "'mail'" in row["reason"]]
    assert {row["record_id"]: row["reason"] for row in by_mail} == dict.fromkeys(["r21", "r23"], LACKING)
    assert len(wanted) - len(by_mail) == 6  # complaints by chat, of which nine are unread
    assert {row["record_id"] for row in queue} == {i for i in labels if labels[i] is None}


def test_a_column_that_is_not_kept_is_no_group_to_collect_by(project):
    edit_settings(project.folder, annotation={"collect": "chanel"})
    with pytest.raises(TwofoldError, match=r"annotation\.collect: no column 'chanel' is kept of the records; none is"):
        queued(open_project(project.folder))


def test_every_error_is_told_by_its_cause(project, monkeypatch):
    labels, round_ = given_labels(project), project.round(0)
    rare = {i: labels[i] for i in [*labels][:12]}  # of twelve records three are learnt from
    asked = dict(zip(rare, ["doubted", "split", "far", "model"] * 3, strict=True))
    parts = [{"record_id": i, "part": "test" if i in rare else "train", "reason": ""} for i in labels]
    round_.write_table("split.parquet", table(parts, SPLIT))
    write_quality(round_, labels, wrong=[i for i, what in asked.items() if what == "doubted"])
    far = [{"record_id": i, "check": "outlier", "reason": "far from all"} for i, what in asked.items() if what == "far"]
    round_.write_table("flags.parquet", table(far, FLAGS))
    other = {"question": "complaint", "complaint": "question"}
    said = [
        {"record_id": i, "part": "test", "value": other[labels[i]], "confidence": 0.9, "pred_probs": [0.1, 0.9]}
        for i in rare
    ]
    round_.write_table("predictions.parquet", table(said, predictions_schema(pa.string())))
    votes = [
        {"record_id": i, "reviewer": who, "value": labels[i] if who == "ann" else other[labels[i]]}
        for i, what in asked.items()
        for who in ("ann", "ben")
        if what == "split" or who == "ann"
    ]
    monkeypatch.setattr(reader_answers, "reader_answers", lambda project, round_: votes)
    relabel.run(Context(project=project, round=round_))
    found = {row["record_id"]: row["verdict"] for row in round_.table("errors.parquet").to_pylist()}
    causes = {"doubted": Cause.LABEL, "split": Cause.AMBIGUOUS, "far": Cause.OUT_OF_SCOPE, "model": Cause.MODEL}
    assert found == {i: causes[what] for i, what in asked.items()}


def test_a_label_that_hardly_any_record_taught_is_no_fault_of_the_model(project):
    labels, round_ = given_labels(project), project.round(0)
    few = [i for i, label in labels.items() if label == "complaint"]
    parts = [{"record_id": i, "part": "test" if i in few[3:] else "train", "reason": ""} for i in labels]
    round_.write_table("split.parquet", table(parts, SPLIT))
    write_quality(round_, labels)
    said = [{"record_id": few[5], "part": "test", "value": "question", "confidence": 0.9, "pred_probs": [0.9, 0.1]}]
    round_.write_table("predictions.parquet", table(said, predictions_schema(pa.string())))
    relabel.run(Context(project=project, round=round_))
    (row,) = round_.table("errors.parquet").to_pylist()
    assert (row["verdict"], row["reason"]) == (
        Cause.RARE,
        "the model learnt from 3 records of complaint, where an even share is 12",
    )
