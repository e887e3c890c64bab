"""The test part: an outside file if there is one, else records drawn by chance at first use; frozen."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain, count

import pyarrow as pa

from curation.project.artifacts import read_json, read_table, write_json
from curation.project.folder import Project


def prefix_of_tests(taken: Collection[str]) -> str:
    """Return what stands before the ids of an outside test set, so that none of them can be one of `taken`."""
    prefixes = chain(["test/"], (f"test{n}/" for n in count(2)))
    return next(prefix for prefix in prefixes if not any(i.startswith(prefix) for i in taken))


def outside_test(project: Project) -> pa.Table | None:
    """Return the outside test set, its ids behind a prefix of their own (`prefix_of_tests`), or None."""
    return read_table(project.path("test.parquet")) if project.has("test.parquet") else None


def frozen_test(project: Project) -> frozenset[str]:
    """Return the record ids of the frozen test part; empty before its first use."""
    return frozenset(read_json(project.path("test_part.json"))) if project.has("test_part.json") else frozenset()


def freeze_test(project: Project, record_ids: list[str]) -> None:
    """Freeze the test part."""
    write_json(project.path("test_part.json"), sorted(record_ids))
