"""Where all records are right, no resample is otherwise: the interval has a width all the same."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation import evaluate
from evaluation.intervals import wilson_interval

NAMES = ["billing", "shipping"]


def of(labels: list[int], said: list[int], groups: list[int] | None = None):  # type: ignore[no-untyped-def]
    return evaluate(labels, np.eye(2)[said], label_names=NAMES, resamples=200, groups=groups)


def test_thirty_of_thirty_are_not_known_to_be_all_there_will_be() -> None:
    labels = [0] * 20 + [1] * 10
    found = of(labels, labels)
    assert (found.accuracy.low, found.accuracy.high) == (wilson_interval(30, 30).low, 1.0)
    of_label = {each.label: each for each in found.per_label}
    assert of_label["billing"].recall.low == wilson_interval(20, 20).low
    assert of_label["shipping"].precision.low == wilson_interval(10, 10).low


def test_a_label_that_was_never_said_may_still_be() -> None:
    found = of([0] * 8 + [1] * 4, [0] * 12)
    missed = found.per_label[1]
    assert (missed.recall.value, missed.recall.low, missed.recall.high) == (0.0, 0.0, wilson_interval(0, 4).high)


def test_copies_of_one_record_say_it_once() -> None:
    labels = [0] * 20 + [1] * 20
    found = of(labels, labels, groups=[0, 1] * 20)
    assert found.accuracy.low == wilson_interval(2, 2).low


@pytest.mark.parametrize("wrong", [1, 5])
def test_others_are_left_to_the_bootstrap(wrong: int) -> None:
    found = of([0] * 20 + [1] * 20, [1] * wrong + [0] * (20 - wrong) + [1] * 20)
    assert found.accuracy.low is not None
    assert found.accuracy.low < 1 - wrong / 40 < found.accuracy.high
    assert found.accuracy.low != wilson_interval(40 - wrong, 40).low
