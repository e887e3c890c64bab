"""`twofold evaluate` and what `behaviour.yaml` expects of the model: a starter, an edit, a mistake, robustness."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result
from settings import edit_settings

from curation.cli import cli
from curation.errors import TwofoldError
from curation.project.folder import Project, open_project
from curation.steps.behaviour import SWAPS, TESTS

KNOWN = "tests:\n  - name: knows an refund\n    texts: [the refund of monday is wrong]\n    expect: billing\n"
CHANGED = """\
  - name: an address at the end
    of: test
    append: see https://www.example.org
    expect: same
    at_most: 0.5
"""


def evaluated_again(project: Project, *more: str) -> Result:
    return CliRunner().invoke(cli, ["evaluate", str(project.folder), *more])


def ran(done: Result) -> set[str]:
    """The steps that had something to do."""
    assert done.exit_code == 0, done.output
    return {line.split()[0] for line in done.output.splitlines() if line and "(up to date)" not in line}


def written(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(project.round(0).path("behaviour.json").read_text())
    return found


def test_an_edit_of_the_tests_asks_the_model_about_them_alone(evaluated: Project) -> None:
    done = evaluated_again(evaluated)
    assert ran(done) == set()
    assert f"no {TESTS} in the project's folder" in done.output
    assert written(evaluated)["behaviour"] is None
    evaluated.path(TESTS).write_text(KNOWN)
    done = evaluated_again(evaluated)
    assert ran(done) == {"behaviour"}
    assert f"1 of 1 tests of {TESTS} met" in done.output
    assert ran(evaluated_again(evaluated)) == set()
    evaluated.path(TESTS).write_text(KNOWN.replace("billing", "shipping") + CHANGED)
    done = evaluated_again(evaluated)
    assert "1 of 2 tests of behaviour.yaml met: not met 'knows an refund' (1 of 1)" in done.output
    wrong, same = written(evaluated)["behaviour"]
    assert wrong["worst"][0]["text"] == ["the refund of monday is wrong"]
    assert (same["kind"], same["cases"], same["verdict"]) == ("invariance", 30, "met")
    evaluated.path(TESTS).unlink()
    assert ran(evaluated_again(evaluated)) == {"behaviour"}
    assert written(evaluated)["behaviour"] is None


def test_a_mistake_is_one_line_before_anything_runs(evaluated: Project) -> None:
    evaluated.path(TESTS).write_text(KNOWN.replace("billing", "biling"))
    done = evaluated_again(evaluated)
    assert isinstance(done.exception, TwofoldError)
    assert done.exception.exit_code == 2
    assert str(done.exception) == (
        f"{evaluated.path(TESTS)}: line 4: test 'knows an refund': key 'expect': "
        "expected one of billing, shipping, got 'biling'"
    )
    assert done.stdout == ""


def test_a_starter_is_made_of_the_labels_and_does_not_overwrite(evaluated: Project) -> None:
    done = evaluated_again(evaluated, "--behaviour-starter")
    assert ran(done) == {"behaviour"}
    text = evaluated.path(TESTS).read_text()
    assert "name: knows shipping" in text
    assert "expect: billing" in text
    found = {one["name"]: one for one in written(evaluated)["behaviour"]}
    assert (found["knows billing"]["verdict"], found["knows billing"]["cases"]) == ("met", 3)
    again = evaluated_again(evaluated, "--behaviour-starter")
    assert "is there already" in str(again.exception)
    assert evaluated.path(TESTS).read_text() == text


def test_robustness_is_measured_where_it_is_asked_for(evaluated: Project) -> None:
    edit_settings(evaluated.folder, evaluation={"robustness": True, "perturbations": ["upper_case", "cut"]})
    done = evaluated_again(evaluated)
    assert ran(done) == {"behaviour"}
    found = written(evaluated)["robustness"]
    assert {one["perturbation"] for one in found["harms"]} == {"upper_case", "cut"}
    assert found["n"] == 30
    assert "robustness: " in done.output


def test_swaps_are_tried_where_they_are_asked_for_with_the_words_of_the_team(evaluated: Project) -> None:
    edit_settings(evaluated.folder, evaluation={"swaps": True})
    done = evaluated_again(evaluated)
    assert ran(done) == {"behaviour"}
    assert "swaps: too few texts name a group of people" in done.output
    evaluated.path(SWAPS).write_text("billing / shipping: refund = parcel; refunds = parcels; invoice = courier")
    done = evaluated_again(evaluated)
    assert ran(done) == {"behaviour"}
    (pair,) = written(evaluated)["swaps"]["pairs"]
    assert pair["changed"]["value"] > 0.2
    evaluated.path(SWAPS).write_text("billing: refund = parcel")
    done = evaluated_again(evaluated)
    assert isinstance(done.exception, TwofoldError)
    assert f"{SWAPS}, row 1: expected 'group / group" in str(done.exception)
    evaluated.path(SWAPS).unlink()
    edit_settings(evaluated.folder, check={"language": "de"}, evaluation={"swaps": True})
    assert "check.language: expected one of en, or a list of swaps of your own" in str(
        evaluated_again(evaluated).exception
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"perturbations": ["tipos"]},
            "key 'evaluation.perturbations': expected some of typos, .* no 'tipos'",
        ),
        ({"robustness_texts": 3}, "key 'evaluation.robustness_texts'"),
        ({"robustnes": True}, r"key 'evaluation.robustnes' is not known \(did you mean 'robustness'\?\)"),
    ],
)
def test_a_wrong_setting_is_named_by_its_key(evaluated: Project, asked: dict[str, Any], said: str) -> None:
    edit_settings(evaluated.folder, evaluation=asked)
    with pytest.raises(TwofoldError, match=said):
        open_project(evaluated.folder)
