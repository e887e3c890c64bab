"""A model that puts options in order: options by name, texts of the record, and some that are level."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, Features, List, Value

from evaluation.orders import order_likelihood, ranks_by
from training import FitConfig, fit, predict
from training.answers.listwise import listwise_head

OPTIONS = ("delivery", "money", "thanks")
SAID = {  # by what a message is about: what matters most in it
    "the parcel is late again": ["delivery", "money", "thanks"],
    "the refund is not there": ["money", "delivery", "thanks"],
    "thank you, it is lovely": ["thanks", "money", "delivery"],
}
WHO = ("dear shop", "hello", "good morning", "listen", "once more", "hi there", "today", "as of now")
HEAD = FitConfig(method="head", epochs=12, precision="fp32", patience=None)


def order(*tiers: str | list[str]) -> list[dict[str, Any]]:
    named = [[tier] if isinstance(tier, str) else tier for tier in tiers]
    return [{"value": name, "rank": rank} for rank, names in enumerate(named, 1) for name in names]


def rows(said: dict[str, Any]) -> dict[str, list[Any]]:
    pairs = [(f"{who}, {text}", order(*tiers)) for who in WHO for text, tiers in said.items()]
    return {"text": [text for text, _ in pairs], "order": [given for _, given in pairs]}


def test_options_are_put_in_the_order_that_the_text_asks_for(tmp_path: Path) -> None:
    data = rows(SAID)
    found = fit(data, data, text_columns=["text"], label_column="order", config=HEAD, output_dir=tmp_path / "m")
    assert found.history[-1].accuracy == 1
    said = predict(tmp_path / "m", data, text_columns=["text"])
    assert said.label_names == OPTIONS
    assert said.answers == data["order"]
    assert said.labels[0].tolist() == [1, 2, 3]
    assert said.pred_probs.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert said.pair_probs[0, 0, 1] + said.pair_probs[0, 1, 0] == pytest.approx(1)
    assert said.pair_probs[0, 0, 2] > said.pair_probs[0, 0, 1] > 0.5
    assert ((said.confidence > 0) & (said.confidence <= 1)).all()


def test_options_that_are_level_are_predicted_to_be(tmp_path: Path) -> None:
    data = rows({**SAID, "thank you, it is lovely": ["thanks", ["delivery", "money"]]})
    fit(data, data, text_columns=["text"], label_column="order", config=HEAD, output_dir=tmp_path / "m")
    said = predict(tmp_path / "m", data, text_columns=["text"])
    assert said.threshold > 0.5
    right = [one == given for one, given in zip(said.answers, data["order"], strict=True)]
    assert np.mean(right) > 0.9


def texts_in_order() -> dict[str, list[Any]]:
    """Three texts a record; what is said where is turned from record to record."""
    kinds = ("Thank you, we love the {}, it is wonderful.", "The {} is red.", "This {} is rubbish, shame on you.")
    things = (
        "lamp",
        "bicycle",
        "piano",
        "kettle",
        "tent",
        "violin",
        "carpet",
        "sofa",
        "canoe",
        "helmet",
        "bed",
        "oven",
    )
    columns: dict[str, list[Any]] = {"one": [], "two": [], "three": [], "prompt": [], "order": []}
    for n, thing in enumerate(things):
        names = [*permutations(("one", "two", "three"))][n % 6]
        for name, kind in zip(names, kinds, strict=True):
            columns[name].append(kind.format(thing))
        columns["prompt"].append(f"What of the {thing}?")
        columns["order"].append(order(*names))
    return columns


@pytest.mark.parametrize("before", [[], ["prompt"]])
def test_texts_are_put_in_order_by_what_they_say_wherever_they_stand(tmp_path: Path, before: list[str]) -> None:
    data = texts_in_order()
    settings = FitConfig(method="head", epochs=25, precision="fp32", patience=None, compares=True)
    columns = [*before, "three", "two", "one"]
    fit(data, data, text_columns=columns, label_column="order", config=settings, output_dir=tmp_path / "m")
    said = predict(tmp_path / "m", data, text_columns=[*before, "one", "two", "three"])
    assert said.answers == [sorted(given, key=lambda one: one["rank"]) for given in data["order"]]
    turned = {**data, "one": data["two"], "two": data["one"]}
    other = predict(tmp_path / "m", turned, text_columns=columns)
    one, two = (said.label_names.index(name) for name in ("one", "two"))
    assert other.pred_probs[:, one] == pytest.approx(said.pred_probs[:, two], abs=1e-6)


def test_chances_of_all_orders_make_one_and_the_loss_is_that_of_the_given() -> None:
    logits = torch.tensor([[0.3, -1.0, 2.0, 0.0]])
    head = listwise_head("abcd", compares=False)
    probs = head.probabilities(logits).numpy()
    ranks = np.array([*permutations((1, 2, 3, 4))])
    chances = order_likelihood(np.repeat(probs, len(ranks), axis=0), ranks)
    assert chances.sum() == pytest.approx(1, abs=1e-6)
    for row, chance in zip(ranks[:5], chances[:5], strict=True):
        assert float(head.loss(logits, torch.tensor(row[None]), None, 0.0)) == pytest.approx(-np.log(chance), abs=1e-5)
    level = np.array([[2, 1, 1, 3]])  # chosen in two orders, which the loss leaves out
    twice = order_likelihood(probs, level) / 2
    assert float(head.loss(logits, torch.tensor(level), None, 0.0)) == pytest.approx(-np.log(twice[0]), abs=1e-5)
    by_pairs = chances[ranks[:, 0] < ranks[:, 1]].sum()  # what is said of two does not depend on the others
    assert by_pairs == pytest.approx(probs[0, 0] / (probs[0, 0] + probs[0, 1]), abs=1e-6)
    assert ranks_by(probs, 0.5).tolist() == [[2, 4, 1, 3]]


def test_options_that_share_a_rank_are_pulled_together() -> None:
    head, level = listwise_head("ab", compares=False), torch.tensor([[1, 1]])
    losses = [float(head.loss(torch.tensor([[apart, 0.0]]), level, None, 0.0)) for apart in (-1.0, 0.0, 1.0)]
    assert losses[1] < losses[0] == pytest.approx(losses[2])


@pytest.mark.parametrize(
    ("settings", "change", "message"),
    [
        ({"scale": "ordinal"}, {}, "scale: expected 'nominal' where options are put in order, got 'ordinal'"),
        ({"class_weights": "balanced"}, {}, "class_weights: expected None where options are put in order"),
        ({"compares": True}, {}, "text_columns: expected those of the options delivery, money, thanks, "),
        ({}, {"order": [order("money", "thanks")] * 24}, "order: record 0: expected all options in order, 'delivery'"),
        ({}, {"order": [order("money", "money")] * 24}, "order: record 0: expected each of the options .* once"),
    ],
)
def test_what_is_no_order_is_one_line(tmp_path: Path, settings: Any, change: Any, message: str) -> None:
    data = rows(SAID)
    config = FitConfig(method="head", **settings)
    with pytest.raises(ValueError, match=message):
        fit(data, {**data, **change}, text_columns=["text"], label_column="order", config=config, output_dir=tmp_path)


def test_options_in_another_order_are_other_names(tmp_path: Path) -> None:
    data = rows(SAID)
    parts = [
        Dataset.from_dict(
            data,
            features=Features(
                text=Value("string"), order=List({"value": ClassLabel(names=names), "rank": Value("int64")})
            ),
        )
        for names in (list(OPTIONS), list(OPTIONS[::-1]))
    ]
    with pytest.raises(ValueError, match="order: train and validation have different class names"):
        fit(*parts, text_columns=["text"], label_column="order", config=HEAD, output_dir=tmp_path)
