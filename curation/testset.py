"""The test part: an outside file if there is one, else records drawn by chance at first use; frozen."""

from __future__ import annotations

import pyarrow as pa

from curation.artifacts import read_json, read_table, write_json
from curation.project import Project


def outside_test(project: Project) -> pa.Table | None:
    """Return the outside test set, ids prefixed with `test/`, or None."""
    path = project.path("test.parquet")
    return read_table(path) if path.exists() else None


def frozen_test(project: Project) -> frozenset[str]:
    """Return the record ids of the frozen test part; empty before its first use."""
    path = project.path("test_part.json")
    return frozenset(read_json(path)) if path.exists() else frozenset()


def freeze_test(project: Project, record_ids: list[str]) -> None:
    """Freeze the test part, once and for all."""
    if not frozen_test(project):
        write_json(project.path("test_part.json"), sorted(record_ids))
