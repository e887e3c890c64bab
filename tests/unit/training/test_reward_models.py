"""Reward models on a causal base: a score of the last token, whatever pads the text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file
from tiny_llama import questions, tiny_llama
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from training import FitConfig, fit, predict
from training.models.model_files import UnusableModel

COLUMNS = ["prompt", "chosen", "rejected"]
FAST: dict[str, Any] = {
    "compares": True,
    "method": "full",
    "epochs": 12,
    "batch_size": 4,
    "learning_rate": 1e-2,
    "precision": "fp32",
    "patience": None,
    "threads": 1,
}


@pytest.fixture(scope="module")
def pairs() -> dict[str, list[str]]:
    """The right answer to each question, and that to another one, which is longer."""
    asked = questions()
    right = list(asked["answer"])
    return {
        "prompt": list(asked["question"]),
        "chosen": right,
        "rejected": [f"not {each}" for each in (*right[4:], *right[:4])],
    }


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A causal model in bfloat16, with nothing to pad with."""
    folder = tmp_path_factory.mktemp("base")
    AutoModelForCausalLM.from_pretrained(tiny_llama(folder)).to(torch.bfloat16).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def reward(base: str, pairs: dict[str, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reward")
    found = fit(pairs, pairs, text_columns=COLUMNS, config=FitConfig(model=base, **FAST), output_dir=folder)
    assert found.history[-1].accuracy == 1
    return folder


def test_what_a_model_says_does_not_hang_on_what_stands_beside_it_or_first(
    reward: Path, pairs: dict[str, list[str]]
) -> None:
    said = predict(reward, pairs, text_columns=COLUMNS)
    alone = predict(reward, pairs, text_columns=COLUMNS, batch_size=1)
    turned = predict(reward, pairs, text_columns=["prompt", "rejected", "chosen"])
    assert said.answers == ["chosen"] * 12
    assert alone.pred_probs == pytest.approx(said.pred_probs, abs=1e-6)
    assert turned.pred_probs[:, ::-1] == pytest.approx(said.pred_probs, abs=1e-6)


def test_transformers_alone_gives_the_scores_whose_difference_is_the_chance(
    reward: Path, pairs: dict[str, list[str]]
) -> None:
    tokenizer, model = AutoTokenizer.from_pretrained(reward), AutoModelForSequenceClassification.from_pretrained(reward)
    with torch.no_grad():
        scores = [
            model(**tokenizer(pairs["prompt"], pairs[name], padding=True, return_tensors="pt")).logits[:, 0]
            for name in ("chosen", "rejected")
        ]
    expected = predict(reward, pairs, text_columns=COLUMNS).pred_probs[:, 0]
    assert torch.sigmoid(scores[0] - scores[1]).numpy() == pytest.approx(expected, abs=1e-5)


def test_weights_move_in_single_precision_whatever_they_were_saved_in(base: str, reward: Path) -> None:
    assert {each.dtype for each in load_file(Path(base) / "model.safetensors").values()} == {torch.bfloat16}
    assert {each.dtype for each in load_file(reward / "model.safetensors").values()} == {torch.float32}


@pytest.mark.parametrize("method", ["prompt", "p_tuning"])
def test_vectors_in_place_of_tokens_are_refused(
    method: str, base: str, pairs: dict[str, list[str]], tmp_path: Path
) -> None:
    config = FitConfig(model=base, **{**FAST, "method": method})
    with pytest.raises(ValueError, match=rf"^method: expected .*'full' or 'head' of a causal base, got '{method}'$"):
        fit(pairs, pairs, text_columns=COLUMNS, config=config, output_dir=tmp_path / "m")


def test_labels_are_learnt_on_such_a_base_too(base: str, pairs: dict[str, list[str]], tmp_path: Path) -> None:
    rows = Dataset.from_dict({"text": pairs["chosen"] + pairs["rejected"], "label": ["yes"] * 12 + ["no"] * 12})
    config = FitConfig(model=base, **{**FAST, "compares": False, "method": "lora"})
    assert fit(rows, rows, text_columns=["text"], config=config, output_dir=tmp_path).history[-1].accuracy == 1


def test_without_a_token_that_ends_a_text_there_is_one_line(
    base: str, pairs: dict[str, list[str]], tmp_path: Path
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.eos_token = None
    AutoModelForCausalLM.from_pretrained(base).save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    config = FitConfig(model=str(tmp_path / "base"), **FAST)
    with pytest.raises(UnusableModel, match=r"a token to pad with, or one that ends a text$"):
        fit(pairs, pairs, text_columns=COLUMNS, config=config, output_dir=tmp_path / "m")
