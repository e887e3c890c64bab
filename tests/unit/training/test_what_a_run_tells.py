"""What a run says of itself: its cost, its surroundings, how well it knows what it was taught, what it did not read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset

from training import EpochResult, FitConfig, FitResult, fit
from training.cost import Cost, Meter
from training.engines.checkpoints import last_checkpoint
from training.engines.engine import NotFinite
from training.overfitting import told_of_fit
from training.progress import as_tick
from training.results import DataNote


def history(*pairs: tuple[float, float]) -> list[EpochResult]:
    return [
        EpochResult(epoch=i, train_loss=1 / i, validation_loss=i, macro_f1=rest, accuracy=rest, taught_accuracy=taught)
        for i, (taught, rest) in enumerate(pairs, 1)
    ]


@pytest.mark.parametrize(
    ("pairs", "best", "verdict"),
    [
        ([(0.80, 0.79), (0.85, 0.84)], 2, "no over-fitting beyond what chance makes"),
        ([(0.80, 0.79), (0.97, 0.84)], 2, "over-fitted by 0.130"),
        ([(0.80, 0.79), (0.99, 0.84), (1.0, 0.83)], 2, "learnt by heart from epoch 2 on"),
        ([(0.99, 0.84), (0.90, 0.85), (1.0, 0.83)], 2, "learnt by heart from epoch 3 on"),
        ([(1.0, 0.99), (1.0, 1.0)], 2, "no over-fitting beyond what chance makes"),
    ],
)
def test_learning_by_heart_is_told_from_learning(pairs: list[tuple[float, float]], best: int, verdict: str) -> None:
    said = told_of_fit(history(*pairs), best, taught=300, validation=300)
    assert said.split("; ")[-1] == verdict
    taught, rest = pairs[best - 1]
    assert f"{taught:.3f} right of what it was taught and {rest:.3f} of the rest at the best epoch, {best} of" in said
    assert ("at the last" in said) == (best < len(pairs))


def test_a_gap_that_few_records_make_by_chance_is_none() -> None:
    assert "over-fitted by" in told_of_fit(history((0.9, 0.8)), 1, taught=300, validation=300)
    assert "no over-fitting" in told_of_fit(history((0.9, 0.8)), 1, taught=20, validation=20)


def test_without_an_answer_to_what_was_taught_the_losses_tell() -> None:
    epochs = [replace(epoch, taught_accuracy=None) for epoch in history((0, 0.8), (0, 0.7))]
    said = told_of_fit(epochs, 1, taught=0, validation=9)
    assert said == (
        "loss 1.000 on what it was taught and 1.000 on the rest at the best epoch, 1 of 2; "
        "0.500 and 2.000 at the last; over-fitted from epoch 2 on"
    )


def test_a_record_holds_cost_surroundings_data_and_both_curves(trained: FitResult, dataset: Dataset) -> None:
    record = json.loads((trained.model_dir / "training.json").read_text())
    cost = json.loads((trained.model_dir / "cost.json").read_text())
    assert cost["wall_seconds"] > 0
    assert cost["processor_seconds"] > 0
    assert cost["peak_memory"] > 100 << 20  # torch alone is more
    assert record["environment"]["threads"] == 1 <= record["environment"]["cores"]
    assert record["environment"]["processor"]
    assert len(record["data"]) == 64
    assert [epoch["taught_accuracy"] for epoch in record["history"]][-1] == 1.0
    assert record["over_fitting"] == trained.over_fitting == trained.note
    assert "no over-fitting" in trained.over_fitting  # both parts are the same records
    assert trained.history[-1].taught_loss == pytest.approx(trained.history[-1].validation_loss, abs=1e-6)


def test_the_data_are_told_apart_from_the_settings(trained: FitResult, dataset: Dataset, tmp_path: Path) -> None:
    short = replace(trained.config, epochs=1)
    found = {
        name: fit(data, dataset, text_columns=["text"], config=config, output_dir=tmp_path / name).data
        for name, data, config in (("a", dataset, short), ("b", dataset.select(range(29)), short))
    }
    assert found["a"] == trained.data != found["b"]


def test_a_run_that_goes_on_counts_what_was_spent_before(tmp_path: Path) -> None:
    spent = Cost(wall_seconds=100.0, processor_seconds=50.0, peak_memory=1 << 50)
    now = Meter("cpu", before=spent).spent()
    assert now.wall_seconds >= 100
    assert now.processor_seconds >= 50
    assert now.peak_memory == 1 << 50


def test_a_checkpoint_keeps_what_was_spent(trained: FitResult, dataset: Dataset, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop_in_the_second_epoch(done: int, total: int) -> None:
        if done > 40:
            raise Stopped

    with pytest.raises(Stopped):
        fit(
            dataset,
            dataset,
            text_columns=["text"],
            config=trained.config,
            output_dir=tmp_path,
            progress=stop_in_the_second_epoch,
        )
    run = json.loads((trained.model_dir / "training.json").read_text())["run"]
    found = last_checkpoint(tmp_path / "checkpoint", run=run)
    assert found is not None
    assert found.seal.cost is not None
    assert found.seal.cost.processor_seconds > 0


def test_texts_that_are_cut_are_counted_before_the_training(
    dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    begun: list[int] = []
    config = FitConfig(model=tiny_model, max_length=9, **{**fast, "epochs": 1})
    with pytest.warns(DataNote) as told:
        result = fit(
            dataset,
            dataset.select(range(5)),
            text_columns=["text"],
            config=config,
            output_dir=tmp_path,
            progress=lambda done, total: begun.append(len(told)),
        )
    # Two of the five events have eight words and more, behind two of a subject and between two marks of the model.
    assert [str(each.message) for each in told] == list(result.notes)
    assert result.notes[0] == "train: 12 of 30 records are cut at max_length = 9 tokens, the longest has 14"
    assert result.notes[1].startswith("validation: 2 of 5 records are cut")
    assert begun[0] == 2


def test_texts_that_fit_are_not_told_of(trained: FitResult) -> None:
    assert trained.notes == ()


def test_a_loss_that_is_no_number_names_records_not_windows(
    tiny_model: str, fast: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = " ".join(["my parcel is late again"] * 9)
    marked = Dataset.from_dict(
        {"text": [long, "my parcel is late"], "label": [[{"start": 0, "end": 9, "label": "what"}]] * 2}
    )

    def nothing(model: Any, inputs: list[dict[str, torch.Tensor]]) -> torch.Tensor:
        return torch.full((*inputs[0]["input_ids"].shape, 3), np.nan)

    monkeypatch.setattr("training.engines.engine.logits_of", nothing)
    config = FitConfig(model=tiny_model, max_length=10, **{**fast, "batch_size": 50})
    with pytest.raises(NotFinite, match=r"\(rows 0, 1 of train\)") as raised:
        fit(marked, marked, text_columns=["text"], config=config, output_dir=tmp_path)
    assert raised.value.rows == (0, 1)


def test_loss_and_score_are_told_beside_the_bar(trained: FitResult, dataset: Dataset, tmp_path: Path) -> None:
    class Heard:
        def __init__(self) -> None:
            self.said: list[str] = []

        def __call__(self, done: int, total: int) -> None:
            pass

        def tell(self, text: str) -> None:
            self.said.append(text)

    heard = Heard()
    config = replace(trained.config, epochs=2)
    result = fit(dataset, dataset, text_columns=["text"], config=config, output_dir=tmp_path, progress=heard)
    assert len(heard.said) == 12  # steps
    assert heard.said[0].startswith("epoch 1/2, loss ")
    assert "F1" not in heard.said[0]
    assert heard.said[-1].startswith("epoch 2/2, loss ")
    assert heard.said[-1].endswith(f"F1 {result.history[0].macro_f1:.3f}")
    assert as_tick(heard, "training") is heard
