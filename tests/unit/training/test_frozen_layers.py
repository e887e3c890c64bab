"""Layers that do not move are computed once, and a model learns the same as if they were computed every time."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from safetensors.torch import load_file

from training import FitConfig, fit, fitting
from training.engines import frozen_layers


def learnt(data: Any, config: FitConfig, folder: Path, columns: list[str]) -> dict[str, Any]:
    result = fit(data, data, text_columns=columns, config=config, output_dir=folder)
    return {"history": result.history, **load_file(folder / "model.safetensors")}


def without_dropout(model: str, folder: Path) -> str:
    shutil.copytree(model, folder / "model")
    settings = json.loads((folder / "model" / "config.json").read_text())
    settings |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "model" / "config.json").write_text(json.dumps(settings))
    return str(folder / "model")


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many frozen layers were computed once, by call."""
    seen: list[int] = []
    real = frozen_layers._frozen_layers
    monkeypatch.setattr(frozen_layers, "_frozen_layers", lambda model: (seen.append(real(model)), seen[-1])[1])
    return seen


@pytest.mark.parametrize(("settings", "layers"), [({"method": "head"}, 2), ({"method": "full", "freeze": 1}, 1)])
def test_it_learns_the_same(
    dataset: Dataset,
    tiny_model: str,
    fast: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    layers: int,
) -> None:
    config = FitConfig(model=tiny_model, **{**fast, "learning_rate": 5e-3, "epochs": 4, **settings})
    seen = counted(monkeypatch)
    once = learnt(dataset, config, tmp_path / "once", ["text"])
    assert seen == [layers]
    monkeypatch.setattr(frozen_layers, "_MOST_BYTES", 0)
    every_time = learnt(dataset, config, tmp_path / "every time", ["text"])
    assert once.keys() == every_time.keys()
    for first, second in zip(once.pop("history"), every_time.pop("history"), strict=True):
        assert first.train_loss == pytest.approx(second.train_loss, abs=1e-4)
        assert first.accuracy == second.accuracy
    for name, value in once.items():
        assert value.numpy() == pytest.approx(every_time[name].numpy(), abs=1e-3), name


def test_texts_that_are_compared_are_kept_apart(
    tiny_model: str, fast: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["my parcel is late again", "my invoice has arrived", "the refund never came"]
    pairs = {"a": texts * 4, "b": [*texts[1:], texts[0]] * 4, "label": ["first", "second", "first"] * 4}
    config = FitConfig(model=tiny_model, compares=True, **{**fast, "method": "head", "epochs": 2})
    seen = counted(monkeypatch)
    once = learnt(pairs, config, tmp_path / "once", ["a", "b"])
    assert seen == [2]
    monkeypatch.setattr(frozen_layers, "_MOST_BYTES", 0)
    every_time = learnt(pairs, config, tmp_path / "every time", ["a", "b"])
    assert once["score.weight" if "score.weight" in once else "classifier.weight"].numpy() == pytest.approx(
        every_time["score.weight" if "score.weight" in once else "classifier.weight"].numpy(), abs=1e-3
    )


def test_what_a_model_with_added_weights_says_is_not_kept(tiny_model: str) -> None:
    from training.models._hf import load_for_training

    for method in ("lora", "prompt", "full"):
        assert frozen_layers._frozen_layers(load_for_training(FitConfig(model=tiny_model, method=method), {})) == 0


def test_a_run_that_is_short_of_memory_goes_on_in_smaller_parts(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from training.engines import engine

    config = FitConfig(model=without_dropout(tiny_model, tmp_path), **{**fast, "epochs": 3, "batch_size": 6})
    straight = learnt(dataset, config, tmp_path / "straight", ["text"])
    real, largest = engine.logits_of, []

    def short_of_memory(model: Any, inputs: Any) -> Any:
        rows = len(inputs[0]["input_ids"])
        if model.training and len(largest) >= 7 and rows > 2:  # in the second epoch
            raise torch.OutOfMemoryError("CUDA out of memory.")
        largest.append(rows)
        return real(model, inputs)

    monkeypatch.setattr(engine, "logits_of", short_of_memory)
    halved = learnt(dataset, config, tmp_path / "halved", ["text"])
    assert largest[:7] == [6] * 7
    assert max(largest[7:]) <= 2
    for first, second in zip(straight["history"], halved["history"], strict=True):
        assert first.train_loss == pytest.approx(second.train_loss, abs=1e-3)


def test_a_record_that_does_not_fit_alone_is_told(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def short_of_memory(run: Any) -> Any:
        tried.append(run.parts)
        raise torch.OutOfMemoryError("CUDA out of memory.")

    tried: list[int] = []
    monkeypatch.setattr(fitting, "_trained", short_of_memory)
    with pytest.raises(torch.OutOfMemoryError):
        learnt(dataset, FitConfig(model=tiny_model, **fast), tmp_path, ["text"])
    assert tried == [1, 2, 4, 8]


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_records(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    config = replace(FitConfig(model=tiny_model, **fast), method="full", learning_rate=1e30, max_grad_norm=1e30)
    with pytest.raises(ValueError, match=r"the loss of a batch is not a number \(rows \d+, ") as error:
        learnt(dataset, config, tmp_path, ["text"])
    assert len(error.value.rows) == 5  # type: ignore[attr-defined]
