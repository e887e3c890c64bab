"""`twofold gate`: what `twofold.toml` asks of a model, point by point, and exit code 1 with reasons."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from settings import edit_settings

from curation.cli import cli
from curation.errors import GateRefused, TwofoldError
from curation.project import ledger
from curation.project.folder import Project, open_project
from curation.rounds import release
from curation.rounds.release import held_against_gate


def held(project: Project, **asked: Any) -> dict[str, str]:
    """The verdicts on what is asked, by name."""
    edit_settings(project.folder, gate={"over_commonest": -1.0, **asked})
    opened = open_project(project.folder)
    return {each.name: each.verdict for each in held_against_gate(opened, opened.round(0))}


def test_a_model_that_meets_all_passes_and_the_ledger_says_of_which(evaluated: Project) -> None:
    done = CliRunner().invoke(cli, ["gate", str(evaluated.folder)])
    assert done.exit_code == 0, done.output
    assert "met        accuracy over always saying" in done.output
    *_, last = ledger.read(evaluated.folder)
    assert (last["event"], last["passed"], last["round"], len(last["model"])) == ("gate", True, 0, 64)
    assert [each["verdict"] for each in last["requirements"]] == ["met"]


def test_what_is_not_met_is_refused_with_reasons_as_data_too(evaluated: Project) -> None:
    edit_settings(evaluated.folder, gate={"at_least": {"accuracy": 0.999}, "settled_by_people": 0.5})
    done = CliRunner().invoke(cli, ["gate", str(evaluated.folder), "--json"])
    assert isinstance(done.exception, GateRefused)
    assert done.exception.exit_code == 1
    found = json.loads(done.stdout) if done.stdout else done.exception.found
    assert found["passed"] is False
    said = {each["name"]: each["verdict"] for each in found["requirements"]}
    assert said["accuracy"] in ("not shown", "not met")
    assert said["share of the test part that people settled"] == "not met"
    assert "2 of 3 requirements not met" in str(done.exception)
    assert ledger.read(evaluated.folder)[-1]["passed"] is False


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"at_least": {"accuracy": 0.3}}, {"accuracy": "met"}),
        ({"at_least": {"macro_f1": 1.01}}, {"macro_f1": "not met"}),
        ({"at_most": {"log_loss": 5.0, "brier_score": 0.9}}, {"log_loss": "met", "brier_score": "met"}),
        ({"groups": {"source": 0.1}}, {"accuracy where source is mail": "met"}),
        ({"below_readers": 0.1}, {"agreement with a reader over that of another reader": "not known"}),
        ({"weak_slices": 0}, {"weak slices": "met"}),
        ({"behaviour": True}, {"behaviour": "not known"}),
        ({"robustness_drop": 0.1}, {"accuracy lost by changed texts": "not known"}),
        ({"swap_changes": 0.1}, {"answers that swaps change": "not known"}),
        ({"settled_by_people": 0.0}, {"share of the test part that people settled": "met"}),
        ({"milliseconds": 60_000}, {"milliseconds for one record": "met"}),
        ({"milliseconds": 0.001}, {"milliseconds for one record": "not met"}),
    ],
)
def test_each_thing_that_can_be_asked(evaluated: Project, asked: dict[str, Any], said: dict[str, str]) -> None:
    edit_settings(evaluated.folder, check={"smallest_group": 12})
    found = held(evaluated, **asked)
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
def test_what_cannot_be_asked_is_named_by_its_key(evaluated: Project, asked: dict[str, Any], named: str) -> None:
    with pytest.raises(TwofoldError, match=named):
        held(evaluated, **asked)


def test_a_model_is_held_against_that_of_the_round_before(evaluated: Project) -> None:
    path = evaluated.round(0).path("evaluation.json")
    found = json.loads(path.read_text())
    path.write_text(json.dumps({**found, "before_round": 7, "comparison": {"wins": 1, "losses": 9, "n": 30}}))
    assert held(evaluated, below_last=0.02)["accuracy over the model of round 7"] == "not met"
    assert held(evaluated, below_last=0.9)["accuracy over the model of round 7"] == "met"


def test_every_behavioural_test_and_every_change_of_texts_is_a_row(evaluated: Project) -> None:
    known = {"name": "knows", "texts": ["the refund of friday is wrong"], "expect": "billing"}
    same = {"name": "same", "of": "test", "append": "see https://www.example.org", "expect": "same", "at_most": 0.01}
    evaluated.path("behaviour.yaml").write_text(json.dumps({"tests": [known, same]}))  # JSON is YAML
    asked = {"behaviour": True, "robustness_drop": 0.3, "over_commonest": -1.0}
    changes = {"robustness": True, "perturbations": ["upper_case", "look_alikes"]}
    edit_settings(evaluated.folder, gate=asked, evaluation=changes)
    done = CliRunner().invoke(cli, ["gate", str(evaluated.folder)])
    assert isinstance(done.exception, GateRefused)
    said = {one["name"]: one["verdict"] for one in done.exception.found["requirements"]}
    assert said["share of cases that fail 'knows'"] == "met"
    assert said["share of cases that fail 'same'"] == "not shown"
    assert said["accuracy lost by upper_case"] == "met"
    assert "accuracy lost by look_alikes" in said


def test_a_gate_that_asks_nothing_lets_nothing_through(evaluated: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "_over_commonest", lambda tested: iter(()))  # as of a model that writes texts
    with pytest.raises(TwofoldError, match="key 'gate': nothing is asked of the model"):
        held_against_gate(evaluated, evaluated.round(0))


def test_a_test_set_from_outside_has_no_groups_and_that_is_said(tested_outside: Project) -> None:
    found = held(tested_outside, groups={"source": 0.1}, at_least={"accuracy": 0.1})
    assert (found["accuracy"], found["accuracy by source"]) == ("met", "not known")
