from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.batching import padding_waste, shuffled_length_batches, token_budget_batches

lengths_of_texts = st.lists(st.integers(1, 300), max_size=80)


def test_long_texts_come_first_and_fill_the_budget() -> None:
    batches = [list(batch) for batch in token_budget_batches([3, 10, 4, 5, 1], budget=10)]
    assert batches == [[1], [3, 2], [0, 4]]


@given(lengths_of_texts, st.integers(1, 500))
def test_every_row_is_in_one_batch_and_no_batch_of_several_exceeds_the_budget(lengths: list[int], budget: int) -> None:
    batches = list(token_budget_batches(lengths, budget=budget))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(len(b) == 1 or len(b) * max(lengths[row] for row in b) <= budget for b in batches)


def test_a_budget_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="budget: expected at least 1 token, got 0"):
        list(token_budget_batches([1], budget=0))


def test_padding_waste_is_the_share_of_padding() -> None:
    # 4 + 2 padded to 4 + 4: two of eight tokens; 3 alone: none of three.
    assert padding_waste([4, 2, 3], [np.array([0, 1]), np.array([2])]) == pytest.approx(2 / 11)


def test_no_batches_waste_nothing() -> None:
    assert padding_waste([], []) == 0.0


@given(lengths_of_texts, st.integers(1, 9), st.integers(0, 99))
def test_an_epoch_holds_every_row_once_in_groups_of_like_length(lengths: list[int], batch_size: int, seed: int) -> None:
    batches = shuffled_length_batches(lengths, batch_size=batch_size, seed=(seed, 1))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    ranges = sorted((min(lengths[r] for r in b), max(lengths[r] for r in b)) for b in batches)
    assert all(before[1] <= after[0] for before, after in pairwise(ranges))


def test_epochs_differ_and_can_be_repeated() -> None:
    lengths = [5] * 40
    first, again, second = (
        [batch.tolist() for batch in shuffled_length_batches(lengths, batch_size=4, seed=(7, epoch))]
        for epoch in (1, 1, 2)
    )
    assert first == again
    assert first != second
