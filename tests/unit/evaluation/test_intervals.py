"""One bootstrap under every number: resamples of sums, of rows, of groups, and of records that are alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from curation.review import agreement
from evaluation.intervals import Interval, percentile_interval, resampled_sums, resampled_values, wilson_interval

UNKNOWN = float("nan")


def test_the_wilson_interval_is_the_one_worked_out_by_hand() -> None:
    found = wilson_interval(8, 10)
    assert found.value == 0.8
    assert (found.low, found.high) == pytest.approx((0.490162, 0.943318), abs=1e-6)


@given(n=st.integers(1, 500), share=st.floats(0, 1), confidence=st.floats(0.5, 0.999))
def test_the_wilson_interval_is_that_of_scipy(n: int, share: float, confidence: float) -> None:
    from scipy.stats import binomtest

    hits = round(share * n)
    expected = binomtest(hits, n).proportion_ci(confidence, method="wilson")
    found = wilson_interval(hits, n, confidence)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_answers_that_hang_together_count_as_fewer() -> None:
    assert wilson_interval(16, 20, independent=10) == wilson_interval(8, 10)


@given(
    values=st.lists(st.integers(-9, 9), min_size=1, max_size=12),
    seed=st.integers(0, 99),
    groups=st.sampled_from([None, 2, 3]),
)
def test_a_sum_of_rows_is_the_sum_of_the_same_resample(values: list[int], seed: int, groups: int | None) -> None:
    column = np.array(values, dtype=float)
    of = None if groups is None else [i % groups for i in range(len(values))]
    options = {"seed": seed, "resamples": 9, "groups": of}
    sums = resampled_sums(column[:, None], **options)
    again = resampled_values(lambda rows: float(column[rows].sum()), len(values), **options)
    assert sums[:, 0].tolist() == again.tolist()
    assert resampled_sums(sparse.csr_matrix(column[:, None]), **options).tolist() == sums.tolist()


def test_whole_groups_are_drawn() -> None:
    pairs = ["ann", "ben", "ann", "ben", "cem", "cem"]
    drawn: list[list[int]] = []
    resampled_values(lambda rows: drawn.append(sorted(rows.tolist())) or 0.0, 6, seed=0, resamples=50, groups=pairs)
    for rows in drawn:
        counts = np.bincount(rows, minlength=6)
        assert counts.sum() == 6
        assert (counts[[0, 1, 4]] == counts[[2, 3, 5]]).all()


@given(times=st.lists(st.integers(1, 50), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_every_resample_holds_as_many_records_as_there_are(times: list[int], seed: int) -> None:
    ones = np.ones((len(times), 1))
    sums = resampled_sums(ones, seed=seed, resamples=5, times=np.array(times))
    assert sums[:, 0].tolist() == [sum(times)] * 5


def test_what_is_made_of_sums_batch_by_batch_is_made_of_the_same_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, times = np.arange(12.0).reshape(4, 3), np.array([5, 1, 2, 9])
    sums = resampled_sums(rows, seed=3, resamples=50, times=times)
    monkeypatch.setattr("evaluation.intervals._CELLS_AT_ONCE", 28)
    ratio = resampled_sums(rows, seed=3, resamples=50, times=times, of=lambda part: part[:, :1] / part[:, 1:2])
    assert ratio[:, 0].tolist() == (sums[:, 0] / sums[:, 1]).tolist()


def test_records_that_are_alike_move_as_much_together_as_one_by_one() -> None:
    kinds, times = np.array([[0.0], [1.0], [5.0]]), np.array([60, 30, 10])
    together = resampled_sums(kinds, seed=1, resamples=4000, times=times)
    single = resampled_sums(np.repeat(kinds, times, axis=0), seed=2, resamples=4000)
    assert together.mean() == pytest.approx(single.mean(), rel=0.02)
    assert together.std() == pytest.approx(single.std(), rel=0.05)


def test_agreement_is_in_its_interval_as_often_as_promised() -> None:
    # Two reviewers who toss a coin with the record's label on it three times in four: observed agreement .625.
    rng, inside = np.random.default_rng(0), 0
    for _ in range(200):
        said = np.where(rng.random((2, 150)) < 0.75, 0, 1)
        votes = [(f"m{i}", f"r{r}", "ab"[said[r, i]]) for r in (0, 1) for i in range(150)]
        observed = agreement(votes, resamples=200).observed
        assert observed.low is not None
        inside += observed.low <= 0.75**2 + 0.25**2 <= observed.high
    assert 0.90 <= inside / 200 <= 0.99


def test_what_is_undefined_says_why_and_has_no_interval() -> None:
    nothing = percentile_interval(UNKNOWN, np.zeros(9), undefined="there is one label")
    assert nothing == Interval(value=None, reason="there is one label")
    rare = percentile_interval(0.5, np.array([UNKNOWN, UNKNOWN, 0.5]), undefined="there is one label")
    assert rare == Interval(value=0.5, reason="no interval: in most resamples, there is one label")
    assert np.isnan(rare.numbers).tolist() == [False, True, True]
    assert percentile_interval(0.5, np.array([UNKNOWN, 0.5, 0.5])).low == 0.5
