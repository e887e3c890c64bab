import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from safetensors.numpy import load_file

from curation.project.reads import content_hash
from training import FitConfig, FitResult, fit, predict


def fit_in(folder: Path, data: Dataset, config: FitConfig, **more: Any) -> FitResult:
    return fit(data, data, text_columns=["text"], config=config, output_dir=folder, **more)


def weights(folder: Path) -> dict[str, np.ndarray]:
    return dict(load_file(folder / "model.safetensors"))


def same(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> bool:
    return first.keys() == second.keys() and all((first[name] == second[name]).all() for name in first)


def test_lora_learns_the_messages(trained: FitResult, dataset: Dataset) -> None:
    best = trained.history[trained.best_epoch - 1]
    assert best.macro_f1 == best.accuracy == 1.0
    assert trained.history[-1].train_loss < 0.5 < trained.history[0].train_loss
    assert (predict(trained.model_dir, dataset, text_columns=["text"]).labels == dataset["label"]).all()


def test_full_training_learns_them_too(dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path) -> None:
    settings = {**fast, "learning_rate": 5e-3, "epochs": 20, "method": "full"}
    result = fit_in(tmp_path, dataset, FitConfig(model=tiny_model, **settings))
    assert max(epoch.accuracy for epoch in result.history) >= 0.9


def test_a_frozen_encoder_is_left_as_it_was(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    fit_in(tmp_path, dataset, FitConfig(model=tiny_model, method="head", **{**fast, "epochs": 1}))
    before = load_file(Path(tiny_model) / "model.safetensors")
    after = weights(tmp_path)
    shared = [name for name in before if f"bert.{name}" in after and "pooler" not in name]
    assert len(shared) > 30
    assert all((before[name] == after[f"bert.{name}"]).all() for name in shared)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    trained: FitResult, dataset: Dataset, tmp_path: Path
) -> None:
    fit_in(tmp_path / "again", dataset, trained.config)
    fit_in(tmp_path / "other", dataset, replace(trained.config, seed=1))
    assert same(weights(trained.model_dir), weights(tmp_path / "again"))
    assert content_hash(trained.model_dir) == content_hash(tmp_path / "again")
    assert not same(weights(trained.model_dir), weights(tmp_path / "other"))


def test_the_folder_tells_how_the_model_came_to_be(trained: FitResult) -> None:
    record = json.loads((trained.model_dir / "training.json").read_text())
    assert record["config"]["seed"] == 0
    assert len(record["history"]) == 8
    assert record["best_epoch"] == trained.best_epoch
    assert 0 <= record["padding_waste"] == trained.padding_waste < 0.2
    assert {"torch", "transformers", "peft"} <= set(record["versions"])
    assert (trained.model_dir / "adapter" / "adapter_model.safetensors").is_file()
    assert not (trained.model_dir / "checkpoint").exists()


def test_a_finished_run_is_not_repeated(trained: FitResult, dataset: Dataset) -> None:
    written = (trained.model_dir / "model.safetensors").stat().st_mtime_ns
    assert fit_in(trained.model_dir, dataset, trained.config) == trained
    assert (trained.model_dir / "model.safetensors").stat().st_mtime_ns == written


def test_other_settings_start_over(dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path) -> None:
    config = FitConfig(model=tiny_model, **{**fast, "epochs": 1})
    fit_in(tmp_path, dataset, config)
    result = fit_in(tmp_path, dataset, replace(config, method="head", learning_rate=1e-3))
    assert len(result.history) == 1
    assert not (tmp_path / "adapter").exists()


def test_training_stops_when_validation_no_longer_improves(
    trained: FitResult, dataset: Dataset, tmp_path: Path
) -> None:
    result = fit_in(tmp_path, dataset, replace(trained.config, patience=2, epochs=50))
    assert len(result.history) == result.best_epoch + 2 < 50
    assert max(epoch.macro_f1 for epoch in result.history) == result.history[result.best_epoch - 1].macro_f1


def test_the_best_epoch_is_what_is_saved(dataset: Dataset, trained: FitResult, tmp_path: Path) -> None:
    # A learning rate far too high: the score goes up and down, so the last epoch need not be the best.
    result = fit_in(tmp_path, dataset, replace(trained.config, learning_rate=0.3, seed=5))
    found = predict(tmp_path, dataset, text_columns=["text"])
    assert (found.labels == dataset["label"]).mean() == result.history[result.best_epoch - 1].accuracy


def test_balanced_weights_keep_a_rare_class_alive(dataset: Dataset, trained: FitResult, tmp_path: Path) -> None:
    rare = dataset.select([*range(13, 30)])  # 2 about shipping, 15 about billing
    config = replace(trained.config, epochs=3, learning_rate=2e-3)
    plain = fit_in(tmp_path / "plain", rare, config).model_dir
    balanced = fit_in(tmp_path / "balanced", rare, replace(config, class_weights="balanced")).model_dir
    shares = [predict(f, rare, text_columns=["text"]).pred_probs[:2, 1].mean() for f in (plain, balanced)]
    assert shares[1] > shares[0]


def test_training_leaves_the_callers_random_numbers_alone(dataset: Dataset, trained: FitResult, tmp_path: Path) -> None:
    import torch

    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    fit_in(tmp_path, dataset, replace(trained.config, epochs=1))
    assert (torch.rand(3) == expected).all()


def test_different_class_names_are_refused(dataset: Dataset, trained: FitResult, tmp_path: Path) -> None:
    from datasets import ClassLabel

    other = dataset.cast_column("label", ClassLabel(names=["shipping", "billing"]))
    with pytest.raises(ValueError, match="label: train and validation have different class names"):
        fit(dataset, other, text_columns=["text"], config=trained.config, output_dir=tmp_path)
