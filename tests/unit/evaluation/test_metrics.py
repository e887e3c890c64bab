"""Somebody's own number stands beside ours, with its interval, from a function or from a distribution."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score
from three_queues import QUEUES, random_case, sure_of

from evaluation import evaluate
from evaluation.plugins import PluginError

GROUP = "twofold.metrics"
LABELS, PROBS = random_case(seed=5, n=120, k=3)
# A complaint about money that goes to the wrong queue costs five, any other mistake one.
MONEY_LOST = """
    def money_lost(labels, predicted, label_names):
        return sum(5 if label_names[is_] == "billing" else 1 for is_, said in zip(labels, predicted) if is_ != said)
"""


def found(metrics: Any = None, **options: Any) -> Any:
    return evaluate(LABELS, PROBS, label_names=QUEUES, metrics=metrics, **{"resamples": 50, **options})


def test_a_function_of_scikit_learn_has_the_interval_of_the_same_resamples() -> None:
    ours = found({"share right": accuracy_score}, groups=iter([i % 40 for i in range(120)]))
    assert ours.metrics["share right"].to_dict() == pytest.approx(ours.accuracy.to_dict())


def test_a_function_that_asks_for_probabilities_and_names_is_given_them() -> None:
    def doubt(labels: Any, predicted: Any, pred_probs: Any, label_names: Any) -> Any:
        assert len(labels) == len(predicted) == len(pred_probs) == 120
        assert label_names == tuple(QUEUES)
        return np.float32(1 - pred_probs.max(axis=1).mean())

    assert found({"doubt": doubt}).metrics["doubt"].value == pytest.approx(1 - PROBS.max(axis=1).mean())


def test_it_is_printed_and_goes_through_json() -> None:
    right = found({"share right": accuracy_score})
    assert "share right" in repr(right)
    assert json.loads(json.dumps(right.to_dict()))["metrics"]["share right"] == right.accuracy.to_dict()
    assert found().to_dict()["metrics"] == {}


def test_a_metric_of_an_installed_distribution_is_there_without_being_asked_for(install: Any) -> None:
    install("shop", MONEY_LOST, GROUP, money_lost="shop:money_lost")
    lost = evaluate([0, 0, 0, 1], sure_of([1, 0, 2, 2]), label_names=QUEUES, resamples=200).metrics["money_lost"]
    assert lost.value == 5 + 5 + 1
    assert 0 <= lost.low < lost.value < lost.high <= 20
    assert evaluate(LABELS, PROBS, label_names=QUEUES, resamples=9).metrics.keys() == {"money_lost"}
    assert list(found({"share right": accuracy_score}).metrics) == ["money_lost", "share right"]


def test_a_resample_that_does_not_define_it_is_left_out() -> None:
    def found_of_billing(labels: Any, predicted: Any) -> float:
        return int(((labels == 0) & (predicted == 0)).sum()) / int((labels == 0).sum())  # nothing of nothing: an error

    often = evaluate([0, 0, 1], sure_of([0, 1, 1]), label_names=QUEUES, metrics={"found": found_of_billing})
    assert (often.metrics["found"].low, often.metrics["found"].high) == (0, 1)


def test_there_is_no_interval_where_most_resamples_do_not_define_it() -> None:
    def of_one_complaint(labels: Any, predicted: Any) -> float:
        return 1.0 if (labels == 0).sum() == 1 else float("nan")  # one of nine is drawn once in 39% of resamples

    labels = [0, *[1] * 8]
    rare = evaluate(labels, sure_of(labels), label_names=QUEUES, metrics={"found": of_one_complaint}).metrics["found"]
    assert (rare.value, rare.low, rare.high) == (1, None, None)
    assert rare.reason == "no interval: in most resamples, found is no finite number"


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ([accuracy_score], "metrics: expected functions by their names, got list"),
        ({"cost": 3.0}, "metrics: expected a function for 'cost', got float"),
        ({"macro_f1": accuracy_score}, "metrics: expected another name than 'macro_f1', which is one of ours"),
        ({"n": accuracy_score}, "metrics: expected another name than 'n', which is one of ours"),
        ({"cost": lambda labels, predicted: None}, "metrics: 'cost': expected a number, got NoneType"),
        ({"cost": lambda labels, predicted: labels}, "metrics: 'cost': expected a number, got ndarray"),
        ({"cost": lambda labels, predicted: np.nan}, "metrics: 'cost': expected a finite number, got nan"),
        ({"cost": lambda labels, predicted: -np.inf}, "metrics: 'cost': expected a finite number, got -inf"),
        (
            {"cost": lambda labels, predicted: 1 / 0},
            "metrics: 'cost' cannot be computed: ZeroDivisionError",
        ),
        ({"cost": lambda labels: 1}, "metrics: 'cost' cannot be computed: TypeError: .* 2 were given"),
    ],
)
def test_what_is_no_metric_gets_one_clear_line(metrics: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        found(metrics)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("code", "name", "given", "message"),
    [
        ("import numpie", "cost", None, r"twofold.metrics: 'cost' of shop \(shop:cost\) cannot be loaded: ModuleNot"),
        ("cost = len", "accuracy", None, r"expected another name than 'accuracy', which is one of ours"),
        ("cost = max", "cost", {"cost": min}, "expected another name than 'cost', which an installed metric has"),
    ],
)
def test_what_is_no_metric_of_a_distribution_too(install: Any, code: str, name: str, given: Any, message: str) -> None:
    install("shop", code, GROUP, **{name: "shop:cost"})
    with pytest.raises(PluginError, match=message):
        found(given)
