"""Intervals of two shares against published examples, and against what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import fisher_exact

from curation.bias.two_shares import corrected, exact_p, share_ratio
from evaluation.intervals import share_difference


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [  # Newcombe 1998, table II, method 10
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_differences_are_those_that_newcombe_published(counts: tuple[int, ...], low: float, high: float) -> None:
    found = share_difference(*counts)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_a_ratio_is_the_one_that_koopman_published() -> None:
    found = share_ratio(36, 40, 16, 80)  # Koopman 1984, the first example
    assert found.numbers == pytest.approx((4.5, 2.94, 7.15), abs=0.01)


def test_a_ratio_of_nothing_and_one_to_nothing_have_one_end_each() -> None:
    missing, only = share_ratio(0, 50, 20, 50), share_ratio(20, 50, 0, 50)
    assert (missing.value, missing.low) == (0, 0)
    assert (only.value, only.high) == (np.inf, np.inf)
    assert missing.high == pytest.approx(1 / only.low)


@pytest.mark.parametrize(("p", "q"), [(0.3, 0.3), (0.05, 0.2), (0.02, 0.02)])
def test_both_intervals_hold_the_truth_as_often_as_they_say(p: float, q: float) -> None:
    rng = np.random.default_rng(0)
    draws = [
        (int(a), 60, int(b), 120) for a, b in zip(rng.binomial(60, p, 400), rng.binomial(120, q, 400), strict=True)
    ]
    differences = [share_difference(*draw).numbers for draw in draws]
    ratios = [share_ratio(*draw).numbers for draw in draws if draw[0] or draw[2]]
    assert np.mean([low <= p - q <= high for _, low, high in differences]) > 0.93
    assert np.mean([low <= p / q <= high for _, low, high in ratios]) > 0.93


def test_the_exact_test_is_never_surer_than_fishers() -> None:
    for hits, n, others, m in [(3, 10, 1, 12), (0, 5, 7, 9), (6, 6, 2, 8), (4, 8, 4, 8)]:
        fishers = fisher_exact([[hits, n - hits], [others, m - others]]).pvalue
        found = float(exact_p(hits, n, hits + others, n + m))
        assert fishers - 1e-12 <= found <= min(1.0, 2 * fishers + 1e-12)


def test_corrected_values_are_benjamini_hochbergs_and_keep_their_shape() -> None:
    p = np.array([[0.01, 0.04], [0.03, 0.5]])
    assert corrected(p) == pytest.approx(np.array([[0.04, 0.16 / 3], [0.16 / 3, 0.5]]))
    assert corrected([]).shape == (0,)
