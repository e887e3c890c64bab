"""Each way of adapting a model moves what it says and nothing else, and its folder says the same when it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file

from training import FitConfig, fit, predict
from training.config import FEW_LABELS, Method
from training.engines.schedule import parameter_groups, share_at
from training.models._hf import load_for_training
from training.models.adapt import plain, trained_share
from training.models.layers import is_head, layers_of

METHODS = [each for each in get_args(Method) if each not in FEW_LABELS]
IN_LAYERS = {"lora": "lora_", "rslora": "lora_", "dora": "lora_", "ia3": "ia3_"}


def loaded(config: FitConfig) -> Any:
    torch.manual_seed(0)
    names = ("billing", "shipping")
    return load_for_training(
        config, {"id2label": dict(enumerate(names)), "label2id": {n: i for i, n in enumerate(names)}}
    )


def moving(model: Any) -> set[str]:
    return {name for name, each in model.named_parameters() if each.requires_grad}


@pytest.mark.parametrize("method", METHODS)
def test_a_method_moves_what_it_says(tiny_model: str, method: Method) -> None:
    model = loaded(FitConfig(model=tiny_model, method=method))
    names = moving(model)
    heads = {name for name in names if is_head(name)}
    assert {"classifier", "pooler"} <= {part for name in heads for part in name.split(".")}
    rest = names - heads
    if method == "full":
        assert names == {name for name, _ in model.named_parameters()}
    elif method == "head":
        assert not rest
    elif method in IN_LAYERS:
        assert rest
        assert all(IN_LAYERS[method] in name and ".layer." in name for name in rest)
    else:
        assert rest
        assert all("prompt_encoder" in name for name in rest)
    assert 0 < trained_share(model) <= 1
    assert (trained_share(model) == 1) == (method == "full")


@pytest.mark.parametrize("method", METHODS)
def test_what_was_learnt_is_in_the_folder(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path, method: Method
) -> None:
    settings = {**fast, "method": method, "epochs": 2, "learning_rate": 1e-2}
    result = fit(
        dataset, dataset, text_columns=["text"], config=FitConfig(model=tiny_model, **settings), output_dir=tmp_path
    )
    found = predict(tmp_path, dataset, text_columns=["text"])
    assert (found.labels == dataset["label"]).mean() == result.history[result.best_epoch - 1].accuracy
    right = found.pred_probs[np.arange(len(dataset)), dataset["label"]]
    assert -np.log(right).mean() == pytest.approx(result.history[result.best_epoch - 1].validation_loss, abs=1e-4)
    before, after = load_file(Path(tiny_model) / "model.safetensors"), load_file(tmp_path / "model.safetensors")
    changed = {name for name in before if not torch.equal(before[name], after[f"bert.{name}"]) and "pooler" not in name}
    if method in ("head", "prompt", "prefix", "p_tuning"):
        assert not changed
    else:
        assert changed
        assert (method == "full") == ("embeddings.word_embeddings.weight" in changed)


def test_the_lowest_layers_stay_where_they_are_told_to(tiny_model: str) -> None:
    for method in ("full", "lora"):
        for count in (1, 2):
            model = loaded(FitConfig(model=tiny_model, method=method, freeze=count))
            depth = layers_of(model).depth
            assert all(depth[name] > count or is_head(name) for name in moving(model))
            assert any(depth[name] == 2 for name in moving(model)) == (count == 1)
    with pytest.raises(ValueError, match="freeze: expected at most 2 layers, which is what the model has, got 3"):
        loaded(FitConfig(model=tiny_model, method="full", freeze=3))


def test_what_is_frozen_says_the_same_in_every_pass(tiny_model: str) -> None:
    model = loaded(FitConfig(model=tiny_model, method="full", freeze=1))
    model.train()
    assert not model.bert.embeddings.dropout.training
    assert not model.bert.encoder.layer[0].attention.output.dropout.training
    assert model.bert.encoder.layer[1].attention.output.dropout.training


def test_lower_layers_learn_more_slowly(tiny_model: str) -> None:
    config = FitConfig(model=tiny_model, method="full", layer_decay=0.5, learning_rate=8e-3)
    model = loaded(config)
    rates = {id(each): group["lr"] for group in parameter_groups(model, config) for each in group["params"]}
    for name, depth in layers_of(model).depth.items():
        expected = 8e-3 if is_head(name) else 8e-3 * 0.5 ** (3 - depth)
        assert rates[id(model.get_parameter(name))] == pytest.approx(expected), name


def test_layers_begin_to_move_one_after_the_other(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    settings = {**fast, "method": "full", "unfreeze": True, "learning_rate": 1e-2}
    before = load_file(Path(tiny_model) / "model.safetensors")
    for epochs, still in (
        (1, ("embeddings", "layer.0", "layer.1")),
        (2, ("embeddings", "layer.0")),
        (3, ("embeddings",)),
        (4, ()),
    ):
        folder = tmp_path / str(epochs)
        config = FitConfig(model=tiny_model, **{**settings, "epochs": epochs})
        fit(dataset, dataset, text_columns=["text"], config=config, output_dir=folder)
        after = load_file(folder / "model.safetensors")
        for name in before:
            if "pooler" not in name and any(part in name for part in still):
                assert torch.equal(before[name], after[f"bert.{name}"]), name


def test_the_rate_rises_then_falls() -> None:
    shares = [share_at(step, steps=10, warmup=0.2) for step in range(10)]
    assert shares[:3] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert shares[9] == pytest.approx(1 / 8)
    assert [share_at(step, steps=10, warmup=0.2, begins=4) for step in range(10)] == [0] * 4 + shares[4:]


def test_merging_changes_nothing_that_the_model_says(tiny_model: str) -> None:
    inputs = {"input_ids": torch.arange(4, 10)[None], "attention_mask": torch.ones(1, 6, dtype=torch.long)}
    for method in ("lora", "rslora", "dora", "ia3"):
        model = loaded(FitConfig(model=tiny_model, method=method)).eval()
        with torch.no_grad():
            for each in model.parameters():
                if each.requires_grad:
                    each.add_(torch.linspace(-0.1, 0.1, each.numel()).reshape(each.shape))
            said = model(**inputs).logits
            assert torch.allclose(plain(model)(**inputs).logits, said, atol=1e-5), method
