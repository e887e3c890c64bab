"""`twofold export --what model`: a folder that works as a model, with a card that the Hub reads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from huggingface_hub import ModelCard
from settings import edit_settings
from topics_project import messages

import twofold as tf
from curation.cli import cli
from curation.errors import TwofoldError
from curation.project.folder import Project


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def written(project: Project, to: Path) -> ModelCard:
    ran = run("export", project.folder, "--what", "model", "--out", to)
    assert ran.exception is None, ran.exception
    return ModelCard.load(to / "README.md")


def test_the_card_says_what_was_measured_and_what_nobody_has_said(evaluated: Project, tmp_path: Path) -> None:
    card = written(evaluated, tmp_path / "model")
    found = json.loads(evaluated.round(0).path("evaluation.json").read_text())["test"]["accuracy"]
    assert "accuracy | {value:.3f} [{low:.3f}, {high:.3f}]".format(**found) in card.text
    assert (card.data.license, card.data.pipeline_tag) == ("unknown", "text-classification")
    assert card.data.base_model == "sentence-transformers/all-MiniLM-L6-v2"
    accuracy = next(each for each in card.data.eval_results if each.metric_type == "accuracy")
    assert accuracy.metric_value == round(found["value"], 4)
    for said in ("It was not held against requirements", "Licence", "Energy was not measured", "seconds of processor"):
        assert said in card.text
    assert all(text not in card.text for _, text, _, _ in messages(60))


def test_what_it_is_for_stands_above_what_was_measured(evaluated: Project, tmp_path: Path) -> None:
    path = evaluated.folder / "twofold.toml"
    edited = path.read_text().replace('objective = ""', 'objective = "Route *messages* to desks."', 1)
    assert "What it is meant for" in written(evaluated, tmp_path / "before").text
    path.write_text(edited)
    said = written(evaluated, tmp_path / "after").text
    assert said.index("Route \\*messages\\* to desks.") < said.index("## How right it is")
    assert "What it is meant for" not in said
    assert "meant for: Route *messages* to desks." in run("gate", evaluated.folder).output


def test_the_folder_is_the_model(evaluated: Project, tmp_path: Path) -> None:
    written(evaluated, tmp_path / "model")
    asked = {"text": ["the courier is wrong", "the invoice is wrong"]}
    folders = (tmp_path / "model", evaluated.round(0).path("model"))
    said = [tf.predict(folder, asked, text_columns=["text"]).pred_probs for folder in folders]
    assert (said[0] == said[1]).all()


def test_the_gate_stands_in_it_while_it_is_about_this_model(evaluated: Project, tmp_path: Path) -> None:
    edit_settings(evaluated.folder, gate={"at_least": {"accuracy": 0.999}})
    assert run("gate", evaluated.folder).exit_code == 1
    assert "| accuracy | not " in written(evaluated, tmp_path / "held").text
    edit_settings(evaluated.folder, training={"label_smoothing": 0.2})
    assert run("evaluate", evaluated.folder).exit_code == 0
    assert "It was not held against requirements" in written(evaluated, tmp_path / "other").text


def test_words_of_records_do_not_play_with_the_page(evaluated: Project, tmp_path: Path) -> None:
    round_ = evaluated.round(0)
    slices = {"note": "", "found": [{"reason": 'texts with "<b>|[x](y)"\n# are worse'}]}
    round_.write_json("evaluation.json", {**round_.json("evaluation.json"), "weak_slices": slices})
    card = written(evaluated, tmp_path / "model")
    assert '- texts with "\\<b\\>\\|\\[x\\](y)" # are worse\n' in card.text


@pytest.mark.parametrize("more", [[], ["--format", "jsonl"], ["--format", "spacy"]])
def test_it_wants_a_folder_to_make(evaluated: Project, tmp_path: Path, more: list[str]) -> None:
    out = [] if not more else ["--out", str(tmp_path / "model")]
    ran = run("export", evaluated.folder, "--what", "model", *more, *out)
    assert isinstance(ran.exception, TwofoldError)
    assert str(ran.exception) == "--what model: expected --out with the folder to make, and no --format"
    assert not (tmp_path / "model").exists()


def test_a_folder_that_is_there_is_left_alone(evaluated: Project, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    ran = run("export", evaluated.folder, "--what", "model", "--out", tmp_path / "model")
    assert "is there already" in str(ran.exception)
    assert not [*(tmp_path / "model").iterdir()]


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (["model", "evaluation.json"], "no round has model yet (run `twofold train`)"),
        (["evaluation.json"], "no round has evaluation yet (run `twofold evaluate`)"),
    ],
)
def test_what_is_not_there_yet_is_one_line(evaluated: Project, tmp_path: Path, lost: list[str], told: str) -> None:
    for name in lost:
        path = evaluated.round(0).path(name)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    ran = run("export", evaluated.folder, "--what", "model", "--out", tmp_path / "model")
    assert isinstance(ran.exception, TwofoldError)
    assert str(ran.exception) == f"{evaluated.folder}: {told}"
    assert not (tmp_path / "model").exists()
