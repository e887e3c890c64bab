"""A model held against one reader at a time, as readers are held against each other."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import beside_readers

ANSWERS = st.lists(st.lists(st.sampled_from("abc"), max_size=5), min_size=1, max_size=12)


@given(ANSWERS, st.randoms(use_true_random=False))
def test_shares_are_those_counted_one_by_one(answers, random):
    predicted = [random.choice("abc") for _ in answers]
    found = beside_readers(answers, predicted, resamples=2)
    several = [(said, one) for said, one in zip(answers, predicted, strict=True) if len(said) > 1]
    assert found.records == len(several)
    if not several:
        assert (found.model.value, found.model.reason) == (None, "no record was answered by two readers")
        return
    model = np.mean([np.mean([one == each for each in said]) for said, one in several])
    readers = np.mean([np.mean([a == b for a, b in permutations(said, 2)]) for said, _ in several])
    assert found.model.value == pytest.approx(model)
    assert found.readers.value == pytest.approx(readers)
    assert found.difference.value == pytest.approx(model - readers)


def test_a_model_that_answers_as_one_more_reader_is_told_from_none_in_as_many_draws_as_the_interval_says():
    """Readers err in a fifth of the records, and so does the model: the interval holds zero in about 95 of 100."""
    held = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        said = np.where(rng.random((200, 3)) < 0.2, rng.integers(1, 4, (200, 3)), 0)
        found = beside_readers(said[:, :2].tolist(), said[:, 2].tolist(), seed=seed, resamples=300)
        held += found.difference.low <= 0 <= found.difference.high
    assert held >= 88


def test_a_model_that_is_surer_than_any_reader_agrees_with_them_more_often_than_they_with_each_other():
    rng = np.random.default_rng(0)
    said = np.where(rng.random((300, 2)) < 0.3, rng.integers(1, 4, (300, 2)), 0)
    found = beside_readers(said.tolist(), [0] * 300)
    assert found.difference.low > 0
    assert found.model.value < 0.8  # nobody agrees with readers who err more often than they are right


def test_other_lengths_are_refused():
    with pytest.raises(ValueError, match=r"predicted: expected one per record \(2\), got 1"):
        beside_readers([["a", "b"], ["a", "a"]], ["a"])
