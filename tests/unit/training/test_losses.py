"""Losses of one label of several, against their definitions, and what they are for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from training import FitConfig, fit, predict
from training.answers.losses import LOSSES, mean_loss

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.0, 0.0, 0.0]])
LABELS = torch.tensor([0, 2])
P = torch.softmax(LOGITS, dim=1)[torch.arange(2), LABELS]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cross_entropy", -P.log()),
        ("focal", -((1 - P) ** 2) * P.log()),
        ("gce", (1 - P**0.7) / 0.7),
        ("symmetric", -0.1 * P.log() + 4 * (1 - P)),
    ],
)
def test_a_loss_is_what_its_authors_wrote(name: str, expected: torch.Tensor) -> None:
    wanted = torch.nn.functional.one_hot(LABELS, 3).float()
    assert torch.allclose(LOSSES[name](LOGITS, wanted), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 2.0, 0.5])])
def test_the_usual_one_is_that_of_torch(smoothing: float, weights: torch.Tensor | None) -> None:
    found = mean_loss(LOSSES["cross_entropy"], LOGITS, LABELS, weights, smoothing)
    if weights is None:
        assert found == pytest.approx(torch.nn.functional.cross_entropy(LOGITS, LABELS, label_smoothing=smoothing))
    elif not smoothing:  # torch also weighs what smoothing spreads
        assert found == pytest.approx(torch.nn.functional.cross_entropy(LOGITS, LABELS, weight=weights))


@given(st.floats(0, 80))
def test_the_two_for_wrong_labels_are_bounded(surprise: float) -> None:
    logits, wrong = torch.tensor([[surprise, 0.0]]), torch.tensor([[0.0, 1.0]])
    assert LOSSES["gce"](logits, wrong) <= 1 / 0.7 + 1e-6
    assert LOSSES["symmetric"](logits, wrong) - 0.1 * LOSSES["cross_entropy"](logits, wrong) <= 4 + 1e-6


@pytest.mark.parametrize("loss", LOSSES)
def test_a_model_learns_by_it(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path, loss: Any
) -> None:
    config = FitConfig(model=tiny_model, loss=loss, **{**fast, "epochs": 16})
    result = fit(dataset, dataset, text_columns=["text"], config=config, output_dir=tmp_path)
    assert max(epoch.accuracy for epoch in result.history) >= 0.9


def test_soft_labels_are_learnt_in_place_of_labels(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    turned = [[float(label), 1.0 - label] for label in dataset["label"]]  # the opposite of the labels
    config = FitConfig(model=tiny_model, soft_labels="soft", **{**fast, "epochs": 16})
    train = dataset.add_column("soft", turned)
    opposite = dataset.map(lambda row: {"label": 1 - row["label"]})
    fit(train, opposite, text_columns=["text"], config=config, output_dir=tmp_path)
    found = predict(tmp_path, dataset, text_columns=["text"])
    assert (found.labels != np.array(dataset["label"])).mean() >= 0.9


@pytest.mark.parametrize(
    ("soft", "told"),
    [
        ([[0.5, 0.6]] * 30, r"soft: expected 2 probabilities that sum to 1, got \[0.5, 0.6\] at row 0"),
        ([[0.5, 0.5]] * 29 + [[1.0]], r"soft: expected 2 probabilities that sum to 1, got \[1.0\] at row 29"),
        ([[1.5, -0.5]] * 30, "soft: expected 2 probabilities"),
        (None, "soft_labels: no column 'soft', there are text, label"),
    ],
)
def test_what_are_no_soft_labels_is_refused(
    dataset: Dataset, tiny_model: str, tmp_path: Path, soft: Any, told: str
) -> None:
    train = dataset if soft is None else dataset.add_column("soft", soft)
    config = FitConfig(model=tiny_model, soft_labels="soft")
    with pytest.raises(ValueError, match=told):
        fit(train, dataset, text_columns=["text"], config=config, output_dir=tmp_path)


@pytest.mark.parametrize("setting", [{"loss": "gce"}, {"soft_labels": "soft"}, {"record_weights": "counts"}])
def test_they_are_for_one_label_of_several(
    dataset: Dataset, tiny_model: str, tmp_path: Path, setting: dict[str, Any]
) -> None:
    several = {"text": dataset["text"], "label": [["billing"], ["shipping", "billing"]] * 15}
    config = FitConfig(model=tiny_model, **setting)
    with pytest.raises(ValueError, match=f"{next(iter(setting))}: expected "):
        fit(several, several, text_columns=["text"], config=config, output_dir=tmp_path)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 2.0, 0.5])])
def test_a_record_counts_as_often_as_it_says(name: str, smoothing: float, weights: torch.Tensor | None) -> None:
    labels = torch.nn.functional.one_hot(LABELS, 3).float()
    counted = mean_loss(LOSSES[name], LOGITS, labels * torch.tensor([[3 / 2], [1 / 2]]), weights, smoothing)
    several = mean_loss(LOSSES[name], LOGITS[[0, 0, 0, 1]], LABELS[[0, 0, 0, 1]], weights, smoothing)
    assert counted == pytest.approx(float(several))


@pytest.mark.parametrize("method", ["lora", "linear"])
def test_records_that_count_more_are_learnt_against_those_that_count_less(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path, method: Any
) -> None:
    turned = dataset.map(lambda row: {"label": 1 - row["label"]})
    rows = {name: [*dataset[name], *turned[name]] for name in ("text", "label")}
    counts = [8.0] * len(dataset) + [1.0] * len(turned)
    train = Dataset.from_dict({**rows, "counts": counts})
    train = train.cast_column("label", dataset.features["label"])
    settings = {**fast, "epochs": 16 if method == "lora" else None, "method": method}
    model = "packaged" if method == "linear" else tiny_model
    if method == "linear":
        settings.pop("learning_rate", None)
    config = FitConfig(model=model, record_weights="counts", **settings)
    fit(train, dataset, text_columns=["text"], config=config, output_dir=tmp_path)
    found = predict(tmp_path, dataset, text_columns=["text"])
    assert (found.labels == np.array(dataset["label"])).mean() >= 0.9


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([1.0] * 29 + [0.0], "counts: expected a finite number above 0, got 0.0 at row 29"),
        ([1.0] * 29 + [None], "counts: expected a finite number above 0, got None at row 29"),
        ([float("inf")] * 30, "counts: expected a finite number above 0, got inf at row 0"),
        (["1"] * 30, "counts: expected a finite number above 0, got '1' at row 0"),
        (None, "record_weights: no column 'counts', there are text, label"),
    ],
)
def test_what_are_no_weights_is_refused(
    dataset: Dataset, tiny_model: str, tmp_path: Path, counts: Any, told: str
) -> None:
    train = dataset if counts is None else dataset.add_column("counts", counts)
    config = FitConfig(model=tiny_model, record_weights="counts")
    with pytest.raises(ValueError, match=told):
        fit(train, dataset, text_columns=["text"], config=config, output_dir=tmp_path)
