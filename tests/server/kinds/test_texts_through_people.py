"""Texts that people write, through two blind readers and a third person to a check, a language model and a queue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner
from desk import Desk
from settings import edit_settings
from tiny_llama import NUMBERS, tiny_llama

from curation.annotation.client import ArgillaClient
from curation.cli import cli

pytestmark = pytest.mark.server
ASKED = {
    f"r{n:02d}": (f"{'please ' * (n // 6 % 4)}{'say ' * (n // 24)}after {NUMBERS[n % 6]}", f"{NUMBERS[(n + 1) % 6]} .")
    for n in range(48)
}


def run(*arguments: object) -> str:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data, folder = tmp_path / "asked.csv", tmp_path / "asked"
    data.write_text("\n".join(["id,text", *(f"{i},{text}" for i, (text, _) in ASKED.items()), ""]), encoding="utf-8")
    run("init", folder, "--data", data, "--id", "id", "--text", "text", "--kind", "text")
    edit_settings(
        folder,
        name=f"texts-{uuid4().hex[:8]}",
        training={
            "model": tiny_llama(tmp_path / "llama"),
            "method": "full",
            "epochs": 25,
            "patience": 25,
            "batch_size": 4,
            "learning_rate": 0.01,
            "precision": "fp32",
        },
        augmentation={"per_record": 0},
        annotation={"batch_size": 48},
    )
    return folder


def test_texts_are_written_settled_learnt_and_measured(folder: Path, argilla_server: Any) -> None:
    desk = Desk(folder, ArgillaClient(argilla_server.url, argilla_server.api_key))
    desk.go()
    sent = desk.project.round(1).table("batch.parquet")["record_id"].to_pylist()
    right = {i: ASKED[i][1] for i in sent}
    disputed = sent[0]
    desk.answer("ana", right)
    desk.answer("ben", {**right, disputed: "not ."})
    assert f"{len(sent) - 1} agreed, 1 disputed" in desk.go()
    desk.answer("cem", {disputed: right[disputed]}, "adjudicator")
    said = desk.go()
    assert "a token on validation" in said
    assert "chrf" in said

    round_ = desk.project.round(1)
    decided = {row["record_id"]: row["value"] for row in round_.table("decisions.parquet").to_pylist()}
    assert decided == right
    rows = [row for row in round_.table("predictions.parquet").to_pylist() if row["part"] == "train"]
    assert sum(row["value"] == right[row["record_id"]] for row in rows) > 0.8 * len(rows)
    report = json.loads(round_.path("report.json").read_text(encoding="utf-8"))
    assert {"chrf", "word_error"} <= report["model"]["evaluation"]["metrics"].keys()
    lines = run("export", folder, "--what", "decisions", "--format", "jsonl").splitlines()
    assert {row["record_id"]: row["answer"] for row in map(json.loads, lines)} == right
