"""What a log of the model at work proposes is read by people like any record, and teaches the next model."""

from __future__ import annotations

import csv
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from office import Office, quiet
from settings import edit_settings
from topics_project import messages, project_of

from curation.annotation.client import ArgillaClient
from curation.cli import cli
from curation.embedded import Server
from curation.project.labelled import current_values, records_by_part
from curation.project.standing import Part
from curation.rounds import loop

pytestmark = pytest.mark.server

STRANGE = [f"ich habe mein Passwort vergessen, bitte helfen Sie mir, Konto {at}" for at in range(24)]
KNOWN = [text.replace("wrong", "late") for _, text, _, _ in messages(24)]


@pytest.fixture
def office(tmp_path: Path, argilla_server: Server) -> Office:
    settings = {"split": {"validation": 0.2, "test": 0.5}, "training": {"method": "linear", "precision": "fp32"}}
    folder = project_of(tmp_path, 60, upto="relabel", **settings).folder
    edit_settings(folder, name=f"logged{uuid4().hex[:8]}")
    return Office(ArgillaClient(argilla_server.url, argilla_server.api_key), folder)


def test_rows_of_a_log_go_to_people_and_into_the_next_model(office: Office, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    with log.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("text", "predicted"), *((text, "billing") for text in [*STRANGE, *KNOWN])])
    done = CliRunner().invoke(cli, ["monitor", str(office.folder), str(log), "--next", "6", "--add"])
    assert done.exit_code == 1, done.output  # an alarm
    office.join("ana", "ben")
    office.join("carla", role="adjudicator")
    office.do(loop.learn(office.project, office.project.round(0), "relabel", quiet))
    office.push()
    came = {i for i in office.pending("ana") if i.startswith("log-")}
    assert len(came) == 6
    for name in ("ana", "ben"):
        office.answer(name, dict.fromkeys(came, "shipping"))
    office.take()
    assert {i: office.decisions()[i] for i in came} == dict.fromkeys(came, ("agreed", "shipping"))
    round_ = office.round
    office.do(loop.learn(office.project, round_, "train", quiet))
    parts = records_by_part(round_)
    assert not came & {*parts[Part.TEST]}
    assert came <= {*parts[Part.TRAIN], *parts[Part.VALIDATION]}
    assert {current_values(office.project, round_)[i] for i in came} == {"shipping"}
