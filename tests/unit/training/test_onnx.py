"""Models as ONNX: the same answers as the model that they are made of, for texts of any length."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from datasets import Dataset

from curation.cli import cli
from training import Compressed, FitConfig, SpanPredictions, compress, fit, predict
from training.models.model_files import UnusableModel
from training.smaller.onnx_model import quantize

LONG = "the delivery was wrong this morning and nobody could tell me why " * 3


def labelled(dataset: Dataset) -> Dataset:
    """Pairs of texts, and steps of a scale."""
    names = [dataset.features["label"].int2str(label) for label in dataset["label"]]
    return Dataset.from_dict({"text": dataset["text"], "more": dataset["text"][::-1], "label": names})


@pytest.fixture(scope="module")
def rating(dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path_factory: Any) -> Path:
    """A model of a scale that reads pairs."""
    config = FitConfig(model=tiny_model, scale="ordinal", **{**fast, "epochs": 2})
    data, folder = labelled(dataset), tmp_path_factory.mktemp("rating")
    return fit(data, data, text_columns=["text", "more"], config=config, output_dir=folder).model_dir


@pytest.fixture(scope="module")
def as_onnx(rating: Path, dataset: Dataset, tmp_path_factory: Any) -> Compressed:
    """The same as ONNX."""
    to, data = tmp_path_factory.mktemp("onnx") / "model", labelled(dataset)
    return compress(rating, to, onnx=True, held_out=data, text_columns=["text", "more"])


def test_it_says_of_pairs_what_torch_says(rating: Path, as_onnx: Compressed, dataset: Dataset) -> None:
    texts = {"text": ["", LONG, *dataset["text"]], "more": [LONG, "why", *dataset["text"][::-1]]}
    before, after = (predict(folder, texts, text_columns=["text", "more"]) for folder in (rating, as_onnx.model_dir))
    assert np.abs(before.pred_probs - after.pred_probs).max() < 1e-4
    assert before.answers == after.answers
    assert (after.precision, after.device) == ("fp32", "cpu")
    swapped = predict(as_onnx.model_dir, {"text": ["why"], "more": [LONG]}, text_columns=["text", "more"])
    assert (swapped.pred_probs[0] != after.pred_probs[1]).any()  # which of the two comes first is read


def test_passages_are_marked_as_torch_marks_them(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    spans = [[{"start": 0, "end": len(" ".join(text.split()[:2])), "label": "what"}] for text in dataset["text"]]
    data = Dataset.from_dict({"text": dataset["text"], "label": spans})
    config = FitConfig(model=tiny_model, max_length=12, **{**fast, "epochs": 4})
    model = fit(data, data, text_columns=["text"], config=config, output_dir=tmp_path / "model").model_dir
    made = compress(model, tmp_path / "onnx", onnx=True, held_out=data)
    before, after = (predict(f, [*data, {"text": LONG}], text_columns=["text"]) for f in (model, made.model_dir))
    assert isinstance(after, SpanPredictions)
    assert before.answers == after.answers
    assert np.abs(before.pred_probs - after.pred_probs).max() < 1e-4
    assert made.comparison is not None
    assert (made.comparison.wins, made.comparison.losses) == (0, 0)


def test_the_folder_holds_no_weights_of_torch_and_says_what_was_done(rating: Path, as_onnx: Compressed) -> None:
    names = {path.name for path in as_onnx.model_dir.iterdir()}
    assert {"model.onnx", "config.json", "training.json", "tokenizer.json", "compressed.json"} <= names
    assert not any(name.endswith(".safetensors") for name in names)
    record = json.loads((as_onnx.model_dir / "compressed.json").read_text())
    assert record["steps"] == ["ONNX"]
    assert record["comparison"]["accuracy"]["value"] == 0.0
    assert record["after"]["milliseconds"] > 0
    assert "ONNX: " in as_onnx.note
    assert "accuracy +0.000" in as_onnx.note


def test_eight_bits_are_smaller_and_say_so(rating: Path, as_onnx: Compressed, dataset: Dataset, tmp_path: Path) -> None:
    folder, data = tmp_path / "int8", labelled(dataset)
    shutil.copytree(as_onnx.model_dir, folder)
    quantize(folder / "model.onnx", folder / "model.onnx")
    before, after = (predict(each, data, text_columns=["text", "more"]) for each in (rating, folder))
    assert after.precision == "int8"
    assert 0 < np.abs(before.pred_probs - after.pred_probs).max() < 0.1
    assert (folder / "model.onnx").stat().st_size < (as_onnx.model_dir / "model.onnx").stat().st_size


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"device": "cuda"}, "device: expected 'auto' or 'cpu'"),
        ({"precision": "bf16"}, "precision: expected 'auto' or 'fp32'"),
        ({"task": 1}, "task: expected None"),
    ],
)
def test_what_it_cannot_do_is_refused(as_onnx: Compressed, given: dict[str, Any], refused: str) -> None:
    with pytest.raises(ValueError, match=refused):
        predict(as_onnx.model_dir, {"text": ["a"], "more": ["b"]}, text_columns=["text", "more"], **given)


def test_it_is_not_compressed_again_or_trained(as_onnx: Compressed, dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match="is ONNX already"):
        compress(as_onnx.model_dir, tmp_path / "again", int8=True)
    config = FitConfig(model=str(as_onnx.model_dir), epochs=1)
    with pytest.raises(ValueError, match=str(as_onnx.model_dir)):
        fit(dataset, dataset, text_columns=["text"], config=config, output_dir=tmp_path / "model")


@pytest.mark.parametrize("what", ["cut", "other"])
def test_a_broken_file_is_one_line(as_onnx: Compressed, tmp_path: Path, what: str) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(as_onnx.model_dir, broken)
    whole = (broken / "model.onnx").read_bytes()
    (broken / "model.onnx").write_bytes(whole[: len(whole) // 2] if what == "cut" else b"nothing of the kind")
    with pytest.raises(UnusableModel) as raised:
        predict(broken, {"text": ["a"], "more": ["b"]}, text_columns=["text", "more"])
    assert str(broken) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_goes_through_it(as_onnx: Compressed, dataset: Dataset, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    labelled(dataset).to_csv(rows, index=False)
    done = CliRunner().invoke(cli, ["predict", str(as_onnx.model_dir), str(rows), "--to", str(tmp_path / "out.csv")])
    assert done.exit_code == 0, done.output
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[0].startswith("text,more,label,predicted,confidence,p(billing)")
    assert len(lines) == 31
