"""Orders against orders, worked out by hand and by scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau

from evaluation import compare_orders, evaluate_orders
from evaluation.orders import ranks_of

DRINKS = ["milk", "rum", "tea"]
GIVEN = [["tea", "milk", "rum"], ["rum", "tea", "milk"], ["tea", ["milk", "rum"]]]
FOUND = [["tea", "milk", "rum"], ["tea", "rum", "milk"], ["rum", "milk", "tea"]]


def test_scores_by_hand() -> None:
    found = evaluate_orders(GIVEN, FOUND, label_names=DRINKS, resamples=200)
    assert found.accuracy.value == pytest.approx(1 / 3)
    assert found.metrics["pairs_right"].value == pytest.approx((3 + 2 + 0) / (3 + 3 + 2))
    assert found.metrics["top_1_accuracy"].value == pytest.approx(1 / 3)
    assert found.metrics["kendall_tau_b"].value == pytest.approx((1 + 1 / 3 - 2 / 6**0.5) / 3)
    assert found.confusion.tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 1]]  # of what is best
    assert found.metrics["pairs_right"].low <= found.metrics["pairs_right"].value <= found.metrics["pairs_right"].high


def test_tau_is_that_of_scipy_whatever_is_level() -> None:
    rng = np.random.default_rng(0)
    drawn = [rng.integers(1, 4, (2, 5)) for _ in range(60)]
    orders = [
        [[{"value": f"o{i}", "rank": int(rank)} for i, rank in enumerate(ranks)] for ranks in pair] for pair in drawn
    ]
    found = evaluate_orders(
        [pair[0] for pair in orders], [pair[1] for pair in orders], label_names=[f"o{i}" for i in range(5)], resamples=5
    )
    taus = [kendalltau(*pair).statistic for pair in drawn]
    assert found.metrics["kendall_tau_b"].value == pytest.approx(np.nanmean(taus))


def test_the_average_order_of_the_training_part_stands_beside() -> None:
    taught = [["tea", "rum", "milk"]] * 3 + [["milk", "rum", "tea"]] * 2
    found = evaluate_orders(GIVEN, FOUND, label_names=DRINKS, taught=taught, resamples=50).metrics
    alone = evaluate_orders(GIVEN, [["tea", "rum", "milk"]] * 3, label_names=DRINKS, resamples=50).metrics
    for name in ("kendall_tau_b", "pairs_right", "top_1_accuracy"):
        assert found[f"average_order_{name}"] == alone[name]


def test_orders_that_decide_nothing_define_nothing() -> None:
    level = [[["milk", "rum", "tea"]]] * 2
    found = evaluate_orders(level, level, label_names=DRINKS, resamples=20).metrics
    assert found["kendall_tau_b"].value is None
    assert found["pairs_right"].reason == "the given orders put no two options in an order"
    assert found["top_1_accuracy"].value == 1


def test_the_better_of_two_models_wins() -> None:
    found = compare_orders(GIVEN * 9, FOUND * 9, GIVEN * 9, label_names=DRINKS)
    assert (found.wins, found.losses) == (18, 0)
    assert found.verdict.startswith("better")


@pytest.mark.parametrize(
    ("orders", "message"),
    [
        ("abc", "labels: expected an order for each record, got str"),
        ([["tea", "milk"]], r"labels: record 0: expected all options in order, 'rum' is missing in \['tea', 'milk'\]"),
        ([["tea", "tea", "rum"]], r"labels: record 0: expected each of the options \['milk', 'rum', 'tea'\] once"),
        ([["tea", "milk", "gin"]], "once, got 'gin'"),
        ([[0, 1, True]], "once, got True"),
        ([None], "labels: record 0: expected options in order, got None"),
    ],
)
def test_what_is_no_order_is_one_line(orders: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate_orders(orders, orders, label_names=DRINKS)


def test_orders_are_read_by_name_or_position_from_any_column() -> None:
    wanted = [[2, 2, 1]]
    for orders in ([["tea", ["rum", "milk"]]], [[2, [0, 1]]], np.array([[2, [0, 1]]], dtype=object)):
        assert ranks_of(orders, DRINKS, "orders").tolist() == wanted
