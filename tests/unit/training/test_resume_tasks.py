"""What a run promises, for every way of learning that is not one of several labels: to go on, and to do with less.

`test_resume.py` kills a process at every moment; here a run is cut short in its second epoch, once for each way.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from safetensors.numpy import load_file

from training import FitConfig, FitResult, fit

Way = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]
"""Columns, what `fit` is told of them, and settings."""


def numbers(texts: list[str]) -> Way:
    return {"text": texts, "value": [float(len(text)) for text in texts]}, {"label_column": "value"}, {}


def pairs(texts: list[str]) -> Way:
    data = {"text": texts, "other": texts[::-1], "label": [(len(text) % 7) / 7 for text in texts]}
    return data, {"text_columns": ["text", "other"]}, {"learns": "embeddings"}


def retrieval(texts: list[str]) -> Way:
    data = {"text": texts, "other": [" ".join(text.split()[::-1]) for text in texts]}
    return data, {"text_columns": ["text", "other"]}, {"learns": "embeddings"}


def questions(texts: list[str]) -> Way:
    about = [None if n % 4 == 0 else text.split()[1] for n, text in enumerate(texts)]
    length = [float(len(text)) if n % 3 else None for n, text in enumerate(texts)]
    return {"text": texts, "about": about, "length": length}, {"label_column": ["about", "length"]}, {}


WAYS: dict[str, Callable[[list[str]], Way]] = {
    "numbers": numbers,
    "pairs": pairs,
    "retrieval": retrieval,
    "questions": questions,
}


class Cut(Exception):
    """The end of a run that was not its own."""


@pytest.fixture(scope="module")
def still_model(tiny_model: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tiny model without dropout, which falls otherwise where a batch is in parts."""
    folder = Path(shutil.copytree(tiny_model, tmp_path_factory.mktemp("still") / "model"))
    settings = json.loads((folder / "config.json").read_text())
    settings |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(settings))
    return str(folder)


@pytest.fixture(params=WAYS)
def learn(
    request: pytest.FixtureRequest, dataset: Dataset, still_model: str, fast: dict[str, Any], tmp_path: Path
) -> Callable[..., FitResult]:
    data, told, more = WAYS[request.param](dataset["text"][:])
    settings = {**fast, "model": still_model, "epochs": 3, "batch_size": 6, **more}
    columns = {"text_columns": ["text"], **told}

    def run(name: str, **options: Any) -> FitResult:
        return fit(data, data, config=FitConfig(**settings), output_dir=tmp_path / name, **columns, **options)

    return run


def weights(result: FitResult) -> dict[str, Any]:
    found = sorted(result.model_dir.rglob("model.safetensors"))
    assert found
    folder = result.model_dir
    return {f"{path.relative_to(folder)} {name}": each for path in found for name, each in load_file(path).items()}


def cut_in_the_second_epoch(done: int, total: int) -> None:
    if done > total * 0.4:
        raise Cut


def test_a_run_that_was_cut_short_goes_on_to_the_same_weights(learn: Callable[..., FitResult]) -> None:
    straight, seen = learn("straight"), list[int]()
    with pytest.raises(Cut):
        learn("resumed", progress=cut_in_the_second_epoch)
    resumed = learn("resumed", progress=lambda done, total: seen.append(done))
    assert min(seen[:-1]) > max(seen) / 3  # the first epoch was not repeated
    assert resumed.history == straight.history
    one, other = weights(straight), weights(resumed)
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_where_memory_is_short_the_steps_are_the_same(
    learn: Callable[..., FitResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import BertModel

    whole, seen = learn("whole"), list[int]()
    forward = BertModel.forward

    def short(self: Any, input_ids: torch.Tensor, **more: Any) -> Any:
        if self.training:
            seen.append(len(input_ids))
            if len(input_ids) > 2:
                raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(self, input_ids, **more)

    monkeypatch.setattr(BertModel, "forward", short)
    parts = learn("parts")
    assert seen[:2] == [6, 3]
    assert set(seen[2:]) <= {1, 2}
    for one, other in zip(whole.history, parts.history, strict=True):
        assert other.validation_loss == pytest.approx(one.validation_loss, rel=1e-3)
        assert other.train_loss == pytest.approx(one.train_loss, rel=1e-3)
