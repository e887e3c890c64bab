"""The parts that `label_quality` is made of, each against what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from curation.quality import label_quality
from curation.quality.cleanlab_baseline import cleanlab_score
from curation.quality.folds import split, stratified_folds
from curation.quality.label_history import History
from curation.quality.label_shares import possible_shares
from curation.quality.nearest import NearestNeighbours
from curation.quality.neighbour_vote import vote_log_odds
from curation.quality.noise_channel import given_for_true, posterior
from curation.quality.noise_mixture import noise_mixture
from curation.quality.opinion_pool import linear_pool, tempered, with_shares


@settings(max_examples=30, deadline=None)
@given(codes=st.lists(st.integers(0, 4), min_size=10, max_size=60), seed=st.integers(0, 99))
def test_every_record_is_held_out_once_and_labels_are_dealt_out_evenly(codes: list[int], seed: int) -> None:
    labels = np.array(codes)
    fold = stratified_folds(labels, folds=5, seed=seed)
    assert sum(held_out.astype(int) for _, held_out in split(fold)).tolist() == [1] * len(codes)
    for label in set(codes):
        sizes = np.bincount(fold[labels == label], minlength=5)
        assert sizes.max() - sizes.min() <= 1


def test_confusions_are_drawn_to_what_all_labels_have_in_common() -> None:
    surely = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    rates = given_for_true(surely, np.array([0, 0, 1, 1]))
    # counted: 2 and 1, 0 and 1; in common, twice: .75 on the diagonal, .25 beside it
    assert rates == pytest.approx(np.array([[3.5 / 5, 1.5 / 5], [0.5 / 3, 2.5 / 3]]))


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


def test_an_overconfident_view_is_cooled_to_how_often_it_is_right() -> None:
    codes = np.array([0] * 80 + [1] * 20)
    certain_of_the_first = np.tile([50.0, 0.0], (100, 1))
    probs = tempered(certain_of_the_first, codes, np.ones(100))
    assert probs[:, 0] == pytest.approx(0.8, abs=0.02)
    assert probs.sum(axis=1) == pytest.approx(1)


def test_a_view_that_never_gives_a_label_has_no_veto() -> None:
    codes = np.array([0, 1] * 50)
    right = np.where(codes[:, None] == np.arange(2), 5.0, 0.0)
    never_one = np.tile([0.0, -np.inf], (100, 1))
    opinions = [tempered(view, codes, np.ones(100)) for view in (right, right, never_one)]
    assert opinions[2][:, 1].tolist() == [0.0] * 100
    assert (linear_pool(opinions).argmax(axis=1) == codes).all()


def test_a_view_that_cannot_tell_a_record_says_nothing_of_it() -> None:
    view = np.array([[2.0, 0.0], [-np.inf, -np.inf], [0.0, 2.0]])
    assert tempered(view, np.array([0, 1, 1]), np.ones(3))[1].tolist() == [0.5, 0.5]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), k=st.integers(2, 6))
def test_probabilities_are_brought_to_the_shares_of_labels(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(k, 2.0)) * 0.9 + 0.1 / k
    found = with_shares(rng.dirichlet(np.ones(k), size=200), shares)
    assert found.mean(axis=0) == pytest.approx(shares, abs=0.01)
    assert found.sum(axis=1) == pytest.approx(1)


def test_labels_are_taken_to_be_alike_where_they_are_about_as_frequent() -> None:
    nearly, hardly = np.repeat(range(4), [30, 25, 20, 25]), np.repeat(range(4), [85, 5, 5, 5])
    even = {one.of.tolist()[0]: one.weight for one in possible_shares(nearly, np.ones(100), 4)}
    assert even[0.25] > 0.8
    assert [one.weight for one in possible_shares(hardly, np.ones(100), 4)] == [1.0]
    assert all(one.of[4] < 0.02 for one in possible_shares(nearly, np.ones(100), 5)), "nobody gave the fifth label"


def noisy(codes: np.ndarray, given: np.ndarray, sure: float) -> tuple[list[np.ndarray], History]:
    """One opinion, right and as sure as said, of labels as they were given."""
    k = int(codes.max()) + 1
    probs = np.full((len(codes), k), (1 - sure) / (k - 1))
    probs[np.arange(len(codes)), codes] = sure
    return [probs], History(codes=given, before=np.full(len(given), -1))


def test_a_habit_is_learnt_from_the_labels_it_spoils() -> None:
    truth = np.repeat([0, 1, 2], 100)
    given = truth.copy()
    given[:30] = 1  # the first label is taken for the second, never for the third
    given[100] = 2
    opinions, history = noisy(truth, given, 0.9)
    right = noise_mixture(opinions, history).right(given)
    habit, once = right[[0, 100]]
    assert habit < 0.2
    assert habit < once
    assert (right[truth == given] > 0.9).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_rare_label_that_is_given_by_mistake_is_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gold = np.repeat([0, 1], [570, 30])
    vectors = rng.normal(size=(600, 8)) + 3 * np.eye(8)[gold]
    given = gold.copy()
    wrong = rng.permutation(600)[:60]
    given[wrong] = 1 - gold[wrong]
    found = label_quality(given, embeddings=vectors, label_names=["often", "seldom"], seed=seed)
    assert average_precision_score(given != gold, -found.score) > 0.9
    assert found.is_issue[given != gold].mean() > 0.7
    assert found.is_issue[given == gold].mean() < 0.02
    assert found.note == ""


def test_cleanlab_is_asked_the_same_question() -> None:
    probs = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]])
    codes = np.array([0, 2])
    assert cleanlab_score(codes, probs) == pytest.approx([0.7, 0.3])
    # (own - best other + 1) / 2
    assert cleanlab_score(codes, probs, method="normalized_margin") == pytest.approx([0.75, 0.35])


@pytest.mark.parametrize("seed", range(3))
def test_reviews_bring_the_count_near_what_is_there(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gold = rng.integers(2, size=1500)
    vectors = rng.normal(size=(1500, 6)) + 2 * np.eye(6)[gold]
    between = np.abs(vectors[:, 0] - vectors[:, 1]) < 1.2  # what lies between is called the second, by rule
    labels = np.where(between, 1, gold)
    alone = label_quality(labels, embeddings=vectors, n_classes=2)
    wrong = int((labels != gold).sum())
    read = rng.permutation(1500)[:150]
    before = np.full(1500, -1)
    before[read], labels[read] = labels[read], gold[read]
    told = label_quality(labels, embeddings=vectors, n_classes=2, before=before)
    open_ = before < 0
    there = int((labels != gold)[open_].sum())
    assert float((1 - alone.score).sum()) < 0.6 * wrong, "errors by rule look right"
    assert float((1 - told.score)[open_].sum()) == pytest.approx(there, rel=0.35)
