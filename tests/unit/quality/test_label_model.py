"""The parts that `label_quality` is made of, each against what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.quality.cleanlab_baseline import cleanlab_score
from curation.quality.folds import split, stratified_folds
from curation.quality.nearest import NearestNeighbours
from curation.quality.neighbour_vote import vote_log_odds
from curation.quality.noise_channel import given_for_true, posterior
from curation.quality.opinion_pool import linear_pool, logarithmic_pool


@settings(max_examples=30, deadline=None)
@given(codes=st.lists(st.integers(0, 4), min_size=10, max_size=60), seed=st.integers(0, 99))
def test_every_record_is_held_out_once_and_labels_are_dealt_out_evenly(codes: list[int], seed: int) -> None:
    labels = np.array(codes)
    fold = stratified_folds(labels, folds=5, seed=seed)
    assert sum(held_out.astype(int) for _, held_out in split(fold)).tolist() == [1] * len(codes)
    for label in set(codes):
        sizes = np.bincount(fold[labels == label], minlength=5)
        assert sizes.max() - sizes.min() <= 1


def test_confusions_are_counted_with_one_record_of_doubt_on_the_diagonal() -> None:
    surely = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    rates = given_for_true(surely, np.array([0, 0, 1, 1]))
    assert rates == pytest.approx(np.array([[3 / 4, 1 / 4], [0, 1]]))


def test_a_label_that_is_never_given_by_mistake_is_believed_against_the_text() -> None:
    probs = np.array([[0.8, 0.2]])
    never = np.array([[1.0, 0.0], [0.5, 0.5]])
    assert posterior(probs, np.array([1]), never)[0].tolist() == [0, 1]
    # .8 * .1 against .2 * .9
    sometimes = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert posterior(probs, np.array([1]), sometimes)[0, 1] == pytest.approx(0.18 / 0.26)


def test_the_votes_of_near_records_count_more_and_distrusted_ones_not_at_all() -> None:
    graph = NearestNeighbours(index=np.array([[1, 2], [0, 2], [0, 1]]), similarity=np.array([[0.99, 0.7]] * 3))
    codes = np.array([0, 0, 1])
    assert vote_log_odds(graph, codes, np.ones(3), 2)[0].argmax() == 0
    assert vote_log_odds(graph, codes, np.array([1.0, 0.0, 1.0]), 2)[0].argmax() == 1


@pytest.mark.parametrize("pool", [linear_pool, logarithmic_pool])
def test_an_overconfident_view_is_cooled_to_how_often_it_is_right(pool: object) -> None:
    codes = np.array([0] * 80 + [1] * 20)
    certain_of_the_first = np.tile([50.0, 0.0], (100, 1))
    probs = pool([certain_of_the_first], codes, np.ones(100))  # type: ignore[operator]
    assert probs[:, 0] == pytest.approx(0.8, abs=0.02)
    assert probs.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("pool", [linear_pool, logarithmic_pool])
def test_a_view_that_never_gives_a_label_has_no_veto(pool: object) -> None:
    codes = np.array([0, 1] * 50)
    right = np.where(codes[:, None] == np.arange(2), 5.0, 0.0)
    never_one = np.tile([0.0, -np.inf], (100, 1))
    probs = pool([right, right, never_one], codes, np.ones(100))  # type: ignore[operator]
    assert np.isfinite(probs).all()
    assert (probs.argmax(axis=1) == codes).all()


def test_cleanlab_is_asked_the_same_question() -> None:
    probs = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]])
    codes = np.array([0, 2])
    assert cleanlab_score(codes, probs) == pytest.approx([0.7, 0.3])
    # (own - best other + 1) / 2
    assert cleanlab_score(codes, probs, method="normalized_margin") == pytest.approx([0.75, 0.35])
