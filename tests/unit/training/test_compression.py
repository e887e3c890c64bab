"""A model made smaller: which weights and neurons go, what is refused, what stays zero while it learns again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from datasets import Dataset
from safetensors.numpy import load_file
from tiny_llama import tiny_llama
from transformers import AutoModelForSequenceClassification

from curation.cli import cli
from training import FitConfig, FitResult, compress, fit, predict
from training.answers.outputs import Compute
from training.models._hf import load_trained
from training.models.model_files import UnusableModel
from training.prediction import read_rows
from training.smaller.pruning import neuron_importance


def encoder_linears(folder: Path) -> dict[str, np.ndarray]:
    found = load_file(folder / "model.safetensors")
    return {name: each for name, each in found.items() if ".layer." in name and each.ndim == 2}


def test_the_smallest_weights_are_zero_and_the_others_as_they_were(trained: FitResult, tmp_path: Path) -> None:
    found = compress(trained.model_dir, tmp_path / "sparse", prune_weights=0.4)
    before, after = encoder_linears(trained.model_dir), encoder_linears(tmp_path / "sparse")
    gone = np.concatenate([(each == 0).ravel() for each in after.values()])
    assert gone.mean() == pytest.approx(0.4, abs=1e-3)
    sizes = np.concatenate([np.abs(each).ravel() for each in before.values()])
    assert sizes[gone].max() <= sizes[~gone].min()
    assert all((after[name][after[name] != 0] == before[name][after[name] != 0]).all() for name in before)
    assert found.after.megabytes == pytest.approx(found.before.megabytes, rel=0.05)


def test_weights_that_are_zero_stay_so_while_the_others_learn(
    trained: FitResult, dataset: Dataset, tmp_path: Path
) -> None:
    sparse = compress(trained.model_dir, tmp_path / "sparse", prune_weights=0.4).model_dir
    config = replace(trained.config, model=str(sparse), method="full", learning_rate=1e-3, epochs=2)
    again = fit(dataset, dataset, text_columns=["text"], config=config, output_dir=tmp_path / "again")
    before, after = encoder_linears(sparse), encoder_linears(again.model_dir)
    assert all(((before[name] == 0) == (after[name] == 0)).all() for name in before)
    assert any((before[name] != after[name]).any() for name in before)


def test_neurons_are_cut_out_of_a_plain_model(trained: FitResult, dataset: Dataset, tmp_path: Path) -> None:
    found = compress(trained.model_dir, tmp_path / "narrow", prune_neurons=0.5, texts=dataset, held_out=dataset)
    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path / "narrow")
    assert plain.config.intermediate_size == 32
    assert found.after.megabytes < found.before.megabytes
    assert found.comparison is not None
    assert found.comparison.n == len(dataset)
    said = predict(tmp_path / "narrow", dataset, text_columns=["text"])
    right = float((said.labels == np.array(dataset["label"])).mean())
    assert right == pytest.approx(1.0 + found.comparison.accuracy.value)  # the model before has all right
    config = replace(trained.config, model=str(tmp_path / "narrow"), method="full", epochs=1)
    again = fit(dataset, dataset, text_columns=["text"], config=config, output_dir=tmp_path / "again")
    assert encoder_linears(again.model_dir).keys() == encoder_linears(tmp_path / "narrow").keys()


def test_a_neuron_that_plays_no_part_has_no_importance_and_goes_first(
    trained: FitResult, dataset: Dataset, tmp_path: Path
) -> None:
    model, tokenizer = load_trained(trained.model_dir)
    idle = [3, 17, 40]
    with torch.no_grad():
        model.bert.encoder.layer[1].output.dense.weight[:, idle] = 0
    records = read_rows(dataset, model.config, tokenizer, text_columns=["text"])
    found = neuron_importance(model, records, Compute(device="cpu", precision="fp32", pad=tokenizer.pad))
    assert found[1].argsort()[:3].sort().values.tolist() == idle
    assert (found[1] == 0).sum() == 3
    assert (found[0] > 0).all()


@pytest.mark.parametrize(
    ("how", "refused"),
    [
        ({}, "nothing to do: expected prune_weights, prune_neurons, onnx or int8"),
        ({"prune_weights": 1.0}, r"prune_weights: expected a share in \[0, 1\), got 1.0"),
        ({"prune_neurons": -0.1}, r"prune_neurons: expected a share in \[0, 1\), got -0.1"),
        ({"prune_neurons": 0.5}, "texts: expected records such as those of the training"),
    ],
)
def test_what_cannot_be_done_is_refused(trained: FitResult, tmp_path: Path, how: dict[str, Any], refused: str) -> None:
    with pytest.raises(ValueError, match=refused):
        compress(trained.model_dir, tmp_path / "to", **how)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(trained: FitResult, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    with pytest.raises(ValueError, match="to: expected a folder that is not there yet"):
        compress(trained.model_dir, tmp_path / "to", prune_weights=0.5)


def test_models_that_write_or_stand_behind_a_prompt_are_refused_by_name(
    trained: FitResult, dataset: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(UnusableModel, match="expected a classifier, this one writes texts"):
        compress(Path(tiny_llama(tmp_path / "llama")), tmp_path / "to", prune_weights=0.5)
    config = replace(trained.config, method="prompt", epochs=1)
    behind = fit(dataset, dataset, text_columns=["text"], config=config, output_dir=tmp_path / "prompt").model_dir
    with pytest.raises(UnusableModel, match="not read behind a prompt"):
        compress(behind, tmp_path / "to", prune_weights=0.5)


def test_nothing_is_left_of_a_compression_that_failed(trained: FitResult, dataset: Dataset, tmp_path: Path) -> None:
    wrong = Dataset.from_dict({"text": ["my parcel"], "label": ["nonsense"]})
    with pytest.raises(ValueError, match="label: expected one of billing, shipping, got 'nonsense' at row 0"):
        compress(trained.model_dir, tmp_path / "to", prune_weights=0.5, held_out=wrong)
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_was_lost_and_won(trained: FitResult, dataset: Dataset, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("text,label\n" + "\n".join(f"{t},{('billing', 'shipping')[k]}" for t, k in zip(
        dataset["text"], dataset["label"], strict=True)) + "\n", encoding="utf-8")  # fmt: skip
    to = tmp_path / "narrow"
    asked = ["compress", str(trained.model_dir), "--to", str(to), "--prune-neurons", "0.25"]
    done = CliRunner().invoke(cli, [*asked, "--texts", str(rows), "--held-out", str(rows), "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["steps"] == ["25% of the neurons"]
    assert answer["comparison"]["n"] == 30
    assert {"megabytes", "milliseconds", "texts_per_second"} == answer["before"].keys() == answer["after"].keys()
    again = CliRunner().invoke(cli, [*asked, "--texts", str(rows), "--held-out", str(rows), "--label", "lable"])
    assert "no column 'lable' (did you mean 'label'?)" in str(again.exception)


def test_a_model_of_numbers_is_measured_and_not_compared(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    data = Dataset.from_dict({"text": dataset["text"], "label": [len(text) / 7 for text in dataset["text"]]})
    config = FitConfig(model=tiny_model, **{**fast, "epochs": 1})
    model = fit(data, data, text_columns=["text"], config=config, output_dir=tmp_path / "model").model_dir
    found = compress(model, tmp_path / "narrow", prune_neurons=0.5, texts=data, held_out=data)
    assert found.comparison is None
    assert found.after.texts_per_second > 0
