"""What a release has to meet is shown by the whole interval, and the intervals are right for few records too."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.intervals import Interval, wilson_interval, with_width
from evaluation.requirements import paired_difference, require

SHARE = st.floats(0, 1)


@pytest.mark.parametrize(
    ("low", "high", "bound", "verdict"),
    [
        (0.81, 0.89, 0.8, "met"),
        (0.8, 0.89, 0.8, "met"),
        (0.7, 0.78, 0.8, "not met"),
        (0.7, 0.8, 0.8, "not shown"),
        (0.79, 0.89, 0.8, "not shown"),
    ],
)
def test_what_is_asked_is_met_by_the_whole_interval(low: float, high: float, bound: float, verdict: str) -> None:
    value = (low + high) / 2
    found = require("accuracy", Interval(value=value, low=low, high=high), records=100, at_least=bound)
    assert (found.verdict, found.is_met) == (verdict, verdict == "met")
    turned = Interval(value=-value, low=-high, high=-low)
    assert require("error", turned, records=100, at_most=-bound).verdict == verdict


def test_how_many_records_would_show_it_is_as_many_as_show_it() -> None:
    found = require("accuracy", wilson_interval(85, 100), records=100, at_least=0.8)
    assert found.verdict == "not shown"
    many = int(found.reason.split("about ")[1].split()[0])
    assert require("accuracy", wilson_interval(round(0.85 * many), many), records=many, at_least=0.8).is_met
    few = round(0.7 * many)
    assert not require("accuracy", wilson_interval(round(0.85 * few), few), records=few, at_least=0.8).is_met


def test_a_value_that_falls_short_is_not_helped_by_more_records() -> None:
    found = require("accuracy", Interval(value=0.79, low=0.7, high=0.86), records=60, at_least=0.8)
    assert "the value itself falls short" in found.reason


@pytest.mark.parametrize("found", [Interval(value=None, reason="nobody read it"), Interval(value=0.9)])
def test_what_is_not_known_is_not_met(found: Interval) -> None:
    held = require("recall", found, records=3, at_least=0.1)
    assert held.verdict == "not known"
    assert (found.reason or "no interval") in held.reason
    assert held.to_dict()["found"] == found.to_dict()


@pytest.mark.parametrize("bounds", [{}, {"at_least": 0.1, "at_most": 0.2}, {"at_least": math.nan}, {"at_most": True}])
def test_one_bound_that_is_a_number_is_expected(bounds: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"^recall: expected"):
        require("recall", Interval(value=0.5, low=0.4, high=0.6), records=3, **bounds)


@pytest.mark.parametrize("counts", [(2, -1, 5), (3, 3, 5), (6, 0, 5), (0, 0, 0), (0.5, 0, 5)])
def test_counts_of_a_difference_are_counts(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="expected"):
        paired_difference(*counts)


@given(gained=st.integers(0, 30), lost=st.integers(0, 30), rest=st.integers(1, 30))
def test_a_difference_lies_in_its_interval_and_turns_with_its_sides(gained: int, lost: int, rest: int) -> None:
    n = gained + lost + rest
    value, low, high = paired_difference(gained, lost, n).numbers
    assert -1 <= low <= value <= high <= 1
    assert low < high
    assert paired_difference(lost, gained, n).numbers == pytest.approx((-value, -high, -low))


@pytest.mark.parametrize(("n", "up", "down"), [(15, 0.3, 0.05), (40, 0.1, 0.1), (200, 0.2, 0.15), (30, 0.02, 0.02)])
def test_the_true_difference_lies_within_as_often_as_is_said(n: int, up: float, down: float) -> None:
    drawn = np.random.default_rng(0).multinomial(n, [up, down, 1 - up - down], 1500)
    ends = [paired_difference(int(gained), int(lost), n).numbers[1:] for gained, lost, _ in drawn]
    assert np.mean([low <= up - down <= high for low, high in ends]) > 0.935


@given(value=SHARE, n=st.integers(1, 500))
def test_an_interval_without_width_gets_one(value: float, n: int) -> None:
    _, low, high = with_width(Interval(value=value, low=value, high=value), records=n).numbers
    assert 0 <= low <= value <= high <= 1
    assert low < high
    kept = Interval(value=value, low=value - 0.1, high=value)
    assert with_width(kept, records=n) == kept
