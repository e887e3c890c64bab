"""`twofold check` may take minutes; it says how far it is, from the first text embedded to the last file written."""

from __future__ import annotations

import pyarrow as pa

from curation.project.records import labels_schema, table
from curation.project.step import Context
from curation.steps import check
from curation.steps import map as map_step


def test_progress_rises_from_the_embedding_to_the_end(make_project):
    rows = [(f"r{i:02d}", f"Message {i} about a parcel.", ["question", "complaint"][i % 2]) for i in range(24)]
    project = make_project(rows)
    round_ = project.round(0)
    labels = [{"record_id": i, "value": label, "source": "given", "round": 0} for i, _, label in rows]
    round_.write_table("labels.parquet", table(labels, labels_schema(pa.string())))
    rises_to_the_end(map_step.STEP, project)
    rises_to_the_end(check.STEP, project)


def rises_to_the_end(step, project):
    said: list[tuple[int, int]] = []
    step.run(Context(project=project, round=project.first, tick=lambda done, total: said.append((done, total))))
    done = [part for part, total in said if total == 100]
    assert len(done) == len(said) > 3
    assert done == sorted(done)
    assert 0 < done[0] <= 70
    assert done[-1] == 100
