"""What the tables of an old project hold are the values of our enums: code that compares members still finds them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation.project.records import column
from curation.project.standing import Method, Part, Queued, Role, Status
from evaluation.error_cause import Cause

OLD = Path(__file__).parents[2] / "projects" / "format_1"
COLUMNS = {
    ("queue.parquet", "kind"): Queued,
    ("batch.parquet", "kind"): Queued,
    ("errors.parquet", "verdict"): Cause,
    ("labels.parquet", "source"): Method,
    ("decisions.parquet", "method"): Method,
    ("split.parquet", "part"): Part,
    ("votes/*.parquet", "role"): Role,
    ("votes/*.parquet", "status"): Status,
}


def held(file: str, name: str) -> Iterator[str]:
    for path in OLD.glob(f"rounds/*/{file}"):
        yield from column(pq.read_table(path), name)


@pytest.mark.parametrize(("where", "kind"), COLUMNS.items(), ids=lambda given: str(given))
def test_an_old_project_holds_the_values(where: tuple[str, str], kind: type[StrEnum]) -> None:
    found = set(held(*where))
    assert found
    assert found <= {member.value for member in kind}
