"""What `train` leaves in the ledger, in the report and on the screen, and what it says of records by their ids."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
import torch
from settings import edit_settings
from terminal import run as on_a_terminal
from topics_project import project_of

from curation.errors import TwofoldError
from curation.project import ledger
from curation.project.folder import Project, open_project
from curation.project.labelled import records_by_part
from curation.project.standing import Part
from curation.project.step import Context, run_step
from curation.report.sections.model import _training as of_report
from curation.rounds.findings import findings
from curation.steps import train


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 messages in their parts, without variants."""
    training = {"method": "head", "epochs": 2, "precision": "fp32", "batch_size": 24}
    return project_of(tmp_path_factory.mktemp("messages"), 24, upto="augment", training=training).folder


@pytest.fixture
def split_up(prepared: Path, tmp_path: Path) -> Project:
    """A copy of them."""
    shutil.copytree(prepared, tmp_path / "project")
    return open_project(tmp_path / "project")


def test_a_run_is_in_the_ledger_in_the_report_and_in_the_answer_of_the_command(split_up: Project) -> None:
    round_ = split_up.round(0)
    done = run_step(train.STEP, Context(project=split_up, round=round_))
    model = round_.path("model")
    record = {
        **json.loads((model / "training.json").read_text()),
        "cost": json.loads((model / "cost.json").read_text()),
    }
    *_, last = ledger.read(split_up.folder)
    assert last["event"] == "train"
    kept = ("config", "data", "history", "over_fitting", "environment", "versions", "cost", "precision")
    assert {name: last["training"][name] for name in kept} == {name: record[name] for name in kept}
    assert record["over_fitting"] in done.summary
    shown = of_report(round_)
    assert (shown["over_fitting"], shown["cost"], shown["data"]) == tuple(
        record[name] for name in ("over_fitting", "cost", "data")
    )
    assert f"torch {torch.__version__}" in shown["ran_on"]
    assert findings(round_, "train")["cost"] == record["cost"]


def test_a_loss_that_is_no_number_names_record_ids(split_up: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    round_ = split_up.round(0)
    taught = sorted(records_by_part(round_)[Part.TRAIN])
    monkeypatch.setattr(
        "training.engines.engine.logits_of", lambda model, inputs: torch.full((len(taught), 2), torch.nan)
    )
    with pytest.raises(TwofoldError, match="not a number") as raised:
        run_step(train.STEP, Context(project=split_up, round=round_))
    assert f"(records {', '.join(taught)} of train)" in str(raised.value)
    assert raised.value.exit_code == 2


def test_what_training_cannot_use_is_one_line(split_up: Project) -> None:
    edit_settings(split_up.folder, training={"freeze": 99})
    project = open_project(split_up.folder)
    with pytest.raises(TwofoldError, match="training: freeze: expected at most 6 layers"):
        run_step(train.STEP, Context(project=project, round=project.round(0)))


def test_what_is_cut_is_said_before_training_begins(split_up: Project) -> None:
    class Heard:
        def __init__(self) -> None:
            self.said: list[str] = []

        def __call__(self, done: int, total: int) -> None:
            self.said.append("begun")

        def say(self, line: str) -> None:
            self.said.append(line)

    edit_settings(split_up.folder, training={"max_length": 8})
    project, heard = open_project(split_up.folder), Heard()
    done = run_step(train.STEP, Context(project=project, round=project.round(0), tick=heard))
    assert heard.said[0].startswith("train: ")
    assert "cut at max_length = 8 tokens" in heard.said[0]
    assert heard.said[0] in done.summary
    assert "begun" in heard.said


WORK = """
import time
from curation.cli.screen import Screen

with Screen() as screen:
    tick = screen.bar("train")
    for done in range(4):
        tick.tell(f"epoch 2/10, loss 0.{done}12, F1 0.841")
        if done == 1:
            tick.say("train: 3 of 9 records are cut")
        tick(done, 4)
        time.sleep(0.12)
    screen.bar("evaluate")(1, 2)
    time.sleep(0.12)
    screen.say("train      18 epochs")
"""


@pytest.mark.parametrize("columns", [44, 80, 100])
def test_loss_and_score_stand_beside_the_bar_on_one_line(columns: int) -> None:
    seen = on_a_terminal([sys.executable, "-c", WORK], columns=columns)
    assert seen.lines == ["train: 3 of 9 records are cut", "train      18 epochs"]
    assert "\x1b[1A" not in seen.written  # a bar of two lines would have to go up
    assert ("loss 0.212, F1 0.841" in seen.written) == (columns > 44)
    assert "F1" not in seen.written.rpartition("evaluate")[2]
