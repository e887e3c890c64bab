"""`twofold tune`: a table, settings to paste, and a file that keeps its comments."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

from curation.cli import cli
from curation.cli.aligned import aligned
from curation.errors import TwofoldError
from curation.project.folder import Project, open_project
from curation.project.training_table import as_toml, write_training
from curation.report.search_page import render_search


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    late, back = (("the van", "my letter", "this box", "her gift"), ("the bill", "my card", "this price", "his fee"))
    what = ("came too late", "was wrong again", "is still missing", "cannot be found", "has a new name", "made me sad")
    told = enumerate(product(late + back, what))
    made = make_project([(f"r{n}", f"{who} {how}", ("late", "refund")[who in back]) for n, (who, how) in told])
    path = made.path("twofold.toml")
    text = path.read_text().replace('method = "lora"', 'method = "head"  # quick\nepochs = 1')
    path.write_text(text.replace("per_record = 1", "per_record = 0"))
    return open_project(made.folder)


def test_trials_are_shown_and_kept_and_the_test_part_is_not_opened(project: Project) -> None:
    done = CliRunner().invoke(cli, ["tune", str(project.folder), "--trials", "2"])
    assert done.exit_code == 0, done.output
    assert "over trial 0" in done.output
    told = [line for line in done.output.splitlines() if str(project.folder) not in line]
    assert max(map(len, told)) <= 120
    again = CliRunner().invoke(cli, ["tune", str(project.folder), "--trials", "2", "--json"])
    answer = json.loads(again.stdout)
    assert (len(answer["trials"]), answer["goal"], answer["applied"]) == (2, "macro-F1", False)
    page = Path(answer["page"]).read_text()
    assert "<svg" in page
    assert "trial 0" in page
    assert not project.round(0).has("predictions.parquet")


def test_one_bound_is_asked_for(project: Project) -> None:
    for bounds in ([], ["--minutes", "1", "--trials", "1"]):
        done = CliRunner().invoke(cli, ["tune", str(project.folder), *bounds])
        assert isinstance(done.exception, TwofoldError)
        assert "not both" in str(done.exception)


def test_settings_are_written_and_comments_stay(project: Project) -> None:
    found = {"learning_rate": 0.00123, "epochs": 4, "layer_decay": 0.9}
    write_training(project, {**found, "layer_decay": 1.0})
    text = project.path("twofold.toml").read_text()
    assert 'method = "head"  # quick' in text
    assert open_project(project.folder).config.training.learning_rate == 0.00123
    with pytest.raises(TwofoldError, match="epochs"):
        write_training(project, {"epochs": 0})
    assert project.path("twofold.toml").read_text() == text
    assert tomllib.loads(as_toml(found)) == {"training": found}


def test_what_a_trial_says_is_escaped_on_the_page() -> None:
    row = {"trial": 1, "state": "failed", "score": None, "interval": None, "written": "<b>", "epochs": 0, "seconds": 1}
    page = render_search(project="<script>", goal="loss", says="<i>", rows=[{**row, "why": "<img src=x>"}])
    assert "<script>" not in page
    assert "<img" not in page


def test_a_table_is_as_wide_as_the_terminal() -> None:
    lines = aligned(["name", "n"], [["one", "1"], ["a long name", "100"]])
    assert lines == ["name           n", "one            1", "a long name  100"]
    assert len(aligned(["name"], [["x" * 200]])[1]) == 100
