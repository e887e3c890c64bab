"""A model that says which of two texts is better: whatever stands first, and with ties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from training import FitConfig, fit, predict
from training.answers.pairwise import pairwise_head, tie_of
from training.run_record import text_columns_in

THINGS = ("lamp", "bicycle", "piano", "kettle", "tent", "violin", "carpet", "sofa", "canoe", "helmet")
HEAD = FitConfig(method="head", epochs=6, precision="fp32", patience=None)


def told(things: tuple[str, ...]) -> dict[str, list[str]]:
    return {
        "prompt": [f"What do you think of the {thing}?" for thing in things],
        "chosen": [f"Thank you, we love the {thing}, it is wonderful." for thing in things],
        "rejected": [f"This {thing} is rubbish, shame on you." for thing in things],
    }


def with_labels(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    swap = [n % 2 == 0 for n in range(len(rows["chosen"]))]
    pairs = [(b, a) if s else (a, b) for a, b, s in zip(rows["chosen"], rows["rejected"], swap, strict=True)]
    return {
        "prompt": rows["prompt"],
        "one": [pair[0] for pair in pairs],
        "two": [pair[1] for pair in pairs],
        "better": ["second" if s else "first" for s in swap],
    }


def test_chosen_and_rejected_teach_without_labels(tmp_path: Path) -> None:
    train, held_out = told(THINGS[:7]), told(THINGS[7:])
    found = fit(train, held_out, text_columns=["chosen", "prompt", "rejected"], config=HEAD, output_dir=tmp_path / "m")
    assert found.history[-1].accuracy == 1
    assert text_columns_in(tmp_path / "m") == ("prompt", "chosen", "rejected")
    said = predict(tmp_path / "m", held_out, text_columns=["prompt", "chosen", "rejected"])
    assert said.label_names == ("chosen", "rejected")
    assert said.answers == ["chosen"] * 3
    other_way = predict(tmp_path / "m", held_out, text_columns=["prompt", "rejected", "chosen"])
    assert other_way.pred_probs[:, ::-1] == pytest.approx(said.pred_probs, abs=1e-6)


def test_labels_say_which_is_better_and_what_stands_first_plays_no_part(tmp_path: Path) -> None:
    train, held_out = with_labels(told(THINGS[:7])), with_labels(told(THINGS[7:]))
    settings = FitConfig(method="head", epochs=6, precision="fp32", patience=None, compares=True)
    columns = {"text_columns": ["one", "two"], "label_column": "better"}
    fit(train, held_out, config=settings, output_dir=tmp_path / "m", **columns)
    said = predict(tmp_path / "m", held_out, text_columns=["one", "two"])
    assert said.answers == held_out["better"]
    swapped = predict(tmp_path / "m", held_out, text_columns=["two", "one"])
    assert swapped.pred_probs[:, ::-1] == pytest.approx(said.pred_probs, abs=1e-6)


def test_a_long_beginning_that_both_share_does_not_hide_the_difference(tmp_path: Path) -> None:
    talk = "Human: Hello. Assistant: Hello, how can I help? " * 60
    rows = {name: [talk + text for text in texts] for name, texts in told(THINGS).items() if name != "prompt"}
    found = fit(rows, rows, text_columns=["chosen", "rejected"], config=HEAD, output_dir=tmp_path / "m")
    assert found.history[-1].accuracy == 1


@pytest.mark.parametrize("names", [["first", "second", "equal"], ["equal", "first", "second"], ["second", "first"]])
def test_chances_are_those_of_davidson_whatever_the_order_of_names(names: list[str]) -> None:
    head = pairwise_head(names, 0.5)
    ahead = torch.tensor([[0.0, 0.0], [2.0, -1.0], [0.0, 1.0]])
    chances = head.probabilities(ahead).numpy()
    assert chances.sum(axis=1) == pytest.approx(1)
    one, two = names.index("first"), names.index("second")
    assert np.log(chances[:, one] / chances[:, two]) == pytest.approx((ahead[:, 0] - ahead[:, 1]).numpy(), abs=1e-5)
    if "equal" in names:
        assert chances[0, names.index("equal")] == pytest.approx(0.5 / 2.5)
    targets = torch.tensor([0, 1, one])
    by_hand = -np.log(chances[np.arange(3), targets.numpy()]).mean()
    assert float(head.loss(ahead, targets, None, 0.0)) == pytest.approx(by_hand, abs=1e-5)


def test_ties_in_the_data_are_ties_in_the_model() -> None:
    assert tie_of(["first", "second", "equal"], np.array([0, 1, 2, 2])) == 2
    assert tie_of(["first", "second"], np.array([0, 1])) == 0


@pytest.mark.parametrize(
    ("columns", "label", "message"),
    [
        (["one"], "better", "text_columns: expected the two columns that are compared"),
        (["one", "two"], "other", "compares: expected labels 'first' and 'second', perhaps 'equal', got 'a', 'b'"),
        (["one", "none"], "better", "text_columns: no column 'none'"),
    ],
)
def test_what_cannot_be_compared_is_one_line(tmp_path: Path, columns: list[str], label: str, message: str) -> None:
    rows: dict[str, Any] = {**with_labels(told(THINGS)), "other": ["a", "b"] * 5}
    settings = FitConfig(method="head", compares=True)
    with pytest.raises(ValueError, match=message):
        fit(rows, rows, text_columns=columns, label_column=label, config=settings, output_dir=tmp_path / "m")
