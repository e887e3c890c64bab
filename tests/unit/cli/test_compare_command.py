"""`twofold compare`: another model on the same test part, for whom it is worse, and what could be seen there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from settings import edit_settings

from curation.cli import cli
from curation.errors import TwofoldError
from curation.project.folder import Project


def compared(project: Project, other: object, *more: str) -> Result:
    return CliRunner().invoke(cli, ["compare", str(project.folder), str(other), *more])


def test_a_model_is_no_better_than_itself(evaluated: Project) -> None:
    done = compared(evaluated, 0)
    assert done.exit_code == 0, done.output
    assert "no difference shown" in done.output
    assert "the two are right about the same records" in done.output
    found = json.loads(compared(evaluated, evaluated.round(0).path("model"), "--margin", "0.3", "--json").stdout)
    assert (found["difference"]["value"], found["not_worse_by_margin"], found["records_needed"]) == (0.0, True, None)
    assert {each["by"] for each in found["slices"]} == {"label", "source"}


def test_a_model_that_has_learnt_nothing_is_worse_and_for_whom_is_said(evaluated: Project, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(evaluated.folder, other)
    edit_settings(other, training={"method": "head", "epochs": 1, "learning_rate": 1e-9})
    assert CliRunner().invoke(cli, ["train", str(other)]).exit_code == 0
    found = json.loads(compared(evaluated, other, "--json").stdout)
    assert found["difference"]["high"] < 0
    assert not found["not_worse_by_margin"]
    assert found["comparison"]["losses"] - found["comparison"]["wins"] > 5
    worst = found["slices"][0]
    assert worst["flagged"]
    assert "worse where" in worst["reason"]
    assert found["records_needed"] > found["comparison"]["n"]


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ("7", r"round 7: expected one with a model \(0\)"),
        ("\u00b2", "\u00b2: expected the folder of a model"),
        ("nowhere", "nowhere: expected the folder of a model, with a config.json"),
    ],
)
def test_a_model_that_is_not_there_is_named_before_any_work(evaluated: Project, other: str, named: str) -> None:
    edit_settings(evaluated.folder, training={"method": "full"})  # which would have to be trained first
    with pytest.raises(TwofoldError, match=named):
        raise compared(evaluated, other).exception or AssertionError
    assert not list(evaluated.round(0).path("model").glob("checkpoint"))


def test_a_model_of_other_labels_is_refused(evaluated: Project, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(evaluated.round(0).path("model"), other)
    settings = json.loads((other / "config.json").read_text())
    settings |= {"id2label": {"0": "praise", "1": "blame"}, "label2id": {"praise": 0, "blame": 1}}
    (other / "config.json").write_text(json.dumps(settings))
    with pytest.raises(TwofoldError, match=r"other: label 'blame' is not in the task"):
        raise compared(evaluated, other).exception or AssertionError


def test_a_test_set_from_outside_is_compared_on_by_its_labels(tested_outside: Project) -> None:
    done = compared(tested_outside, 0, "--json")
    assert done.exit_code == 0, done.exception
    found = json.loads(done.stdout)
    assert found["comparison"]["n"] == 24
    assert {(each["by"], each["value"]) for each in found["slices"]} == {
        ("label", "shipping"),
        ("label", "billing"),
        ("source", "(missing)"),
    }


def test_a_column_that_names_every_record_hides_no_other(evaluated: Project) -> None:
    kept = evaluated.path("metadata.parquet")
    table = pq.read_table(kept)
    pq.write_table(table.append_column("order", table["record_id"]), kept)
    found = json.loads(compared(evaluated, 0, "--json").stdout)
    assert {each["by"] for each in found["slices"]} == {"label", "source"}


def test_what_was_forgotten_stands_beside_the_gain(evaluated: Project, tmp_path: Path) -> None:
    rows = [
        (f"the {day} train", f"a train of {day}" if at % 2 else f"birds, {at}", at % 2)
        for at, day in enumerate("abcdefghijkl")
    ]
    general = tmp_path / "general.csv"
    general.write_text(
        "\n".join(["first,second,score", *(f"{a},{b},{c}" for a, b, c in rows)]).replace("birds,", "birds")
    )
    found = json.loads(compared(evaluated, 0, "--general", str(general), "--json").stdout)["general"]
    assert (found["ability"], found["records"], found["verdict"]) == ("similarity", 12, "not shown")
    assert found["before"] == found["after"]
    assert "not shown: similarity follows people with" in compared(evaluated, 0, "--general", str(general)).output


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (
            "id,words\n1,birds",
            r"general.csv: expected a column 'text', or the columns 'first', 'second' and 'score', came 'id'",
        ),
        ("first,second,score\na,b,1\na,b,much", "general.csv: row 3: column 'score': expected a number, came 'much'"),
        ("text\nbirds\n  \nfish", "general.csv: row 3: column 'text': expected a text, came nothing"),
        ("first,second,score\na,b,1", "general.csv: before: expected at least 10 texts or pairs, got 1"),
    ],
)
def test_a_general_file_that_cannot_be_used_is_named(evaluated: Project, tmp_path: Path, rows: str, named: str) -> None:
    general = tmp_path / "general.csv"
    general.write_text(rows + "\n")
    with pytest.raises(TwofoldError, match=named):
        raise compared(evaluated, 0, "--general", str(general)).exception or AssertionError
