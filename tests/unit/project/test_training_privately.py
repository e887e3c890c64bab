"""A project whose model is private."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest
from click.testing import CliRunner
from settings import edit_settings

from curation.cli import cli
from curation.errors import TwofoldError
from curation.project.folder import Project, open_project
from curation.project.step import Context
from curation.steps import train


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    late, back = ("the van", "my letter", "this box", "her gift"), ("the bill", "my card", "this price", "his fee")
    what = ("came too late", "was wrong again", "is missing", "cannot be found", "has a new name", "made me sad")
    rows = [(f"{who} {how}", ("late", "refund")[who in back]) for who in late + back for how in what]
    made = make_project([(f"r{n}", text, label) for n, (text, label) in enumerate(rows)])
    training = {"method": "head", "epochs": 2, "noise_multiplier": 1.0}
    edit_settings(made.folder, training=training, augmentation={"per_record": 0})
    return made


def test_what_was_spent_is_said(project: Project) -> None:
    done = CliRunner().invoke(cli, ["train", str(project.folder)])
    assert done.exit_code == 0, done.output
    assert " spent" in done.output
    assert "epsilon " in done.output


def test_variants_of_records_are_refused(project: Project) -> None:
    variants = pa.table({"parent": ["r1"]})
    project.round(0).write_table("augmented.parquet", variants)
    context = Context(project=open_project(project.folder), round=project.round(0))
    with pytest.raises(TwofoldError, match=r"augmentation\.per_record: expected 0 where training is private"):
        train._training_part(context, [], context.config.training)
