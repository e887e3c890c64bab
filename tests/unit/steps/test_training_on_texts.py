"""A project whose answers are texts: from a labelled file to a model that writes them, its scores and a queue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from settings import edit_settings
from tiny_llama import NUMBERS, tiny_llama
from tiny_t5 import tiny_t5

from curation.cli import cli
from curation.errors import TwofoldError
from curation.project.folder import Project, open_project
from curation.selection.why_look import Known, entry, errors


def run(*arguments: object) -> str:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def counting(tmp_path: Path) -> Project:
    """48 questions about the number after one of six; the answers to two of them are other texts."""
    rows = []
    for n in range(48):
        asked = " ".join(["please"] * (n // 6 % 4) + ["say"] * (n // 24)) + f" after {NUMBERS[n % 6]}"
        rows.append([f"r{n:02d}", asked.strip(), "not ." if n in (7, 20) else NUMBERS[(n + 1) % 6] + " ."])
    data = tmp_path / "numbers.csv"
    data.write_text("\n".join(",".join(row) for row in [["id", "text", "answer"], *rows]) + "\n", encoding="utf-8")
    folder = tmp_path / "numbers"
    run("init", folder, "--data", data, "--id", "id", "--label", "answer", "--kind", "text", "--text", "text")
    return open_project(folder)


def with_model(project: Project, **training: object) -> Project:
    edit_settings(project.folder, training=training)
    return open_project(project.folder)


def test_a_model_learns_to_write_the_answers(counting: Project, tmp_path: Path) -> None:
    project = with_model(
        counting,
        model=tiny_llama(tmp_path / "llama"),
        method="full",
        epochs=25,
        patience=25,
        batch_size=4,
        learning_rate=0.01,
        precision="fp32",
    )
    said = run("evaluate", project.folder)
    run("relabel", project.folder)
    assert "a token on validation" in said
    assert "chrf" in said
    round_ = project.round(0)
    rows = round_.table("predictions.parquet").to_pylist()
    assert len(rows) == 48
    assert {row["value"] for row in rows} <= {f"{number} ." for number in NUMBERS}
    test = round_.json("evaluation.json")["test"]
    given = {row["record_id"]: row["value"] for row in round_.table("labels.parquet").to_pylist()}
    taught = [row["value"] == given[row["record_id"]] for row in rows if row["part"] == "train"]
    assert sum(taught) > 0.8 * len(taught)
    held_out = [row["value"] == given[row["record_id"]] for row in rows if row["part"] == "test"]
    assert test["accuracy"]["value"] == pytest.approx(sum(held_out) / len(held_out))
    assert set(test["metrics"]) == {
        *(
            "word_match",
            "word_error",
            "character_error",
            "chrf",
            "length_ratio",
            "bleu",
            "rouge_1",
            "rouge_2",
            "rouge_l",
        ),
        *("answer_match", "answer_f1", "repetition"),
    }
    assert test["macro_f1"]["value"] is None
    queue = {row["record_id"]: row for row in round_.table("queue.parquet").to_pylist()}
    assert all(row["suggested"] is not None for row in queue.values())  # people correct the text that is there
    run("report", project.folder)
    report = json.loads(round_.path("report.json").read_text(encoding="utf-8"))
    assert report["model"]["evaluation"]["n"] == test["n"] > 0
    assert "chrf" in round_.path("report.html").read_text(encoding="utf-8")


def test_a_model_from_sequence_to_sequence_learns_them_too(counting: Project, tmp_path: Path) -> None:
    settings = {"method": "full", "epochs": 8, "batch_size": 4, "learning_rate": 0.01, "precision": "fp32"}
    project = with_model(counting, model=tiny_t5(tmp_path / "t5"), **settings)
    assert "a token on validation" in run("evaluate", project.folder)
    rows = project.round(0).table("predictions.parquet").to_pylist()
    given = {row["record_id"]: row["value"] for row in project.round(0).table("labels.parquet").to_pylist()}
    taught = [row["value"] == given[row["record_id"]] for row in rows if row["part"] == "train"]
    assert sum(taught) > 0.8 * len(taught)
    assert "recommended: " in run("models", project.folder, project.config.training.model)


def test_an_encoder_is_refused_by_train_and_skipped_by_a_report(counting: Project) -> None:
    refused = CliRunner().invoke(cli, ["train", str(counting.folder)]).exception
    assert isinstance(refused, TwofoldError)
    assert str(refused) == (
        "cannot train yet: training.model: model 'packaged' cannot write texts: "
        "expected a language model, a folder of one or its name on the hub"
    )
    run("relabel", counting.folder)
    run("report", counting.folder)
    assert not counting.round(0).has("model")


def known(record_id: str, predicted: str, alike: float) -> Known:
    return Known(
        record_id=record_id,
        label="two fish",
        code=0,
        source="given",
        part="validation",
        quality=None,
        prediction={"predicted": predicted, "value": predicted, "confidence": 0.5},
        conflict=None,
        flagged=None,
        disputed=None,
        given="two fish",
        alike=alike,
    )


def test_the_less_a_text_is_like_the_models_the_sooner_it_is_read() -> None:
    far, near, same = known("far", "a cat", 0.1), known("near", "two fishes", 0.9), known("same", "two  fish", 1.0)
    assert entry(far)["priority"] > entry(near)["priority"]
    assert [row["record_id"] for row in errors([far, near, same])] == ["far", "near"]
    assert entry(far)["suggested"] == "two fish"
