"""Orders through two blind readers and a third person to a check, a model, and what is suggested in the next round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner
from desk import Desk
from settings import edit_settings

from curation.annotation.client import ArgillaClient
from curation.cli import cli
from curation.tasks.kinds import kind_named

pytestmark = pytest.mark.server
RANKING = kind_named("ranking")
THINGS = ("lamp", "bicycle", "piano", "kettle", "tent", "violin", "carpet", "sofa", "canoe", "helmet", "bed", "oven")
SAID = {
    "The {} has not come, where is it?": ("speed", "tone", "price"),
    "I want my money back for the {}.": ("price", "speed", "tone"),
    "You were so rude about the {}!": ("tone", "price", "speed"),
}
NOTES = {
    f"r{n:02}-{k}": (text.format(thing), order)
    for n, thing in enumerate(THINGS)
    for k, (text, order) in enumerate(SAID.items())
}


def run(*arguments: object) -> str:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def ranked(order: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"value": name, "rank": rank} for rank, name in enumerate(order, 1)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data, folder = tmp_path / "notes.csv", tmp_path / "notes"
    lines = (f'{record_id},"{text}"' for record_id, (text, _) in NOTES.items())
    data.write_text("\n".join(["id,note", *lines, ""]), encoding="utf-8")
    options = 'options=["speed","price","tone"]'
    run("init", folder, "--data", data, "--id", "id", "--text", "note", "--kind", "ranking", "--set", options)
    edit_settings(
        folder,
        name=f"orders-{uuid4().hex[:8]}",
        training={"method": "lora", "epochs": 12, "batch_size": 8, "patience": 12, "precision": "fp32"},
        augmentation={"per_record": 0},
        annotation={"batch_size": 30},
    )
    return folder


def test_orders_are_read_checked_learnt_and_suggested(folder: Path, argilla_server: Any) -> None:
    desk = Desk(folder, ArgillaClient(argilla_server.url, argilla_server.api_key))
    desk.go()
    sent = desk.project.round(1).table("batch.parquet")["record_id"].to_pylist()
    test_part = set(json.loads((folder / "test_part.json").read_text(encoding="utf-8")))
    upside_down, disputed = [i for i in sent if i not in test_part][:2]
    right = {i: ranked(NOTES[i][1]) for i in sent}
    both = {**right, upside_down: ranked(NOTES[upside_down][1][::-1])}
    desk.answer("ana", both)
    desk.answer("ben", {**both, disputed: ranked(NOTES[disputed][1][::-1])})
    assert f"{len(sent) - 1} agreed, 1 disputed" in desk.go()
    desk.answer("cem", {disputed: right[disputed]}, "adjudicator")
    said = desk.go()
    assert "kendall tau b" in said
    assert "average order kendall tau b" in said

    round_ = desk.project.round(1)
    flags = [row for row in round_.table("flags.parquet").to_pylist() if row["check"].endswith("label")]
    meant = " > ".join(NOTES[upside_down][1])
    assert [(row["record_id"], row["suggested"]) for row in flags] == [(upside_down, meant)]
    assert flags[0]["reason"].endswith(f"the other way round it fits: {meant}")
    predicted = {
        row["record_id"]: RANKING.show(row["value"]) for row in round_.table("predictions.parquet").to_pylist()
    }
    assert sum(predicted[i] == " > ".join(order) for i, (_, order) in NOTES.items()) > 0.8 * len(NOTES)
    report = json.loads(round_.path("report.json").read_text(encoding="utf-8"))
    metrics = report["model"]["evaluation"]["metrics"]
    assert metrics["kendall_tau_b"]["value"] > metrics["average_order_kendall_tau_b"]["value"]

    assert desk.project.current.number == 2
    suggested = desk.suggested()
    unread = [i for i in suggested if i not in sent]
    assert unread
    assert {i: [RANKING.show(each) for each in suggested[i]] for i in unread} == {i: [predicted[i]] for i in unread}
    rows = [json.loads(line) for line in run("export", folder, "--what", "decisions", "--format", "jsonl").splitlines()]
    assert {row["record_id"]: row["ranking"] for row in rows} == both
