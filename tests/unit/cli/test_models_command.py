"""`twofold models`: before there are labels and after, without the test part."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from curation.cli import cli, exit_code
from curation.project.folder import Project
from curation.project.labelled import freeze_test
from curation.rounds.choosing import candidates

WHO = ("the van", "my letter", "this box", "her gift", "the bill", "my card", "this price", "his fee")
WHAT = ("came too late", "was wrong again", "is still missing", "cannot be found", "has a new name", "made me sad")
TEXTS = [f"{who} {how}" for who, how in product(WHO, WHAT)]


@pytest.fixture(autouse=True)
def _no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.choosing.model_facts.cached_models", dict)


def unlabelled(make_project: Callable[..., Project]) -> Project:
    return make_project([(f"r{n}", text, "") for n, text in enumerate(TEXTS)], labels=("late", "refund"))


def test_labels_are_probed_and_a_curve_is_drawn(make_project: Callable[..., Project]) -> None:
    label = {who: ("late", "refund")[at >= 4] for at, who in enumerate(WHO)}
    rows = [(f"r{n}", text, next(label[who] for who in WHO if text.startswith(who))) for n, text in enumerate(TEXTS)]
    project = make_project(rows)
    freeze_test(project, ["r0", "r1", "r2"])
    done = CliRunner().invoke(cli, ["models", str(project.folder), "--minutes", "1"])
    assert done.exit_code == 0, done.output
    assert "recommended: packaged" in done.output
    assert max(map(len, done.output.splitlines())) <= 100
    answer = json.loads(CliRunner().invoke(cli, ["models", str(project.folder), "--minutes", "1", "--json"]).stdout)
    assert answer["probed"] == len(rows) - 3  # the test part is left alone
    assert answer["models"][0]["licence"] == "apache-2.0"
    assert answer["curve"]["more"] == 1000


def test_before_there_are_labels_it_says_so(make_project: Callable[..., Project]) -> None:
    project = unlabelled(make_project)
    done = CliRunner().invoke(cli, ["models", str(project.folder)])
    assert done.exit_code == 0, done.output
    assert "no probe: no record has a label yet" in done.output
    assert candidates(project) == ["packaged"]


def test_a_model_that_is_not_there_is_one_line(make_project: Callable[..., Project], capsys: Any) -> None:
    project = unlabelled(make_project)
    code = exit_code(lambda: cli(["models", str(project.folder), "nobody/nothing"], standalone_mode=False))
    assert code == 2
    assert "downloaded before" in capsys.readouterr().err
