"""How likely each label is, by the votes, as a model learns it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from click.testing import CliRunner
from settings import edit_settings

from curation.cli import cli
from curation.project.folder import Project
from curation.project.labelled import SOFT, labelled_dataset, soft_targets
from curation.project.records import SOFT as SCHEMA
from curation.project.records import table

VOTES = {"a": {"late": 0.8, "refund": 0.2}, "b": {"refund": 0.6, "late": 0.4}, "c": {"late": 0.9, "refund": 0.1}}


@pytest.fixture
def voted(make_project: Callable[..., Project]) -> Project:
    """Three records with votes, of which somebody settled the third otherwise, and 48 without."""
    rows = [("a", "my parcel is late", "late"), ("b", "money back please", "refund"), ("c", "where is it", "refund")]
    late, back = (("the van", "my letter", "this box", "her gift"), ("the bill", "my card", "this price", "his fee"))
    what = ("came too late", "was wrong again", "is still missing", "cannot be found", "has a new name", "made me sad")
    told = enumerate(product(late + back, what))
    more = [(f"r{n}", f"{who} {how}", ("late", "refund")[who in back]) for n, (who, how) in told]
    project = make_project([*rows, *more])
    said = [{"record_id": i, "answer": a, "probability": p} for i, each in VOTES.items() for a, p in each.items()]
    project.round(0).write_table("soft.parquet", table(said, SCHEMA))
    return project


def test_votes_count_unless_somebody_settled_the_record(voted: Project) -> None:
    assert voted.config.task.target_names == ("late", "refund")
    found = soft_targets(voted, voted.round(0), ["a", "b", "c", "r0", "nobody"])
    assert found == {"a": [0.8, 0.2], "b": [0.4, 0.6], "c": [0.0, 1.0], "r0": [1.0, 0.0]}


def test_they_stand_beside_the_labels_in_their_order(voted: Project) -> None:
    ids, round_ = ["c", "a", "r40"], voted.round(0)
    found = labelled_dataset(voted, round_, ids, beside={SOFT: soft_targets(voted, round_, ids)})
    assert [dict(zip(("text", "soft"), (row["text"], row[SOFT]), strict=True)) for row in found] == [
        {"text": "my parcel is late", "soft": [0.8, 0.2]},
        {"text": "where is it", "soft": [0.0, 1.0]},
        {"text": "this price has a new name", "soft": [0.0, 1.0]},
    ]


def test_a_round_is_trained_on_them(voted: Project) -> None:
    training = {"method": "head", "epochs": 2, "soft_labels": True, "loss": "gce", "precision": "fp32"}
    edit_settings(voted.folder, training=training)
    done = CliRunner().invoke(cli, ["train", str(voted.folder)])
    assert done.exit_code == 0, done.output
    assert "macro-F1" in done.output
