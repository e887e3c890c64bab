"""Metrics of a classifier that sorts short messages into three queues."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss, precision_recall_fscore_support
from three_queues import QUEUES, random_case, sure_of

from evaluation import evaluate


def test_six_messages_worked_out_by_hand() -> None:
    labels, predicted = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 2]
    found = evaluate(labels, sure_of(predicted), label_names=QUEUES)

    assert found.accuracy.value == pytest.approx(4 / 6)
    billing, delivery, praise = found.per_label
    assert (billing.precision.value, billing.recall.value) == pytest.approx((2 / 3, 2 / 3))
    assert (delivery.precision.value, delivery.recall.value) == pytest.approx((1 / 2, 1 / 2))
    assert praise.f1.value == 1
    assert found.macro_f1.value == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert [scores.support for scores in found.per_label] == [3, 2, 1]
    assert found.confusion.tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert found.log_loss.value == pytest.approx(-(4 * np.log(0.8) + 2 * np.log(0.1)) / 6)
    assert found.expected_calibration_error.value == pytest.approx(abs(0.8 - 4 / 6))


def test_the_numbers_are_those_of_scikit_learn() -> None:
    labels, probs = random_case(seed=3, n=400, k=5)
    found = evaluate(labels, probs, label_names="abcde", resamples=10)

    expected = precision_recall_fscore_support(labels, probs.argmax(axis=1), average="macro", zero_division=0)
    macro = (found.macro_precision.value, found.macro_recall.value, found.macro_f1.value)
    assert macro == pytest.approx(expected[:3])
    assert found.log_loss.value == pytest.approx(log_loss(labels, probs))


def test_a_label_nobody_used_is_left_out_of_the_macro_mean_and_has_no_score() -> None:
    found = evaluate([0, 0, 1, 1], sure_of([0, 0, 1, 1]), label_names=QUEUES)
    assert found.macro_f1.value == 1
    assert found.per_label[2].f1.value is None
    assert "neither among the labels nor among the predictions" in str(found.per_label[2].f1.reason)
    assert found.to_dict()["per_label"][2]["f1"] == {"value": None, "low": None, "high": None}


def test_a_label_that_was_only_predicted_counts_as_zero() -> None:
    found = evaluate([0, 0, 1, 1], sure_of([0, 0, 1, 2]), label_names=QUEUES)
    assert found.per_label[2].f1.value == 0
    assert found.macro_f1.value == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_the_accuracy_interval_is_near_the_normal_one_for_many_records() -> None:
    labels, probs = random_case(seed=0, n=2000, k=3)
    accuracy = evaluate(labels, probs, label_names=QUEUES, resamples=2000).accuracy
    half_width = 1.96 * np.sqrt(accuracy.value * (1 - accuracy.value) / 2000)
    assert accuracy.high - accuracy.low == pytest.approx(2 * half_width, rel=0.1)


def test_records_of_one_group_carry_less_evidence_so_intervals_widen() -> None:
    labels, probs = random_case(seed=1, n=60, k=3)
    copied, copies = np.tile(labels, 10), np.tile(probs, (10, 1))
    single = evaluate(copied, copies, label_names=QUEUES).accuracy
    grouped = evaluate(copied, copies, label_names=QUEUES, groups=list(range(60)) * 10).accuracy
    assert grouped.value == single.value
    assert grouped.high - grouped.low > 2 * (single.high - single.low)


def test_macro_f1_of_many_small_labels_covers_the_true_value() -> None:
    names = [f"intent {i}" for i in range(40)]
    truth = evaluate(*random_case(seed=99, n=40_000, k=40), label_names=names, resamples=1).macro_f1.value
    covered = 0
    for seed in range(20):
        found = evaluate(*random_case(seed=seed, n=400, k=40), label_names=names, resamples=200).macro_f1
        covered += found.low <= truth <= found.high
    assert covered >= 16


def test_the_result_goes_through_json() -> None:
    found = evaluate(*random_case(seed=2, n=30, k=3), label_names=QUEUES, resamples=20)
    read = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert read["n"] == 30
    assert read["accuracy"]["value"] == found.accuracy.value
    assert np.array(read["confusion"]).sum() == 30


@given(seed=st.integers(0, 10_000), n=st.integers(1, 40), k=st.integers(2, 6))
@settings(max_examples=60, deadline=None)
def test_the_order_of_records_does_not_change_a_value_and_values_lie_in_range(seed: int, n: int, k: int) -> None:
    labels, probs = random_case(seed, n, k)
    names = [f"label {i}" for i in range(k)]
    found = evaluate(labels, probs, label_names=names, resamples=30)
    turned = evaluate(labels[::-1], probs[::-1], label_names=names, resamples=30)
    for name in ("accuracy", "macro_precision", "macro_recall", "macro_f1", "expected_calibration_error"):
        interval = getattr(found, name)
        assert 0 <= interval.low <= interval.high <= 1 + 1e-9
        assert interval.value == pytest.approx(getattr(turned, name).value)
    assert found.macro_f1.low <= found.macro_f1.value <= found.macro_f1.high
    assert found.confusion.sum() == n
    assert sum(scores.support for scores in found.per_label) == n


def test_same_seed_same_intervals_and_another_seed_others() -> None:
    labels, probs = random_case(seed=4, n=50, k=3)
    first, second, third = (evaluate(labels, probs, label_names=QUEUES, seed=seed).to_dict() for seed in (7, 7, 8))
    assert first == second
    assert first["log_loss"] != third["log_loss"]


@pytest.mark.parametrize(
    ("labels", "probs", "message"),
    [
        ([], np.empty((0, 3)), r"labels: expected shape \(n,\)"),
        ([0, 3], sure_of([0, 1]), "labels: expected 0 to 2, got 3 in row 1"),
        ([0, -1], sure_of([0, 1]), "labels: expected 0 to 2, got -1 in row 1"),
        (["billing", "praise"], sure_of([0, 1]), "labels: expected integer positions"),
        ([0, 1], sure_of([0, 1], k=2), r"expected shape \(2, 3\) \(records, labels\), got \(2, 2\)"),
        ([0, 1], np.full((2, 3), np.nan), "row 0 holds NaN"),
        ([0, 1], [[1, 0, 0], [0.5, 0.2, 0.2]], r"rows that sum to one, row 1 sums to 0\.9"),
        ([0, 1], [[1, 0, 0], [1.5, -0.5, 0]], r"probabilities in \[0, 1\], row 1"),
    ],
)
def test_bad_input_gets_one_clear_line(labels: list[int], probs: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(labels, probs, label_names=QUEUES)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"confidence": 95}, "confidence: expected a fraction"),
        ({"resamples": 0}, "resamples: expected at least 1"),
        ({"groups": ["a"]}, r"groups: expected one per record \(2\), got 1"),
        ({"label_names": ("billing", "billing", "praise")}, "no two alike"),
    ],
)
def test_bad_options_get_one_clear_line(option: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate([0, 1], sure_of([0, 1]), **{"label_names": QUEUES, **option})
