"""What every test may use."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from curation.project import Project
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; without it a test skips and says so, except in CI."""
    found = os.environ.get("TWOFOLD_DATA")
    if found:
        return Path(found)
    if os.environ.get("CI") == "true":
        pytest.fail("TWOFOLD_DATA is not set")
    pytest.skip("TWOFOLD_DATA is not set: no real data to test with")


@pytest.fixture(scope="session")
def cases(shared_data: Path) -> Path:
    """The folder of inputs that went wrong once, beside the real data sets."""
    found = shared_data.parent / "cases" / "data_in"
    if not found.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{found} is not there")
        pytest.skip(f"{found} is not there: no files that went wrong once to test with")
    return found


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write a small CSV file and return its path."""

    def write(*lines: str, name: str = "messages.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """Make a project from `(id, text, label)` rows."""

    def make(rows: Sequence[tuple[str, str, str]], labels: Sequence[str] | None = None) -> Project:
        import csv

        path = tmp_path / "rows.csv"
        with path.open("w", newline="", encoding="utf-8") as handle:
            csv.writer(handle).writerows([("id", "text", "label"), *rows])
        columns = Columns(fields={"text": "text"}, label="label", record_id="id")
        return ingest(Intake(folder=tmp_path / "project", data=path, columns=columns, labels=labels))

    return make
