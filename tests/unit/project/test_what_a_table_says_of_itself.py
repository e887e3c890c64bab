"""What stands in a table's metadata is read with it, whichever names its columns had when it was written."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from curation.project.folder import Round
from curation.project.records import LABEL_NAMES, QUESTION, question_of

TABLES = {
    "predictions.parquet": pa.table({"record_id": ["m1"], "predicted": ["late"]}),
    "batch.parquet": pa.table({"record_id": ["m1"], "score": [0.5], "suggestion": ["late"], "suggestion_score": [0.5]}),
    "queue.parquet": pa.table({"record_id": ["m1"], "priority": [0.5], "suggested": ["late"]}),
    "quality.parquet": pa.table({"record_id": ["m1"], "score": [0.5]}),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_keeps_it(name: str, tmp_path: Path) -> None:
    told = {LABEL_NAMES: b'["late"]', QUESTION: b"tone"}
    round_ = Round(tmp_path)
    round_.write_table(name, TABLES[name].replace_schema_metadata(told))
    read = round_.table(name)
    assert read.schema.metadata == told
    assert question_of(read) == "tone"
