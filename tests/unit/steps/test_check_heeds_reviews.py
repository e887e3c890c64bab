"""What people found in reviewed labels counts when `check` judges the labels that nobody has reviewed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from curation.project.embeddings import EmbeddingStore
from curation.project.records import by_id, labels_schema, table
from curation.project.step import Context
from curation.steps import check
from curation.steps import map as map_step

BETWEEN = 20


def p_wrong(project, labels, source):
    """Return how likely every label is wrong, where `source` names those that people have settled."""
    round_ = project.round(0)
    rows = [
        {"record_id": i, "value": label, "source": source.get(i, "given"), "round": 0, "confidence": None}
        for i, label in labels.items()
    ]
    round_.write_table("labels.parquet", table(rows, labels_schema(pa.string())))
    map_step.run(Context(project=project, round=round_))
    check.run(Context(project=project, round=round_))
    return by_id(round_.table("quality.parquet"), "p_wrong")


def test_labels_like_those_that_were_corrected_are_trusted_less(make_project, monkeypatch):
    given = ["question"] * 40 + ["complaint"] * (40 + BETWEEN)
    ids = [f"r{i:03d}" for i in range(len(given))]
    rows = [(i, f"Message {i} about a parcel.", label) for i, label in zip(ids, given, strict=True)]
    middle = [[0.5, 0.5, 0, 0]] * BETWEEN
    corners = np.vstack([np.repeat(np.eye(4)[:2], 40, axis=0), middle])
    vectors = corners + np.random.default_rng(0).normal(scale=0.2, size=corners.shape)
    monkeypatch.setattr(EmbeddingStore, "matrix", vectors.astype(np.float32))
    project = make_project(rows)
    corrected, left = ids[80:90], ids[90:]
    labels = {**dict(zip(ids, given, strict=True)), **dict.fromkeys(corrected, "question")}
    unread, read = p_wrong(project, labels, {}), p_wrong(project, labels, dict.fromkeys(corrected, "agreed"))
    assert np.mean([read[i] for i in left]) > np.mean([unread[i] for i in left]) + 0.05
