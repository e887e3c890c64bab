"""For whom one of two models is better, corrected for many, and how many records it takes to see it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from evaluation.paired_slices import compare_slices, records_needed


def drawn(seed: int, n: int, gained: float, lost: float) -> tuple[np.ndarray, np.ndarray]:
    """Two models that are both right about most of n records, and differ on some."""
    which = np.random.default_rng(seed).choice(3, n, p=[gained, lost, 1 - gained - lost])
    return which != 0, which != 1


def test_a_slice_that_got_worse_is_flagged_though_the_whole_got_better() -> None:
    before, after = drawn(0, 600, 0.2, 0.02)
    slow = np.arange(600) % 10 == 0
    before[slow], after[slow] = True, np.arange(60) % 2 == 0
    found = compare_slices(before, after, by={"device": np.where(slow, "slow", "fast"), "all": ["x"] * 600})
    assert (found[0].value, found[0].flagged) == ("slow", True)
    assert found[0].reason == "worse where device is slow: 0 put right, 30 broken, of 60"
    assert found[0].difference.value == pytest.approx(-0.5)
    assert found[-1].difference.value > 0.1


def test_alike_models_are_hardly_ever_flagged() -> None:
    alarms = 0
    for seed in range(200):
        before, after = drawn(seed, 300, 0.1, 0.1)
        groups = np.random.default_rng(seed).integers(0, 12, 300)
        alarms += any(each.flagged for each in compare_slices(before, after, by={"group": groups.tolist()}))
    assert alarms <= 16  # 5% of 200, and twice the standard error


@pytest.mark.parametrize(("disagreement", "difference"), [(0.1, 0.04), (0.3, 0.1), (0.5, 0.15)])
def test_as_many_records_as_are_needed_show_the_difference_as_often_as_is_said(
    disagreement: float, difference: float
) -> None:
    n = records_needed(disagreement, difference)
    up, down = (disagreement + difference) / 2, (disagreement - difference) / 2
    counts = np.random.default_rng(0).multinomial(n, [up, down, 1 - up - down], 600)
    seen = [binomtest(int(gained), int(gained + lost)).pvalue < 0.05 for gained, lost, _ in counts]
    assert 0.72 < np.mean(seen) < 0.86


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"disagreement": 0.0, "difference": 0.1}, "disagreement: expected above 0"),
        ({"disagreement": 0.1, "difference": 0.2}, "difference: expected above 0, at most 0.1"),
        ({"disagreement": 0.1, "difference": 0.05, "power": 1.0}, "power"),
        ({"disagreement": 0.1, "difference": 0.05, "confidence": 95}, "confidence"),
    ],
)
def test_numbers_out_of_range_are_named(given: dict[str, float], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        records_needed(**given)


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="is_right_after"):
        compare_slices([True], [True, False], by={})
    with pytest.raises(ValueError, match="by"):
        compare_slices([True], [True], by={"city": ["Oslo", "Rome"]})
    assert compare_slices([True], [True], by={}) == []
