"""`training.in_rounds`: a cheap model to choose what to look at next, and a full one on demand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from settings import edit_settings
from topics_project import project_of

from curation.cli import cli
from curation.errors import TwofoldError
from curation.project.folder import Project, open_project
from curation.project.step import Context, run_step
from curation.steps import train


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 messages in their parts; rounds have a linear head, else there are two epochs of low-rank factors."""
    training = {"in_rounds": "linear", "epochs": 2, "learning_rate": 0.001, "precision": "fp32", "batch_size": 24}
    return project_of(tmp_path_factory.mktemp("messages"), 24, upto="augment", training=training).folder


@pytest.fixture
def project(prepared: Path, tmp_path: Path) -> Project:
    shutil.copytree(prepared, tmp_path / "project")
    return open_project(tmp_path / "project")


def trained(project: Project, *asked: str) -> str:
    """The method that the command trained by, or nothing where it did not train."""
    ran = CliRunner().invoke(cli, ["train", str(project.folder), "--json", *asked], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    told = json.loads((project.round(0).path("model") / "training.json").read_text())
    done = [step for step in json.loads(ran.stdout)["steps"] if step["step"] == "train"]
    return str(told["config"]["method"]) if done[0]["ran"] else ""


def test_a_round_has_the_cheap_one_until_the_full_one_is_asked_for(project: Project) -> None:
    assert trained(project) == "linear"
    assert trained(project) == ""
    assert trained(project, "--full") == "lora"
    assert trained(project) == ""  # what was asked for stays
    assert trained(project, "--as-rounds") == "linear"


def test_the_next_round_begins_with_the_cheap_one(project: Project) -> None:
    round_ = project.round(0)
    train.train_fully(round_, True)
    assert not project.round(1).has(train.FULL)
    assert run_step(train.STEP, Context(project=project, round=round_)).ran


def test_settings_that_only_the_full_one_has_a_use_for_are_left_out(project: Project) -> None:
    of_rounds = project.config.training.of_rounds
    assert (of_rounds.method, of_rounds.epochs, of_rounds.learning_rate) == ("linear", None, None)
    assert (of_rounds.precision, of_rounds.batch_size) == ("fp32", 24)
    assert of_rounds.of_rounds is of_rounds


def test_what_does_not_go_with_the_other_settings_is_one_line(project: Project) -> None:
    edit_settings(project.folder, training={"in_rounds": "ia3", "privacy_epsilon": 8.0})
    told = r"key 'training.in_rounds': expected a method that goes with the other settings \(method: expected one of .*"
    with pytest.raises(TwofoldError, match=told + r"\), got 'ia3'$"):
        open_project(project.folder)
