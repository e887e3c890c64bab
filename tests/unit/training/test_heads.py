"""Any number of labels, and steps of a scale: learnt, saved, read again, and what goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from training import FitConfig, fit, predict
from training.answers.heads import ORDINAL, SIGMOID, SOFTMAX


def with_labels(dataset: Dataset) -> dict[str, list[Any]]:
    """The messages, labelled by what they are about, and whose it is where that is said."""
    subjects = ["shipping" if label else "billing" for label in dataset["label"]]
    mine = [["mine"] if text.startswith("my") else [] for text in dataset["text"]]
    return {"text": list(dataset["text"]), "label": [[s, *m] for s, m in zip(subjects, mine, strict=True)]}


def on_a_scale(dataset: Dataset) -> dict[str, list[Any]]:
    """The messages, by how near to the writer it is."""
    steps = {"my": "3", "the": "2", "your": "1"}
    return {"text": list(dataset["text"]), "label": [steps[text.split()[0]] for text in dataset["text"]]}


def learnt(data: dict[str, list[Any]], model: str, folder: Path, **settings: Any) -> Any:
    config = FitConfig(model=model, method="full", **{**settings, "learning_rate": 3e-3})
    fit(data, data, text_columns=["text"], config=config, output_dir=folder)
    return predict(folder, data, text_columns=["text"])


def test_several_labels_are_learnt_and_read_again(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    data = with_labels(dataset)
    found = learnt(data, tiny_model, tmp_path, **{**fast, "epochs": 40})
    assert found.label_names == ("billing", "mine", "shipping")
    right = [set(said) == set(labels) for said, labels in zip(found.answers, data["label"], strict=True)]
    assert sum(right) >= 27
    assert found.labels.shape == found.pred_probs.shape == (30, 3)


def test_steps_of_a_scale_are_learnt_and_read_again(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    data = on_a_scale(dataset)
    found = learnt(data, tiny_model, tmp_path, **{**fast, "epochs": 20, "scale": "ordinal"})
    assert found.label_names == ("1", "2", "3")
    assert found.answers == data["label"]
    assert found.pred_probs.sum(axis=1) == pytest.approx(np.ones(30), abs=1e-5)


def test_a_model_of_several_labels_is_read_by_transformers_alone(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    from transformers import pipeline

    data = with_labels(dataset)
    found = learnt(data, tiny_model, tmp_path, **{**fast, "epochs": 2})
    said = pipeline("text-classification", model=str(tmp_path), top_k=None)(data["text"][:1])[0]
    theirs = [next(each["score"] for each in said if each["label"] == name) for name in found.label_names]
    assert theirs == pytest.approx(found.pred_probs[0].tolist(), abs=1e-5)


def test_a_scale_and_several_labels_do_not_go_together(dataset: Dataset, tiny_model: str, tmp_path: Path) -> None:
    data = with_labels(dataset)
    with pytest.raises(ValueError, match="scale: expected 'nominal'"):
        fit(
            data,
            data,
            text_columns=["text"],
            config=FitConfig(model=tiny_model, scale="ordinal"),
            output_dir=tmp_path / "model",
        )
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "several",
    [{"text": ["a", "b"], "label": [["x"], None]}, {"text": ["a", "b"], "label": [["x", "y"], ["x", None]]}],
    ids=["none", "none among them"],
)
def test_a_missing_answer_is_named(several: dict[str, Any], tiny_model: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="label: "):
        fit(several, several, text_columns=["text"], config=FitConfig(model=tiny_model), output_dir=tmp_path)


LOGITS = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-20, 20, width=32))


@given(LOGITS)
def test_probabilities_of_a_scale_are_a_distribution(logits: np.ndarray) -> None:
    probs = ORDINAL.probabilities(torch.from_numpy(logits)).numpy()
    assert probs.shape == (len(logits), logits.shape[1] + 1)
    assert (probs >= 0).all()
    assert probs.sum(axis=1) == pytest.approx(np.ones(len(logits)), abs=1e-5)
    assert ((ORDINAL.predicted(probs, 0.5) >= 0) & (ORDINAL.predicted(probs, 0.5) < probs.shape[1])).all()


@given(LOGITS)
def test_the_predicted_answer_is_the_likeliest(logits: np.ndarray) -> None:
    for head in (SOFTMAX, SIGMOID):
        probs = head.probabilities(torch.from_numpy(logits)).numpy()
        sure = head.confidence(probs, 0.5)
        assert head.likelihood(probs, head.predicted(probs, 0.5)) == pytest.approx(sure)
        other = head.predicted(probs[::-1], 0.5)
        assert (head.likelihood(probs, other) <= sure + 1e-6).all()


def test_rare_labels_are_predicted_below_one_half() -> None:
    probs = np.array([[0.3, 0.1], [0.05, 0.35], [0.1, 0.1]], dtype=np.float32)
    labels = np.array([[1, 0], [0, 1], [0, 0]])
    threshold = SIGMOID.threshold(probs, labels)
    assert 0.1 < threshold < 0.31
    assert SIGMOID.predicted(probs, threshold).tolist() == labels.tolist()


def test_targets_of_a_scale_say_what_is_above() -> None:
    assert ORDINAL.targets(np.array([0, 1, 2]), 3).tolist() == [[0, 0], [1, 0], [1, 1]]
    assert ORDINAL.outputs(["low", "mid", "high"]) == ["above low", "above mid"]


def test_balanced_weights_make_rare_labels_count() -> None:
    assert SIGMOID.weights(np.array([[1, 0], [1, 0], [1, 1], [0, 0]], dtype=np.float32), 2).tolist() == pytest.approx(
        [1 / 3, 3.0]
    )
    assert SOFTMAX.weights(np.array([0, 0, 0, 1]), 2).tolist() == pytest.approx([4 / 6, 2.0])
