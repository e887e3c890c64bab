"""Two models on the same records."""

from __future__ import annotations

import json

import numpy as np
import pytest
from three_queues import QUEUES, random_case, sure_of

from evaluation import compare


def test_three_wins_and_one_loss_worked_out_by_hand() -> None:
    labels = [0, 0, 0, 1, 1, 1]
    before, after = [1, 1, 1, 1, 1, 1], [0, 0, 0, 2, 1, 1]
    found = compare(labels, sure_of(before), sure_of(after), label_names=QUEUES)
    assert (found.wins, found.losses) == (3, 1)
    assert found.accuracy.value == pytest.approx(2 / 6)
    assert found.mcnemar_p == pytest.approx(2 * (1 + 4) / 16)  # two tails of four coin tosses
    assert "3 records put right, 1 broken, of 6" in found.verdict


def test_the_same_model_twice_makes_no_difference() -> None:
    labels, probs = random_case(seed=0, n=80, k=3)
    found = compare(labels, probs, probs, label_names=QUEUES)
    assert (found.wins, found.losses, found.mcnemar_p) == (0, 0, 1)
    assert (found.accuracy.low, found.accuracy.high) == (0, 0)
    assert found.verdict.startswith("no difference shown")


def test_a_clearly_better_model_is_called_better_and_turned_round_worse() -> None:
    labels = np.arange(300) % 3
    good, poor = labels.copy(), labels.copy()
    good[:15], poor[:60] = (good[:15] + 1) % 3, (poor[:60] + 1) % 3
    up = compare(labels, sure_of(poor.tolist()), sure_of(good.tolist()), label_names=QUEUES)
    down = compare(labels, sure_of(good.tolist()), sure_of(poor.tolist()), label_names=QUEUES)
    assert up.verdict.startswith("better: accuracy +15.0 points")
    assert down.verdict.startswith("worse: accuracy -15.0 points")
    assert up.accuracy.low == pytest.approx(-down.accuracy.high)
    assert up.mcnemar_p == down.mcnemar_p < 1e-9


def test_pairing_makes_the_interval_narrower_than_two_separate_ones() -> None:
    labels, probs = random_case(seed=5, n=400, k=3)
    nudged = probs + 0.02 * np.eye(3)[labels]
    found = compare(labels, probs, nudged / nudged.sum(axis=1, keepdims=True), label_names=QUEUES)
    separate = 2 * 1.96 * np.sqrt(2 * 0.7 * 0.3 / 400)
    assert 0 < found.accuracy.high - found.accuracy.low < separate / 2


def test_accuracy_and_macro_f1_that_disagree_are_called_mixed() -> None:
    labels = [0] * 950 + [1] * 50
    before = [0] * 950 + [0] * 50
    after = [1] * 60 + [0] * 890 + [1] * 40 + [0] * 10
    found = compare(labels, sure_of(before, k=2), sure_of(after, k=2), label_names=QUEUES[:2])
    assert found.accuracy.high < 0 < found.macro_f1.low
    assert found.verdict.startswith("mixed")


def test_the_message_names_the_array_that_is_wrong_and_the_result_goes_through_json() -> None:
    labels, probs = random_case(seed=1, n=10, k=3)
    with pytest.raises(ValueError, match="after_probs: expected shape"):
        compare(labels, probs, probs[:, :2], label_names=QUEUES)
    found = compare(labels, probs, probs, label_names=QUEUES, resamples=5)
    assert json.loads(json.dumps(found.to_dict()))["wins"] == 0
