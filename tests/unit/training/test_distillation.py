"""A model that learns what another says of the records, beside what their labels say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import ClassLabel, Dataset
from safetensors.torch import load_file

from training import FitConfig, FitResult, fit, predict
from training.answers.heads import SOFTMAX
from training.earlier_tasks import distillation
from training.earlier_tasks.distillation import _paid
from training.engines.kept_once import kept_once


class Killed(Exception):
    """What stands for the end of the process."""


def killed_in_epoch(number: int) -> Any:
    def tick(done: int, total: int) -> None:
        if total > 1 and done >= (number - 1) * 30 + 10:
            raise Killed

    return tick


def fitted(data: Any, config: FitConfig, folder: Path, validation: Any = None, **more: Any) -> dict[str, torch.Tensor]:
    fit(
        data,
        data if validation is None else validation,
        text_columns=["text"],
        config=config,
        output_dir=folder,
        **more,
    )
    return dict(load_file(folder / "model.safetensors"))


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def config(tiny_model: str, trained: FitResult, fast: dict[str, Any]) -> FitConfig:
    return FitConfig(model=tiny_model, teacher=str(trained.model_dir), **{**fast, "epochs": 3})


@pytest.fixture(scope="module")
def opposite(dataset: Dataset) -> Dataset:
    """The messages with every label turned round."""
    return dataset.map(lambda row: {"label": 1 - row["label"]})


def test_what_is_paid_is_what_its_authors_wrote() -> None:
    config = FitConfig(teacher="a folder", teacher_temperature=3.0, teacher_share=0.75)
    logits, says = torch.tensor([[2.0, 0.0, -1.0]]), torch.tensor([[1.0, 3.0, -2.0]])
    soft = torch.softmax(says / 3, dim=1)
    targets = torch.stack([soft, torch.tensor([[1.0, 0.0, 0.0]])], dim=1)
    by_teacher = -(soft * torch.log_softmax(logits / 3, dim=1)).sum()
    by_label = torch.nn.functional.cross_entropy(logits, torch.tensor([0]))
    found = _paid(SOFTMAX.loss, config)(logits, targets, None, 0.0)
    assert found == pytest.approx(float(0.75 * 9 * by_teacher + 0.25 * by_label), rel=1e-5)


def test_wholly_by_a_teacher_at_temperature_one_is_by_soft_labels(
    trained: FitResult, dataset: Dataset, config: FitConfig, tmp_path: Path
) -> None:
    wholly = replace(config, teacher_temperature=1.0, teacher_share=1.0)
    said = predict(trained.model_dir, dataset, text_columns=["text"]).pred_probs
    by_column = replace(config, teacher=None, soft_labels="said")
    softly = fitted(dataset.add_column("said", said.tolist()), by_column, tmp_path / "soft", dataset)
    taught = fitted(dataset, wholly, tmp_path / "taught")
    assert max(float((softly[name] - taught[name]).abs().max()) for name in softly) < 1e-3


def test_a_model_learns_what_its_teacher_says_rather_than_the_labels(
    dataset: Dataset, opposite: Dataset, config: FitConfig, tmp_path: Path
) -> None:
    for share, right in ((1.0, True), (0.01, False)):
        told = replace(config, teacher_share=share, epochs=10)
        fitted(opposite, told, tmp_path / str(share), dataset if right else opposite)
        found = predict(tmp_path / str(share), dataset, text_columns=["text"])
        assert ((found.labels == dataset["label"]).mean() > 0.9) == right


def test_temperature_and_share_change_what_is_learnt(dataset: Dataset, config: FitConfig, tmp_path: Path) -> None:
    one = replace(config, epochs=1)
    plain = fitted(dataset, one, tmp_path / "plain")
    for name, value in (("teacher_temperature", 5.0), ("teacher_share", 0.2)):
        assert not same(plain, fitted(dataset, replace(one, **{name: value}), tmp_path / name))


def test_labels_in_another_order_are_the_same_labels(dataset: Dataset, config: FitConfig, tmp_path: Path) -> None:
    turned = dataset.map(lambda row: {"label": 1 - row["label"]}).cast_column(
        "label", ClassLabel(names=["shipping", "billing"])
    )
    fitted(turned, replace(config, teacher_share=1.0, epochs=8), tmp_path)
    assert predict(tmp_path, dataset, text_columns=["text"]).answers == [
        ("billing", "shipping")[at] for at in dataset["label"]
    ]


def test_the_reviewers_probabilities_stand_for_the_label_beside_a_teacher(
    dataset: Dataset, config: FitConfig, tmp_path: Path
) -> None:
    soft = [[0.4, 0.6]] * 30
    config = replace(config, epochs=1)
    by_votes = fitted(
        dataset.add_column("said", soft), replace(config, soft_labels="said"), tmp_path / "votes", dataset
    )
    assert not same(by_votes, fitted(dataset, config, tmp_path / "labels"))


def test_a_killed_run_asks_its_teacher_no_second_time(
    dataset: Dataset, config: FitConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = fitted(dataset, config, tmp_path / "straight")
    with pytest.raises(Killed):
        fitted(dataset, config, tmp_path / "killed", progress=killed_in_epoch(2))
    assert (tmp_path / "killed" / "checkpoint" / "teacher.safetensors").is_file()
    asked: list[Any] = []
    monkeypatch.setattr(distillation, "predict", lambda *args, **named: asked.append(args))
    assert same(straight, fitted(dataset, config, tmp_path / "killed"))
    assert not asked
    assert not (tmp_path / "killed" / "checkpoint").exists()


def test_what_was_said_in_another_run_is_not_taken_for_it(tmp_path: Path) -> None:
    file, asked = tmp_path / "run" / "teacher.safetensors", list[str]()

    def said() -> dict[str, torch.Tensor]:
        asked.append("again")
        return {"log_probs": torch.full((2, 2), float(len(asked)))}

    for run, times in (("one run", 1), ("one run", 1), ("another", 2)):
        assert kept_once(file, run, said)["log_probs"].unique().tolist() == [float(times)]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"teacher": "nowhere"}, "teacher: expected the folder of a model with a config.json, got 'nowhere'"),
        ({"teacher": "tiny"}, "teacher: expected a model that tells one of several labels, .* is none"),
        ({"scale": "ordinal"}, "teacher: expected None where not one of several labels is learnt"),
    ],
)
def test_what_is_no_teacher_is_refused(
    dataset: Dataset, config: FitConfig, tiny_model: str, tmp_path: Path, setting: dict[str, Any], told: str
) -> None:
    if setting.get("teacher") == "tiny":
        setting = {"teacher": tiny_model}
    with pytest.raises(ValueError, match=told):
        fitted(dataset, replace(config, **setting), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_teacher_of_other_labels_is_refused(dataset: Dataset, config: FitConfig, tmp_path: Path) -> None:
    three = dataset.cast_column("label", ClassLabel(names=["billing", "shipping", "praise"]))
    with pytest.raises(ValueError, match=r"teacher: expected one with the same labels, .* knows no 'praise'"):
        fitted(three, config, tmp_path)


@pytest.mark.parametrize("setting", [{"teacher_share": 0.5}, {"teacher_temperature": 3.0}])
def test_without_a_teacher_there_is_nothing_to_weigh(setting: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(setting))}: expected .* where teacher is None, got"):
        FitConfig(**setting)


@pytest.mark.parametrize(
    ("field", "value"), [("teacher_share", 0.0), ("teacher_share", 1.5), ("teacher_temperature", 0.0)]
)
def test_a_bad_value_names_its_field(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"^{field}: expected .*, got "):
        FitConfig(teacher="a folder", **{field: value})  # type: ignore[arg-type]
