"""A run that starts from a model that an earlier run has trained."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset
from safetensors.torch import load_file

from training import FitResult, fit, predict
from training.results import DataNote

HEAD = ("classifier.weight", "classifier.bias")
OTHERS = ("no", "yes")


@pytest.fixture(scope="module")
def answers(dataset: Dataset) -> Dataset:
    """The same messages with as many labels of other names."""
    return dataset.cast_column("label", ClassLabel(names=list(OTHERS)))


@pytest.fixture(scope="module")
def second(trained: FitResult, answers: Dataset, tmp_path_factory: Any) -> FitResult:
    """One step on other labels, from the model that knows billing and shipping."""
    config = replace(trained.config, model=str(trained.model_dir), epochs=1, learning_rate=1e-6)
    folder = tmp_path_factory.mktemp("second") / "model"
    with pytest.warns(DataNote, match=r"was trained for other labels \(billing, shipping\), so its head is a new one"):
        return fit(answers, answers, text_columns=["text"], config=config, output_dir=folder)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return dict(load_file(folder / "model.safetensors"))


def changed(first: Path, then: Path) -> set[str]:
    before, after = weights(first), weights(then)
    return {name for name in before if not torch.allclose(before[name], after[name], atol=1e-3)}


def test_a_head_for_the_same_labels_goes_on(trained: FitResult, dataset: Dataset, tmp_path: Path) -> None:
    config = replace(trained.config, model=str(trained.model_dir), epochs=1, learning_rate=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataNote)
        found = fit(dataset, dataset, text_columns=["text"], config=config, output_dir=tmp_path)
    assert not changed(trained.model_dir, tmp_path)
    assert found.history[0].accuracy == 1.0
    assert not (tmp_path / "heads").exists()


def test_other_labels_get_a_new_head_and_nothing_else_is_begun_anew(trained: FitResult, second: FitResult) -> None:
    assert changed(trained.model_dir, second.model_dir) == set(HEAD)
    found = predict(second.model_dir, {"text": ["my parcel"]}, text_columns=["text"])
    assert found.label_names == OTHERS
    assert second.notes[0].endswith("; the old one is kept as that of task 1")


def test_a_new_head_is_one_by_its_seed(trained: FitResult, second: FitResult, answers: Any, tmp_path: Path) -> None:
    for name, seed, as_before in (("again", 0, True), ("other", 1, False)):
        fit(
            answers,
            answers,
            text_columns=["text"],
            config=replace(second.config, seed=seed),
            output_dir=tmp_path / name,
        )
        after = weights(tmp_path / name)["classifier.weight"]
        assert torch.equal(after, weights(second.model_dir)["classifier.weight"]) == as_before


def test_what_was_learnt_before_is_still_answered(trained: FitResult, second: FitResult, dataset: Dataset) -> None:
    before = predict(trained.model_dir, dataset, text_columns=["text"])
    after = predict(second.model_dir, dataset, text_columns=["text"], task=1)
    assert after.label_names == before.label_names
    assert after.pred_probs == pytest.approx(before.pred_probs, abs=1e-3)
    last = predict(second.model_dir, dataset, text_columns=["text"])
    assert np.array_equal(predict(second.model_dir, dataset, text_columns=["text"], task=2).pred_probs, last.pred_probs)
    for task in (0, 3, "1"):
        with pytest.raises(ValueError, match=f"task: expected a number from 1 to 2, got {task!r}"):
            predict(second.model_dir, dataset, text_columns=["text"], task=task)  # type: ignore[arg-type]


def test_heads_come_along_from_task_to_task(second: FitResult, dataset: Dataset, tmp_path: Path) -> None:
    several = {"text": dataset["text"], "label": [["late"], ["late", "paid"]] * 15}
    config = replace(second.config, model=str(second.model_dir))
    fit(several, several, text_columns=["text"], config=config, output_dir=tmp_path / "third")
    for task, names in enumerate([("billing", "shipping"), OTHERS, ("late", "paid")], start=1):
        assert predict(tmp_path / "third", dataset, text_columns=["text"], task=task).label_names == names


def test_a_scale_of_before_is_not_read_into_a_new_head(dataset: Dataset, trained: FitResult, tmp_path: Path) -> None:
    config = replace(trained.config, epochs=1)
    scale = {"text": dataset["text"], "label": ["1", "2", "3"] * 10}
    ordinal = replace(config, scale="ordinal")
    fit(scale, scale, text_columns=["text"], config=ordinal, output_dir=tmp_path / "scale")
    onward = replace(config, model=str(tmp_path / "scale"))
    fit(scale, scale, text_columns=["text"], config=onward, output_dir=tmp_path / "names")
    found = predict(tmp_path / "names", dataset, text_columns=["text"])
    assert found.pred_probs.sum(axis=1) == pytest.approx(np.ones(30))
    assert "ordinal_steps" not in json.loads((tmp_path / "names" / "config.json").read_text())
    older = predict(tmp_path / "names", dataset, text_columns=["text"], task=1)
    assert older.label_names == ("1", "2", "3")


def test_a_head_of_another_kind_is_left_behind(dataset: Dataset, trained: FitResult, tmp_path: Path) -> None:
    marked = {"text": ["my parcel is late"] * 4, "label": [[{"start": 3, "end": 9, "label": "thing"}]] * 4}
    config = replace(trained.config, model=str(trained.model_dir), epochs=1)
    with pytest.warns(DataNote, match="so its head is a new one$"):
        fit(marked, marked, text_columns=["text"], config=config, output_dir=tmp_path)
    assert not (tmp_path / "heads").exists()


def test_a_model_of_any_method_can_be_gone_on_with_but_one_behind_a_prompt(
    dataset: Dataset, trained: FitResult, tmp_path: Path
) -> None:
    for method in ("full", "ia3"):
        config = replace(trained.config, method=method, epochs=1)
        fit(dataset, dataset, text_columns=["text"], config=config, output_dir=tmp_path / method)
        onward = replace(config, model=str(tmp_path / method), learning_rate=1e-7)
        fit(dataset, dataset, text_columns=["text"], config=onward, output_dir=tmp_path / f"{method} on")
        assert not changed(tmp_path / method, tmp_path / f"{method} on")
    config = replace(trained.config, method="prompt", epochs=1)
    fit(dataset, dataset, text_columns=["text"], config=config, output_dir=tmp_path / "prompt")
    onward = replace(config, model=str(tmp_path / "prompt"))
    with pytest.raises(ValueError, match="model: expected one that is not read behind a prompt, as "):
        fit(dataset, dataset, text_columns=["text"], config=onward, output_dir=tmp_path / "prompt on")


def test_an_older_head_is_not_read_behind_the_prompt_of_a_new_one(
    dataset: Dataset, answers: Dataset, trained: FitResult, tmp_path: Path
) -> None:
    config = replace(trained.config, model=str(trained.model_dir), method="prefix", epochs=1, learning_rate=1e-7)
    fit(answers, answers, text_columns=["text"], config=config, output_dir=tmp_path)
    before = predict(trained.model_dir, dataset, text_columns=["text"]).pred_probs
    after = predict(tmp_path, dataset, text_columns=["text"], task=1).pred_probs
    assert after == pytest.approx(before, abs=1e-3)


def test_a_run_does_not_write_over_the_model_that_it_starts_from(trained: FitResult, dataset: Dataset) -> None:
    config = replace(trained.config, model=str(trained.model_dir))
    with pytest.raises(ValueError, match="model: expected another folder than "):
        fit(dataset, dataset, text_columns=["text"], config=config, output_dir=trained.model_dir)


def _without_weights(head: Path) -> None:
    (head / "head.safetensors").unlink()


def _of_another_size(head: Path) -> None:
    settings = json.loads((head / "config.json").read_text())
    (head / "config.json").write_text(json.dumps({**settings, "hidden_size": 64}))


@pytest.mark.parametrize("spoil", [_without_weights, _of_another_size])
def test_a_head_that_cannot_be_read_is_told(
    second: FitResult, dataset: Dataset, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    shutil.copytree(second.model_dir, tmp_path / "copy")
    spoil(tmp_path / "copy" / "heads" / "1")
    with pytest.raises(ValueError, match="cannot be loaded"):
        predict(tmp_path / "copy", dataset, text_columns=["text"], task=1)


def test_a_language_model_has_no_heads(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    with pytest.raises(ValueError, match="task: expected None of a language model, got 1"):
        predict(tmp_path, {"text": ["a"]}, text_columns=["text"], task=1)
