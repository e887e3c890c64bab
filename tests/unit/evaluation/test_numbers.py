"""How near numbers are to the right ones, beside scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from evaluation import evaluate_numbers
from evaluation.number_evaluation import spearman


@pytest.mark.parametrize("seed", range(5))
def test_measures_are_those_of_scipy_and_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    right = rng.integers(1, 6, size=40) * 1e3 + 1e6  # far from zero, and many are level
    said = right + rng.normal(0, 2e3, size=40).round(-3)
    found = evaluate_numbers(right, said, resamples=10)
    assert found.mean_absolute_error.value == pytest.approx(mean_absolute_error(right, said))
    assert found.root_mean_squared_error.value == pytest.approx(root_mean_squared_error(right, said))
    assert found.r_squared.value == pytest.approx(r2_score(right, said))
    assert found.spearman.value == pytest.approx(spearmanr(right, said).statistic)
    assert found.records == 40


def test_intervals_hold_the_numbers_and_are_those_of_resamples() -> None:
    rng = np.random.default_rng(0)
    right = rng.normal(size=200)
    found = evaluate_numbers(right, right + rng.normal(size=200), resamples=500)
    for row in found.to_pandas().itertuples():
        assert row.low < row.value < row.high
    assert 0.1 < (found.spearman.high or 0) - (found.spearman.low or 0) < 0.3


def test_numbers_that_are_all_alike_have_no_order() -> None:
    assert np.isnan(spearman(np.ones(3), np.arange(3.0)))
    found = evaluate_numbers([2.0, 2.0, 2.0], [1.0, 2.0, 3.0])
    assert found.spearman.value is None
    assert found.r_squared.value is None
    assert found.r_squared.reason == "all numbers are the same"
    assert found.mean_absolute_error.value == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("right", "said", "error"),
    [
        ([1.0, None], [1.0, 2.0], "right: expected a finite number for each record, got a missing value at record 1"),
        ([1.0, 2.0], [1.0, float("inf")], "said: expected a finite number for each record, got inf at record 1"),
        ([1.0, 2.0], [1.0], "said: expected one number for each of the 2 right ones, found 1"),
        ([], [], "right: expected at least one number, found none"),
        (["a"], [1.0], "right: expected numbers, got 'a' at record 0"),
    ],
)
def test_what_cannot_be_compared_is_refused(right: list[float], said: list[float], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        evaluate_numbers(right, said)
