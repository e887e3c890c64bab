"""A project with a model, for the commands that judge it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from topics_project import project_of

from curation.project.folder import Project, open_project

JUDGED = {"upto": "behaviour", "training": {"method": "linear", "precision": "fp32"}}


@pytest.fixture(scope="session")
def evaluated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 messages, half of them for tests, and a model that is right about nearly all."""
    return project_of(tmp_path_factory.mktemp("judged"), 60, split={"validation": 0.2, "test": 0.5}, **JUDGED).folder


@pytest.fixture
def evaluated(evaluated_folder: Path, tmp_path: Path) -> Project:
    """A copy of it."""
    shutil.copytree(evaluated_folder, tmp_path / "project")
    return open_project(tmp_path / "project")


@pytest.fixture(scope="session")
def tested_outside(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """36 messages, a model of them, and 24 others in a file of their own for tests: nothing is kept beside those."""
    return project_of(tmp_path_factory.mktemp("outside"), 36, outside=24, **JUDGED)
