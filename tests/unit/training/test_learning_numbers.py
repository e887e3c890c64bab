"""A model of numbers: on any scale, in the unit of the data, and with one line for what is no number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset, Value
from scipy.stats import spearmanr

from training import FitConfig, NumberPredictions, fit, predict


@pytest.fixture(scope="module")
def prices(dataset: Dataset) -> Dataset:
    """Messages with what they cost: those about shipping 1,000 more, and every word 10."""
    cost = [1e6 + 1000.0 * label + 10 * len(text.split()) for text, label in zip(*dataset[:].values(), strict=True)]
    return dataset.remove_columns("label").add_column("price", cost, feature=Value("float64"))


def run(data: Any, model: str, fast: dict[str, Any], folder: Path, **more: Any) -> Any:
    config = FitConfig(model=model, **{**fast, **more})
    return fit(data, data, text_columns=["text"], label_column="price", config=config, output_dir=folder)


def test_numbers_are_learnt_in_their_unit(
    prices: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    result = run(prices, tiny_model, fast, tmp_path)
    said = predict(tmp_path, prices, text_columns=["text"])
    assert isinstance(said, NumberPredictions)
    right, best = np.array(prices["price"]), result.history[result.best_epoch - 1]
    off = said.values - right
    assert np.abs(off).mean() < 100 < np.abs(right - right.mean()).mean()
    assert best.scores["mae"] == pytest.approx(np.abs(off).mean(), abs=0.01)
    assert best.scores["rmse"] == pytest.approx((off**2).mean() ** 0.5, abs=0.01)
    assert best.scores["spearman"] == pytest.approx(spearmanr(right, said.values).statistic, abs=1e-6)
    assert best.validation_loss == pytest.approx((off**2).mean() / right.var(), rel=1e-3)
    assert best.accuracy is None
    assert best.macro_f1 is None
    assert said.to_pandas().predicted.tolist() == said.answers
    assert result.to_pandas().mae.tolist() == [epoch.scores["mae"] for epoch in result.history]
    again = run(prices, tiny_model, fast, tmp_path)  # read from its record
    assert again.history == result.history


def test_the_folder_is_plain_and_tells_the_unit(
    prices: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    run(prices, tiny_model, {**fast, "epochs": 1}, tmp_path)
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    with torch.inference_mode():
        logits = model(**tokenizer(prices["text"][:], padding=True, return_tensors="pt")).logits[:, 0]
    mean, spread = json.loads((tmp_path / "config.json").read_text())["number_scale"]
    assert mean == pytest.approx(np.mean(prices["price"]))
    said = predict(tmp_path, prices, text_columns=["text"])
    assert said.values == pytest.approx(mean + spread * logits.numpy(), abs=0.05)


def test_a_model_with_one_output_gives_its_value(tiny_model: str, dataset: Dataset, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(tiny_model, num_labels=1).eval()
    model.save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.save_pretrained(tmp_path)
    with torch.inference_mode():
        logits = model(**tokenizer(dataset["text"][:], padding=True, return_tensors="pt")).logits[:, 0]
    assert predict(tmp_path, dataset, text_columns=["text"]).answers == pytest.approx(logits.tolist(), abs=1e-5)


def test_an_encoder_without_a_head_says_nothing(tiny_model: str, dataset: Dataset) -> None:
    with pytest.raises(ValueError, match=r"expected a trained model, found no weights for classifier\.bias"):
        predict(tiny_model, dataset, text_columns=["text"])


@pytest.mark.parametrize("method", ["head", "full", "prompt"])
def test_any_method_learns_numbers(
    prices: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path, method: str
) -> None:
    result = run(prices, tiny_model, fast, tmp_path, method=method, epochs=2)
    said = predict(tmp_path, prices, text_columns=["text"])
    off = np.abs(said.values - np.array(prices["price"])).mean()
    assert off == pytest.approx(result.history[result.best_epoch - 1].scores["mae"], abs=0.1)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ([1.0, None, 2.0], "price: expected a finite number, got nothing at row 1 of train"),
        ([1.0, 2.0, float("inf")], "price: expected a finite number, got inf at row 2 of train"),
        ([1.5, 1.5, 1.5], "price: expected numbers that differ, got 1.5 in every record of train"),
    ],
)
def test_what_is_no_number_to_learn_is_one_line(tiny_model: str, tmp_path: Path, values: Any, error: str) -> None:
    data = {"text": ["my parcel", "the refund", "your courier"], "price": values}
    with pytest.raises(ValueError, match=error):
        run(data, tiny_model, {}, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_what_is_not_used_is_refused(prices: Dataset, tiny_model: str, tmp_path: Path) -> None:
    unused = {"scale": "ordinal", "compares": True, "label_smoothing": 0.1, "class_weights": "balanced"}
    for name, value in unused.items():
        with pytest.raises(ValueError, match=f"{name}: expected .* where numbers are learnt"):
            run(prices, tiny_model, {name: value}, tmp_path)
    whole = {"text": ["my parcel", "the refund"], "price": ["a", "b"]}
    with pytest.raises(ValueError, match="price: expected numbers in validation, as in train, got Value"):
        fit(prices, whole, text_columns=["text"], label_column="price", output_dir=tmp_path)
