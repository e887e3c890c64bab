"""A project with a model, for the commands that judge it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from settings import edit_settings

from curation.project.folder import Project, open_project
from curation.rounds.loop import learn
from curation.sources.beside import keep_beside
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest

WORDS = ("parcel", "courier", "letter", "van"), ("invoice", "refund", "charge", "card")
ROWS = [
    (
        f"m{n}",
        f"the {WORDS[n % 2][n % 4]} of {day} is wrong",
        ("shipping", "billing")[n % 2],
        ("web", "mail")[n % 3 > 0],
    )
    for n, day in enumerate(f"{a} {b}" for a in ("monday", "friday", "sunday", "june", "may") for b in "abcdefghijkl")
]


@pytest.fixture(scope="session")
def evaluated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 messages, half of them for tests, and a model that is right about nearly all."""
    folder = tmp_path_factory.mktemp("gate")
    data = folder / "rows.csv"
    data.write_text("\n".join(",".join(row) for row in [("id", "text", "label", "source"), *ROWS]) + "\n")
    columns = Columns(fields={"text": "text"}, label="label", record_id="id")
    project = ingest(Intake(folder=folder / "project", data=data, columns=columns))
    keep_beside(project, ["source"], file=data, record_id="id")
    training = {"method": "linear", "precision": "fp32"}
    split = {"validation": 0.2, "test": 0.5}
    edit_settings(project.folder, augmentation={"per_record": 0}, training=training, split=split)
    project = open_project(project.folder)
    list(learn(project, project.round(0), "evaluate", lambda step: lambda done, total: None))
    return project.folder


@pytest.fixture
def evaluated(evaluated_folder: Path, tmp_path: Path) -> Project:
    """A copy of it."""
    shutil.copytree(evaluated_folder, tmp_path / "project")
    return open_project(tmp_path / "project")
