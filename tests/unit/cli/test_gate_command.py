"""`twofold gate`: what `twofold.toml` asks of a model, point by point, and exit code 1 with reasons."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from settings import edit_settings

from curation.cli import cli
from curation.errors import GateRefused, TwofoldError
from curation.project import ledger
from curation.project.folder import Project, open_project
from curation.rounds import release
from curation.rounds.loop import learn
from curation.rounds.release import held_against_gate
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


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
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
def project(evaluated: Path, tmp_path: Path) -> Project:
    """A copy of it."""
    shutil.copytree(evaluated, tmp_path / "project")
    return open_project(tmp_path / "project")


def held(project: Project, **asked: Any) -> dict[str, str]:
    """The verdicts on what is asked, by name."""
    edit_settings(project.folder, gate={"over_commonest": -1.0, **asked})
    opened = open_project(project.folder)
    return {each.name: each.verdict for each in held_against_gate(opened, opened.round(0))}


def test_a_model_that_meets_all_passes_and_the_ledger_says_of_which(project: Project) -> None:
    done = CliRunner().invoke(cli, ["gate", str(project.folder)])
    assert done.exit_code == 0, done.output
    assert "met        accuracy over always saying" in done.output
    *_, last = ledger.read(project.folder)
    assert (last["event"], last["passed"], last["round"], len(last["model"])) == ("gate", True, 0, 64)
    assert [each["verdict"] for each in last["requirements"]] == ["met"]


def test_what_is_not_met_is_refused_with_reasons_as_data_too(project: Project) -> None:
    edit_settings(project.folder, gate={"at_least": {"accuracy": 0.999}, "settled_by_people": 0.5})
    done = CliRunner().invoke(cli, ["gate", str(project.folder), "--json"])
    assert isinstance(done.exception, GateRefused)
    assert done.exception.exit_code == 1
    found = json.loads(done.stdout) if done.stdout else done.exception.found
    assert found["passed"] is False
    said = {each["name"]: each["verdict"] for each in found["requirements"]}
    assert said["accuracy"] in ("not shown", "not met")
    assert said["share of the test part that people settled"] == "not met"
    assert "2 of 3 requirements not met" in str(done.exception)
    assert ledger.read(project.folder)[-1]["passed"] is False


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"at_least": {"accuracy": 0.3}}, {"accuracy": "met"}),
        ({"at_least": {"macro_f1": 1.01}}, {"macro_f1": "not met"}),
        ({"at_most": {"log_loss": 5.0, "brier_score": 0.9}}, {"log_loss": "met", "brier_score": "met"}),
        ({"groups": {"source": 0.1}}, {"accuracy where source is mail": "met"}),
        ({"below_readers": 0.1}, {"agreement with a reader over that of another reader": "not known"}),
        ({"settled_by_people": 0.0}, {"share of the test part that people settled": "met"}),
        ({"milliseconds": 60_000}, {"milliseconds for one record": "met"}),
        ({"milliseconds": 0.001}, {"milliseconds for one record": "not met"}),
    ],
)
def test_each_thing_that_can_be_asked(project: Project, asked: dict[str, Any], said: dict[str, str]) -> None:
    edit_settings(project.folder, check={"smallest_group": 12})
    found = held(project, **asked)
    assert {name: found[name] for name in said} == said
    assert "accuracy where source is web" not in found  # fewer than the smallest group


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"at_least": {"acuracy": 0.5}}, r"key 'gate.at_least': 'acuracy' is not known \(did you mean 'accuracy'\?\)"),
        ({"groups": {"sorce": 0.5}}, r"key 'gate.groups': 'sorce' is not known \(did you mean 'source'\?\)"),
        ({"at_least": {"accuracy": "high"}}, "key 'gate.at_least.accuracy'"),
        ({"below_last": -0.1}, "key 'gate.below_last'"),
        ({"belw_last": 0.1}, r"key 'gate.belw_last' is not known \(did you mean 'below_last'\?\)"),
    ],
)
def test_what_cannot_be_asked_is_named_by_its_key(project: Project, asked: dict[str, Any], named: str) -> None:
    with pytest.raises(TwofoldError, match=named):
        held(project, **asked)


def test_a_model_is_held_against_that_of_the_round_before(project: Project) -> None:
    path = project.round(0).path("evaluation.json")
    found = json.loads(path.read_text())
    path.write_text(json.dumps({**found, "before_round": 7, "comparison": {"wins": 1, "losses": 9, "n": 30}}))
    assert held(project, below_last=0.02)["accuracy over the model of round 7"] == "not met"
    assert held(project, below_last=0.9)["accuracy over the model of round 7"] == "met"


def test_a_gate_that_asks_nothing_lets_nothing_through(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "_over_commonest", lambda tested: iter(()))  # as of a model that writes texts
    with pytest.raises(TwofoldError, match="key 'gate': nothing is asked of the model"):
        held_against_gate(project, project.round(0))
