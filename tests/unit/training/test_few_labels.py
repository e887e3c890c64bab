"""The two ways for few labels: a head on sentence vectors that is the optimum, and a body that learns by contrast."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, List
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from transformers import AutoModelForSequenceClassification, AutoTokenizer, RobertaConfig, RobertaModel

from training import FitConfig, FitResult, embed, fit, predict
from training.answers.heads import SOFTMAX
from training.data.batching import batches_of_mates
from training.engines.contrastive import contrast
from training.engines.linear_head import Rows, best_strength, fitted, stratified
from training.models._hf import load_for_training
from training.models.model_files import UnusableModel
from training.models.packaged import packaged_folder
from training.models.sentence_layer import vectors_seen

FAST: dict[str, Any] = {"threads": 1, "precision": "fp32"}
BY_CONTRAST: dict[str, Any] = {**FAST, "method": "contrastive", "epochs": 3, "batch_size": 10, "learning_rate": 3e-3}
TEXTS = ["Where is my parcel?", "I want my money back", "ok"]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return dict(load_file(folder / "model.safetensors"))


def learnt(dataset: Dataset, folder: Path, config: FitConfig) -> FitResult:
    return fit(dataset, dataset, text_columns=["text"], config=config, output_dir=folder)


def pooled_as(tmp_path: Path, mode: str) -> str:
    for file in packaged_folder().glob("*"):
        if file.is_file():
            (tmp_path / file.name).symlink_to(file)
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(
        f'{{"word_embedding_dimension": 384, "pooling_mode_{mode}": true}}'
    )
    return str(tmp_path)


@pytest.mark.parametrize("mode", ["mean_tokens", "cls_token"])
def test_a_plain_classifier_reads_what_sentence_transformers_says(tmp_path: Path, mode: str) -> None:
    model_name = pooled_as(tmp_path, mode)
    model = load_for_training(FitConfig(model=model_name, method="linear"), {}).eval()
    assert type(model).__module__.startswith("transformers.")
    inputs = AutoTokenizer.from_pretrained(packaged_folder())(TEXTS, return_tensors="pt", padding=True)
    with torch.no_grad(), vectors_seen(model) as seen:
        model(**inputs)
    expected = embed(TEXTS, model=model_name, precision="fp32")
    assert np.linalg.norm(seen[0], axis=1) == pytest.approx(1, abs=0.01)
    assert (np.sum(seen[0].numpy() * expected, axis=1) > 0.998).all()  # less its mean


def test_models_built_like_roberta_are_read_too_and_others_refused_by_name(tmp_path: Path) -> None:
    from transformers import MPNetConfig, MPNetModel

    shape: dict[str, Any] = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "vocab_size": 40,
    }
    RobertaModel(RobertaConfig(**shape)).save_pretrained(tmp_path / "roberta")
    model = load_for_training(FitConfig(model=str(tmp_path / "roberta"), method="linear"), {})
    assert model.config.num_hidden_layers == 3
    MPNetModel(MPNetConfig(**shape)).save_pretrained(tmp_path / "mpnet")
    with pytest.raises(
        UnusableModel, match=r"'linear' reads .* built like BERT or RoBERTa, got the model type 'mpnet'"
    ):
        load_for_training(FitConfig(model=str(tmp_path / "mpnet"), method="linear"), {})
    with pytest.raises(UnusableModel, match="expected tokens pooled as 'mean' or 'cls', got max"):
        load_for_training(FitConfig(model=pooled_as(tmp_path, "max_tokens"), method="linear"), {})


def test_the_head_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    vectors, labels = rng.normal(size=(60, 5)), np.arange(60) % 3
    vectors[np.arange(60), labels] += 1
    rows = Rows(vectors=torch.from_numpy(vectors), targets=torch.from_numpy(labels), loss=SOFTMAX.loss)
    found = torch.softmax(rows.vectors @ fitted(rows, 3, 2.0)[:, :-1].T + fitted(rows, 3, 2.0)[:, -1], dim=1)
    expected = LogisticRegression(C=2.0, tol=1e-8, max_iter=1000).fit(vectors, labels).predict_proba(vectors)
    assert found.numpy() == pytest.approx(expected, abs=1e-4)


def test_labels_that_mean_nothing_are_trusted_least() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(80) % 2
    noise, telling = rng.normal(size=(80, 10)), rng.normal(size=(80, 10)) * 0.1
    telling[:, 0] = labels - 0.5
    strengths = []
    for vectors in (noise, telling):
        unit = torch.nn.functional.normalize(torch.from_numpy(vectors), dim=1)
        rows = Rows(vectors=unit, targets=torch.from_numpy(labels), loss=SOFTMAX.loss)
        strengths.append(best_strength(rows, 2, folds=stratified(labels, seed=0)))
    assert strengths == [0.3, 100.0]


def test_every_fold_has_a_like_share_of_every_label() -> None:
    labels = np.repeat([0, 1, 2], [50, 20, 10])
    folds = stratified(labels, seed=1)
    for label, n in enumerate((50, 20, 10)):
        assert np.bincount(folds[labels == label]).tolist() == [n // 5] * 5


def test_any_number_of_labels_and_steps_are_learnt_too(dataset: Dataset, tmp_path: Path) -> None:
    texts, shipping = dataset["text"], np.array(dataset["label"])
    late = np.array([int("late" in text or "missing" in text) for text in texts])
    both = [[k for k, told in enumerate(row) if told] for row in zip(shipping, late, strict=True)]
    plain = Dataset.from_dict({"text": texts})
    many = plain.add_column("label", both, feature=List(ClassLabel(names=["shipping", "late"])))
    steps = plain.add_column("label", (shipping + late).tolist(), feature=ClassLabel(names=["no", "some", "all"]))
    ways: tuple[tuple[Dataset, dict[str, Any], Any], ...] = (
        (many, {"method": "linear"}, np.stack([shipping, late], axis=1)),
        (steps, {"method": "linear", "scale": "ordinal"}, shipping + late),
        (steps, {"method": "contrastive", "scale": "ordinal", "epochs": 3}, shipping + late),
    )
    for number, (data, settings, expected) in enumerate(ways):
        folder = tmp_path / str(number)
        result = learnt(data, folder, FitConfig(**settings, **FAST))
        found = predict(folder, data, text_columns=["text"])
        right = found.labels == expected
        share = float((right if right.ndim == 1 else right.all(axis=1)).mean())
        assert found.label_names == tuple(
            many.features["label"].feature.names if number == 0 else ("no", "some", "all")
        )
        assert share == pytest.approx(result.history[0].accuracy), settings
        assert share == pytest.approx(result.history[0].taught_accuracy), settings
        assert share > 0.8, settings


@pytest.mark.parametrize("method", ["linear", "contrastive"])
def test_the_folder_is_one_that_transformers_reads(dataset: Dataset, tmp_path: Path, method: Any) -> None:
    more: dict[str, Any] = {} if method == "linear" else {"epochs": 2, "freeze": 3}
    config = FitConfig(method=method, **more, **FAST)
    result = learnt(dataset, tmp_path, config)
    found = predict(tmp_path, dataset, text_columns=["text"])
    assert result.best_epoch == len(result.history)
    assert (found.labels == dataset["label"]).mean() == result.history[-1].accuracy > 0.9
    assert method == "linear" or result.history[1].train_loss < result.history[0].train_loss
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    inputs = AutoTokenizer.from_pretrained(tmp_path)(list(dataset["text"]), return_tensors="pt", padding=True)
    with torch.no_grad():
        assert torch.softmax(model(**inputs).logits, dim=1).numpy() == pytest.approx(found.pred_probs, abs=1e-4)
    before, after = load_file(packaged_folder() / "model.safetensors"), weights(tmp_path)
    moved = {
        int(name.split(".")[2])
        for name in before
        if ".layer." in f".{name}" and not torch.equal(before[name], after[f"bert.{name}"])
    }
    assert moved == (set() if method == "linear" else {3, 4, 5})
    assert torch.equal(before["embeddings.word_embeddings.weight"], after["bert.embeddings.word_embeddings.weight"])


def test_a_folder_is_a_body_like_any_other(dataset: Dataset, tiny_model: str, tmp_path: Path) -> None:
    learnt(dataset, tmp_path / "linear", FitConfig(model=tiny_model, method="linear", **FAST))
    again = FitConfig(model=str(tmp_path / "linear"), method="linear", **FAST)
    learnt(dataset, tmp_path / "again", again)
    one, two = weights(tmp_path / "linear"), weights(tmp_path / "again")
    assert one.keys() == two.keys()  # no layer twice
    assert all(torch.allclose(one[name], two[name], atol=1e-5) for name in one)
    further = FitConfig(model=str(tmp_path / "linear"), method="lora", epochs=1, **FAST)
    assert learnt(dataset, tmp_path / "further", further).history


def test_the_loss_is_that_of_the_paper() -> None:
    vectors = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 5.0], [-1.0, 0.0]])
    near, far = np.exp(10.0), 1.0
    first = -np.log(near / (near + 2 * far + np.exp(-10.0)))
    third = -np.log(near / (near + 3 * far))
    expected = (2 * first + 2 * third) / 4  # the fifth text has no mate
    assert float(contrast(vectors, torch.tensor([0, 0, 1, 1, 2]))) == pytest.approx(expected, rel=1e-2)
    assert float(contrast(vectors, torch.arange(5))) == 0


def test_a_text_comes_with_a_mate_and_each_comes_once() -> None:
    labels = np.repeat(np.arange(30), 4)
    batches = batches_of_mates(labels, batch_size=10, seed=(0, 1))
    assert sorted(np.concatenate(batches).tolist()) == list(range(120))
    assert {len(batch) for batch in batches} == {10}
    assert all(np.unique(labels[batch], return_counts=True)[1].min() > 1 for batch in batches)
    assert [each.tolist() for each in batches] != [
        each.tolist() for each in batches_of_mates(labels, batch_size=10, seed=(0, 2))
    ]
    assert [len(each) for each in batches_of_mates(np.array([3, 1, 1]), batch_size=2, seed=(0, 1))] == [2, 1]


RUN = """
import json, os, signal, sys
from datasets import load_from_disk
from training import FitConfig, fit
def kill(done, total):
    if done >= float(sys.argv[4]) * total:
        os.kill(os.getpid(), signal.SIGKILL)
data, config = load_from_disk(sys.argv[1]), FitConfig(**json.loads(sys.argv[2]))
fit(data, data, text_columns=["text"], config=config, output_dir=sys.argv[3], progress=kill)
"""


def test_a_killed_run_by_contrast_goes_on_to_the_same_weights(
    dataset: Dataset, tiny_model: str, tmp_path: Path
) -> None:
    settings = {"model": tiny_model, **BY_CONTRAST}
    dataset.save_to_disk(tmp_path / "data")
    command = [sys.executable, "-c", RUN, str(tmp_path / "data"), json.dumps(settings), str(tmp_path / "killed"), "0.5"]
    process = subprocess.run(command, capture_output=True, check=False, env=dict(os.environ))
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()
    config, seen = FitConfig(**settings), []
    straight = learnt(dataset, tmp_path / "straight", config)
    fit(
        dataset,
        dataset,
        text_columns=["text"],
        config=config,
        output_dir=tmp_path / "killed",
        progress=lambda done, total: seen.append(done / total),
    )
    assert min(seen) > 1 / 3  # the first epoch was not repeated
    assert seen[-1] == 1
    one, two = weights(straight.model_dir), weights(tmp_path / "killed")
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_linear_run_tells_how_far_it_is_and_stopped_and_begun_again_comes_to_the_same_weights(
    dataset: Dataset, tiny_model: str, tmp_path: Path
) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    config, seen = FitConfig(model=tiny_model, method="linear", **FAST), []
    with pytest.raises(KeyboardInterrupt):
        fit(dataset, dataset, text_columns=["text"], config=config, output_dir=tmp_path / "stopped", progress=stop)
    assert not (tmp_path / "stopped" / "config.json").exists()
    for folder in ("stopped", "straight"):
        fit(
            dataset,
            dataset,
            text_columns=["text"],
            config=config,
            output_dir=tmp_path / folder,
            progress=lambda done, total: seen.append((done, total)),
        )
    assert seen[0][0] > 0
    assert seen[-1] == (30, 30)
    one, two = weights(tmp_path / "stopped"), weights(tmp_path / "straight")
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_what_has_no_meaning_is_refused_by_name(dataset: Dataset, tiny_model: str, tmp_path: Path) -> None:
    for settings, told in (
        ({"method": "linear", "epochs": 3}, "epochs: expected None where the method is 'linear', got 3"),
        ({"method": "linear", "freeze": 2}, "freeze: expected 0 where the method is 'linear', got 2"),
        ({"method": "contrastive", "loss": "gce"}, "loss: expected 'cross_entropy' where the method is 'contrastive'"),
        ({"method": "linear", "privacy_epsilon": 8.0}, "method: expected one of .* where training is private"),
        ({"method": "linear", "learns": "texts"}, "method: expected one of 'lora'"),
    ):
        with pytest.raises(ValueError, match=told):
            FitConfig(**settings)
    several = Dataset.from_dict({"text": ["a", "b"] * 4, "label": [["x"], ["x", "y"]] * 4})
    pairs = {"chosen": ["good", "fine"] * 4, "rejected": ["bad", "poor"] * 4}
    with pytest.raises(ValueError, match=r"method: expected another than 'contrastive', .* not what 'sigmoid' is for"):
        learnt(several, tmp_path / "a", FitConfig(model=tiny_model, **BY_CONTRAST))
    with pytest.raises(ValueError, match=r"any number of labels or a step of a scale, not what 'pairwise' is for"):
        fit(
            pairs,
            pairs,
            text_columns=["chosen", "rejected"],
            config=FitConfig(model=tiny_model, method="linear"),
            output_dir=tmp_path / "b",
        )
    with pytest.raises(ValueError, match="freeze: expected fewer than the 2 layers that the model has, got 2"):
        learnt(dataset, tmp_path / "c", FitConfig(model=tiny_model, freeze=2, **BY_CONTRAST))
