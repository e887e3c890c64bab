"""Records of earlier tasks are learnt again among the new ones, each by the head of its task."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file

from training import FitConfig, FitResult, fit, predict
from training.__main__ import main
from training.answers.heads import SIGMOID, SOFTMAX
from training.data.records import TokenizedRecords
from training.earlier_tasks.earlier import EarlierTask
from training.earlier_tasks.replay import Mixture, replayed_records
from training.engines.engine import NotFinite, batches_of


class Killed(Exception):
    """What stands for the end of the process."""


def records(n: int) -> TokenizedRecords:
    return TokenizedRecords(
        inputs={"input_ids": [[2, 3]] * n}, lengths=np.full(n, 2, dtype=np.int64), labels=np.zeros(n, dtype=np.int64)
    )


def earlier(number: int | None, targets: Any, head: Any = SOFTMAX, outputs: int = 3) -> EarlierTask:
    return EarlierTask(
        number=number, head=head, outputs=outputs, records=records(len(targets)), targets=np.array(targets)
    )


@pytest.fixture(scope="module")
def config(trained: FitResult, fast: dict[str, Any]) -> FitConfig:
    return FitConfig(model=str(trained.model_dir), replay_share=0.5, **{**fast, "epochs": 2})


def fitted(data: Any, config: FitConfig, folder: Path, **more: Any) -> dict[str, torch.Tensor]:
    fit(data, data, text_columns=["text"], config=config, output_dir=folder, **more)
    return dict(load_file(folder / "model.safetensors"))


def accuracy(folder: Path, data: Dataset, task: int | None = None) -> float:
    return float((predict(folder, data, text_columns=["text"], task=task).labels == data["label"]).mean())


def test_an_epoch_has_every_new_record_and_the_next_of_the_earlier_ones() -> None:
    mixture = Mixture(new=records(6), earlier=(earlier(1, [0] * 5), earlier(2, [0] * 2)), replayed=4, seed=3)
    epochs = [mixture.rows(epoch).tolist() for epoch in range(7)]
    assert all(rows[:6] == [0, 1, 2, 3, 4, 5] and len(rows) == len(mixture) == 10 for rows in epochs)
    seen = Counter(row for rows in epochs for row in rows[6:])
    assert seen == Counter(dict.fromkeys(range(6, 13), 4))  # 28 turns of 7 records
    assert epochs != [replace(mixture, seed=4).rows(epoch).tolist() for epoch in range(7)]
    assert epochs == [mixture.rows(epoch).tolist() for epoch in range(7)]


@pytest.mark.parametrize(("new", "share", "expected"), [(300, 0.25, 100), (10, 0.5, 10), (10, 0.01, 1), (3, 0.9, 27)])
def test_the_share_is_that_of_the_whole_epoch(new: int, share: float, expected: int) -> None:
    assert replayed_records(new, share) == expected


def test_batches_hold_what_an_epoch_has(config: FitConfig) -> None:
    mixture = Mixture(new=records(6), earlier=(earlier(1, [0] * 5),), replayed=4, seed=3)
    task: Any = type("Task", (), {"train": records(6), "mixture": mixture})
    batches = batches_of(task, config, 1)
    assert sorted(np.concatenate(batches)) == sorted(mixture.rows(1))
    assert [len(batch) for batch in batches] == [5, 5]


def test_each_record_is_paid_for_by_the_head_of_its_task() -> None:
    several = earlier(2, [[1.0, 0.0], [0.0, 1.0]], SIGMOID, outputs=2)
    mixture = Mixture(
        new=records(2), earlier=(earlier(1, [2, 1]), several, earlier(None, [1, 0], outputs=2)), replayed=4, seed=0
    )
    logits = torch.arange(28.0).reshape(4, 7).sin()
    rows = np.array([1, 3, 5, 7])  # new; task 1, row 1; task 2, row 1; the task that goes on, row 1
    told = mixture.answers(rows, np.array([0, 1]))
    paid = list(
        mixture.losses(
            logits, torch.from_numpy(rows), told, new=lambda said, to: SOFTMAX.loss(said, to, None, 0.0), outputs=2
        )
    )
    assert [(part.where, part.rows.tolist()) for part in paid] == [
        ("train", [1]),
        ("earlier, task 1", [1]),
        ("earlier, task 2", [1]),
        ("earlier", [1]),
    ]
    entropy = torch.nn.functional.cross_entropy
    yes_or_no = torch.nn.functional.binary_cross_entropy_with_logits
    expected = [
        entropy(logits[:1, :2], torch.tensor([1])),
        entropy(logits[1:2, 2:5], torch.tensor([1])),
        yes_or_no(logits[2:3, 5:7].double(), torch.tensor([[0.0, 1.0]]).double(), reduction="sum"),
        entropy(logits[3:, :2], torch.tensor([0])),
    ]
    assert [float(part.mean) for part in paid] == pytest.approx([float(each) for each in expected], rel=1e-5)


def test_a_loss_that_is_no_number_names_the_table() -> None:
    assert "(rows 2, 4 of earlier, task 2)" in str(NotFinite([4, 2], "earlier, task 2"))


def test_both_tasks_are_learnt(dataset: Dataset, answers: Dataset, config: FitConfig, tmp_path: Path) -> None:
    told = replace(config, method="full", epochs=20, learning_rate=3e-3)
    fitted(answers, told, tmp_path, earlier=dataset)
    assert accuracy(tmp_path, dataset, task=1) >= 0.9
    assert accuracy(tmp_path, answers) >= 0.9


@pytest.mark.parametrize("method", ["lora", "ia3", "head"])
def test_the_folder_is_a_plain_model_with_the_earlier_head_beside_it(
    dataset: Dataset, answers: Dataset, config: FitConfig, trained: FitResult, tmp_path: Path, method: Any
) -> None:
    from transformers import AutoModelForSequenceClassification

    fitted(answers, replace(config, method=method, epochs=1), tmp_path, earlier=dataset)
    before = load_file(trained.model_dir / "model.safetensors")
    again = load_file(tmp_path / "heads" / "1" / "head.safetensors")
    assert {*again} == {"weight", "bias"}
    assert all(again[name].shape == before[f"classifier.{name}"].shape for name in again)
    assert not torch.equal(again["weight"], before["classifier.weight"])  # it learns, too
    plain, about = AutoModelForSequenceClassification.from_pretrained(tmp_path, output_loading_info=True)
    assert plain.config.num_labels == 2
    assert not any(about.values())
    if method == "lora":
        added = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
        assert "base_model.model.classifier.weight" in added


def test_records_of_a_task_that_goes_on_stand_among_the_new_ones(
    dataset: Dataset, config: FitConfig, tmp_path: Path
) -> None:
    few, seen = dataset.select(range(5)), set[int]()
    alone = fitted(few, replace(config, replay_share=0.0, epochs=1), tmp_path / "alone")
    told = replace(config, epochs=1)
    among = fitted(few, told, tmp_path / "among", earlier=dataset, progress=lambda done, total: seen.add(total))
    assert seen == {1, 10}
    assert not (tmp_path / "among" / "heads").exists()
    assert not torch.equal(alone["classifier.weight"], among["classifier.weight"])


def test_several_tasks_are_replayed_by_number(
    dataset: Dataset, answers: Dataset, config: FitConfig, tmp_path: Path
) -> None:
    fitted(answers, config, tmp_path / "second", earlier=dataset)
    third = {"text": dataset["text"], "label": [["late"], ["late", "paid"]] * 15}
    told = replace(config, model=str(tmp_path / "second"))
    fitted(third, told, tmp_path / "third", earlier={1: dataset, 2: answers})
    weight = {
        folder.name: load_file(folder / "head.safetensors")["weight"]
        for folder in ((tmp_path / "third" / "heads" / "1"), (tmp_path / "third" / "heads" / "2"))
    }
    assert not torch.equal(weight["1"], load_file(tmp_path / "second" / "heads" / "1" / "head.safetensors")["weight"])
    assert not torch.equal(weight["2"], load_file(tmp_path / "second" / "model.safetensors")["classifier.weight"])


def test_a_killed_run_goes_on_to_the_same_weights(
    dataset: Dataset, answers: Dataset, config: FitConfig, tmp_path: Path
) -> None:
    def killed(done: int, total: int) -> None:
        assert total == 120 or done == 1  # 30 new and 30 earlier records, twice
        if done >= 80:
            raise Killed

    straight = fitted(answers, config, tmp_path / "straight", earlier=dataset)
    with pytest.raises(Killed):
        fitted(answers, config, tmp_path / "killed", earlier=dataset, progress=killed)
    resumed = fitted(answers, config, tmp_path / "killed", earlier=dataset)
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)
    first, second = (load_file(tmp_path / name / "heads" / "1" / "head.safetensors") for name in ("straight", "killed"))
    assert torch.equal(first["weight"], second["weight"])


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"method": "prefix"}, "replay_share: expected a method without a prompt, got 'prefix'"),
        ({"compares": True}, "replay_share: expected labels of records to be learnt"),
    ],
)
def test_what_does_not_go_with_it_is_refused(
    dataset: Dataset, config: FitConfig, tmp_path: Path, settings: dict[str, Any], told: str
) -> None:
    data: Any = dataset
    if "compares" in settings:
        data = {"text": ["a", "b"], "other": ["c", "d"], "label": ["first", "second"]}
    columns = ["text", "other"] if "compares" in settings else ["text"]
    with pytest.raises(ValueError, match=told):
        fit(
            data,
            data,
            text_columns=columns,
            config=replace(config, **settings),
            output_dir=tmp_path / "model",
            earlier=dataset,
        )
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"replay_share": 1.0}, r"replay_share: expected a share in \[0, 1\), got 1.0"),
        (
            {"replay_share": 0.1, "noise_multiplier": 1.0},
            "replay_share: expected 0.0 where training is private, got 0.1",
        ),
        ({"replay_share": 0.1, "method": "contrastive"}, "replay_share: expected 0.0 where .*contrastive.*, got 0.1"),
        ({"replay_share": 0.1, "method": "linear"}, "replay_share: expected 0.0 where .*linear.*, got 0.1"),
        ({"replay_share": 0.1, "learns": "texts"}, "replay_share: expected 0.0 where texts are learnt, got 0.1"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        FitConfig(**settings)


def test_the_command_line_takes_earlier_records(
    dataset: Dataset, answers: Dataset, trained: FitResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, data, labels in (("new", answers, ["fine", "trouble"]), ("old", dataset, ["billing", "shipping"])):
        rows = [f'{{"text": "{row["text"]}", "label": "{labels[row["label"]]}"}}' for row in data]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))
    (tmp_path / "settings.toml").write_text(f'model = "{trained.model_dir}"\nreplay_share = 0.2\nepochs = 1\n')
    parts = ["--train", f"{tmp_path}/new.jsonl", "--validation", f"{tmp_path}/new.jsonl", "--text", "text"]
    settings = ["--settings", f"{tmp_path}/settings.toml", "--to", f"{tmp_path}/model"]
    assert main([*parts, *settings]) == 2
    assert "replay_share: expected records of an earlier task" in capsys.readouterr().err
    assert main([*parts, *settings, "--earlier", f"{tmp_path}/old.jsonl"]) == 0
    assert (tmp_path / "model" / "heads" / "1").is_dir()
