"""A check that somebody installed goes the way of our own: `check`, `flags`, the queue, the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from curation.cli import cli, exit_code
from curation.errors import TwofoldError
from curation.exports.export import flags
from curation.project.flagging import OUTSIDE
from curation.project.folder import Project
from curation.report import render
from curation.rounds.loop import learn

Install = Callable[..., Any]
ROWS = [(f"r{i:02d}", f"Where is parcel {i}?" if i % 2 else f"Box {i} broke.", ["a", "b"][i % 2]) for i in range(24)]
ROWS[5] = ("r05", "WHERE IS MY PARCEL?", "b")
ROWS[6] = ("r06", "MY BOX BROKE.", "a")
CODE = """
    def shouts(texts, labels, embeddings):
        assert len(texts) == len(labels) == len(embeddings)
        loud = [text.isupper() for text in texts]
        return [0.2 if x else 1.0 for x in loud], ["all in capitals" if x else "" for x in loud]

    def short(texts):
        return [1.0], [""]

    def spoils(embeddings):
        embeddings[:] = 0
"""


def learned(project: Project, step: str) -> dict[str, str]:
    found = learn(project, project.first, step, lambda _: lambda done, total: None)
    return {done.step: done.summary if done.ran else "" for done in found}


def twofold(*arguments: str) -> int:
    return exit_code(lambda: cli(list(arguments), standalone_mode=False))


def test_its_flags_stand_beside_our_own_under_its_name(make_project: Any, install: Install) -> None:
    install("shop", CODE, OUTSIDE, shouts="shop:shouts")
    project = make_project(ROWS)
    said = learned(project, "report")
    assert "2 shouts" in said["check"]
    found = flags(project, check="shouts").to_pylist()
    assert [(row["record_id"], row["reason"], row["value"]) for row in found] == [
        ("r05", "all in capitals", 0.2),
        ("r06", "all in capitals", 0.2),
    ]
    assert {row["score"] for row in found} == {2 / 24}
    report = json.loads(project.first.path("report.json").read_text(encoding="utf-8"))
    assert report["checks"]["counts"]["shouts"] == 2
    assert "shouts" in render(report)


def test_it_is_asked_for_by_name_on_the_command_line(make_project: Any, install: Install, capfd: Any) -> None:
    install("shop", CODE, OUTSIDE, shouts="shop:shouts")
    folder = str(make_project(ROWS).folder)
    assert twofold("check", folder) == 0
    assert twofold("flags", folder, "--check", "shouts") == 0
    assert "r05,shouts,0.08" in capfd.readouterr().out
    assert twofold("flags", folder, "--check", "shout") == 2
    assert "no check 'shout' (did you mean 'shouts'?)" in capfd.readouterr().err


def test_its_reason_stands_in_the_queue_and_does_not_pass_for_a_doubt_of_the_label(
    make_project: Any, install: Install
) -> None:
    project = make_project(ROWS)
    learned(project, "relabel")
    before = {row["record_id"]: row for row in project.first.table("queue.parquet").to_pylist()}
    install("shop", CODE, OUTSIDE, shouts="shop:shouts")
    learned(project, "relabel")
    after = {row["record_id"]: row for row in project.first.table("queue.parquet").to_pylist()}
    changed = {i: row for i, row in after.items() if row != before[i]}
    assert list(after) == list(before)
    assert {row["reason"] for row in changed.values()} == {"shouts: all in capitals"}
    assert {i: row | {"reason": ""} for i, row in changed.items()} == {i: before[i] | {"reason": ""} for i in changed}
    assert changed.keys() == {i for i in ("r05", "r06") if before[i]["kind"] == "not read yet"} != set()


def test_installing_one_has_the_labels_checked_again_and_not_the_texts(make_project: Any, install: Install) -> None:
    project = make_project(ROWS)
    learned(project, "check")
    install("shop", CODE, OUTSIDE, shouts="shop:shouts")
    again = learned(project, "check")
    assert again["map"] == ""
    assert "2 shouts" in again["check"]


@pytest.mark.parametrize(
    ("name", "target", "said"),
    [
        ("late", "shop:late", r"^twofold.checks: 'late' of shop \(shop:late\) cannot be loaded: AttributeError: "),
        ("label", "shop:shouts", "^twofold.checks: expected another name than 'label', which is a check of our own$"),
        (
            "short",
            "shop:short",
            r"^checks: 'short': expected 24 scores and 24 reasons, got scores of shape \(1,\) and 1 ",
        ),
        ("spoils", "shop:spoils", "^checks: 'spoils' cannot be run: ValueError: assignment destination is read-only$"),
    ],
)
def test_one_that_is_unfit_ends_the_check_in_one_line_and_leaves_no_flags(
    make_project: Any, install: Install, name: str, target: str, said: str
) -> None:
    install("shop", CODE, OUTSIDE, **{name: target})
    project = make_project(ROWS)
    with pytest.raises(TwofoldError, match=said):
        learned(project, "check")
    assert not project.first.has("flags.parquet")
