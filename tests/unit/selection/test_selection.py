"""The order in which records are looked at, and what looking at them would bring."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.selection import forecast, next_records, representatives


def clouds(sizes, *, seed=0, spread=0.05):
    """Return vectors around one corner each, `sizes` many, and the number of the corner of each vector."""
    corners = np.repeat(np.arange(len(sizes)), sizes)
    vectors = np.eye(len(sizes) + 2)[corners]
    return vectors + np.random.default_rng(seed).normal(scale=spread, size=vectors.shape), corners


def test_representatives_are_different_records_and_leave_no_region_out():
    vectors, corners = clouds([60, 30, 10])
    chosen = representatives(vectors, 20, seed=0)
    assert len(set(chosen)) == 20
    assert set(corners[chosen]) == {0, 1, 2}


def test_copies_are_represented_once():
    vectors = np.repeat(np.eye(4), 25, axis=0)
    assert len(representatives(vectors, 10, seed=0)) == 4


def test_without_labels_the_first_batch_touches_every_region():
    vectors, corners = clouds([50, 50, 50, 50])
    found = next_records(vectors, np.full(200, -1), n_classes=4, size=4)
    assert set(corners[found.order[:4]]) == {0, 1, 2, 3}
    assert set(found.why) == {"representative"}


def test_with_labels_records_between_two_labels_come_before_clear_ones():
    vectors, corners = clouds([40, 40])
    between = np.eye(4)[0] + np.eye(4)[1]
    labels = np.where(np.arange(80) % 2, corners, -1)
    found = next_records(np.vstack([vectors, between]), np.append(labels, -1), n_classes=2, size=4)
    assert 80 in found.order[:4]
    assert found.doubt.argmax() == 80
    assert found.why[0] == "uncertain"


def test_the_model_that_will_learn_says_what_it_finds_hard():
    vectors, corners = clouds([10, 10])
    labels = np.where((np.arange(20) >= 5) & (np.arange(20) < 12), corners, -1)
    probs = np.tile([0.9, 0.1], (20, 1))
    probs[[3, 14]] = [[0.55, 0.45], [0.48, 0.52]]
    found = next_records(vectors, labels, n_classes=2, size=2, pred_probs=probs)
    assert found.order[:2].tolist() == [14, 3]
    assert found.why[0] == "uncertain"


def test_a_young_model_is_not_asked_the_same_question_again_and_again():
    vectors, corners = clouds([60, 60, 60])
    labels = np.where(np.arange(180) % 60 < 2, corners, -1)
    probs = np.where(corners[:, None] == 0, [0.4, 0.35, 0.25], [0.5, 0.3, 0.2])
    hardest_first = np.argsort(-next_records(vectors, labels, n_classes=3, size=1, pred_probs=probs).doubt)
    assert set(corners[hardest_first[:20]]) == {0}
    young = next_records(vectors, labels, n_classes=3, size=9, pred_probs=probs)
    assert set(corners[young.order[:9]]) > {0}


def test_labels_in_doubt_and_missing_labels_stand_on_one_scale():
    vectors, corners = clouds([40, 40])
    labels, right = corners.copy(), np.full(80, 0.9)
    labels[:5], right[10] = -1, 0.01
    found = next_records(vectors, labels, n_classes=2, size=80, candidates=np.ones(80, bool), right=right)
    assert found.order[0] == 10
    assert found.why[0] == "label in doubt"
    assert found.doubt[10] == pytest.approx(0.99)
    assert set(found.order[-5:]) == {0, 1, 2, 3, 4}


def test_a_label_that_is_surely_wrong_teaches_nothing():
    vectors, corners = clouds([40, 40])
    labels = np.where(np.arange(80) % 2, corners, -1)
    misled = np.where(np.arange(80) % 4 == 1, 1 - labels, labels)
    right = np.where(misled == labels, 1.0, 0.0)
    heard = next_records(vectors, misled, n_classes=2, size=5, right=right)
    assert heard.doubt[labels < 0].max() < 0.5
    assert next_records(vectors, misled, n_classes=2, size=5).doubt.max() > heard.doubt.max()


def test_only_candidates_are_queued_and_others_are_not_doubted():
    vectors, _ = clouds([10, 10])
    candidates = np.arange(20) % 2 == 0
    found = next_records(vectors, np.full(20, -1), n_classes=2, size=3, candidates=candidates)
    assert sorted(found.order) == list(range(0, 20, 2))
    assert not found.doubt[~candidates].any()


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 40), size=st.integers(1, 60), labelled=st.integers(0, 40), seed=st.integers(0, 100))
def test_every_candidate_is_queued_once_the_same_way_every_time(n, size, labelled, seed):
    rng = np.random.default_rng(seed)
    vectors, labels = rng.normal(size=(n, 3)), np.where(np.arange(n) < labelled, rng.integers(0, 3, n), -1)
    first, second = (next_records(vectors, labels, n_classes=3, size=size, seed=seed) for _ in range(2))
    assert sorted(first.order) == (np.flatnonzero(labels < 0).tolist() or list(range(n)))
    assert first.order.tolist() == second.order.tolist()
    assert ((first.doubt >= 0) & (first.doubt <= 1)).all()


def test_where_every_record_has_a_label_all_are_queued_for_another_look():
    vectors, corners = clouds([40, 40], spread=0.1)
    wrong = np.where(np.isin(np.arange(80), [7, 61]), 1 - corners, corners)
    scored = next_records(vectors, wrong, n_classes=2, size=5)
    assert sorted(scored.order) == list(range(80))
    assert set(scored.order[:2]) == {7, 61}
    assert set(scored.why) == {"label in doubt"}
    right = np.where(np.arange(80) == 30, 0.1, 0.9)
    assert next_records(vectors, wrong, n_classes=2, size=5, right=right).order[0] == 30
    assert not len(next_records(vectors, wrong, n_classes=2, size=5, candidates=np.zeros(80, bool)).order)


def test_labels_that_are_all_the_same_are_queued_without_a_guess():
    found = next_records(np.eye(4), [1, 1, 1, 1], n_classes=2, size=2)
    assert sorted(found.order) == [0, 1, 2, 3]
    assert found.doubt.tolist() == [0.5] * 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"codes": [0, 1]}, "codes: expected 3 records"),
        ({"codes": [0, 1, 2]}, "from -1 to 1, got 0 to 2"),
        ({"codes": [0.5, 1, 0]}, "whole numbers"),
        ({"embeddings": [[1.0, np.nan], [0, 1], [1, 1]]}, "NaN"),
        ({"size": 0}, "size: expected at least 1"),
        ({"right": [0.5, 0.5]}, "right: expected 3 records"),
        ({"right": [0.5, 1.5, 0.5]}, "right: expected probabilities"),
        ({"pred_probs": np.full((3, 3), 1 / 3)}, r"pred_probs: expected shape \(3, 2\)"),
        ({"candidates": [True]}, "candidates: expected 3 records"),
    ],
)
def test_bad_input_is_refused_in_one_line(change, message):
    usual = {"embeddings": np.eye(3), "codes": [0, 1, -1], "n_classes": 2, "size": 1}
    with pytest.raises(ValueError, match=message):
        next_records(**{**usual, **change})


def test_before_any_review_the_forecast_adds_up_the_doubts():
    found = forecast([0.5, 0.25, 0.25])
    assert found.wrong == pytest.approx(1.0)
    assert found.shift == pytest.approx(0.0, abs=1e-9)


def test_a_forecast_learns_from_reviews_that_found_more_than_was_doubted():
    doubt = np.full(100, 0.1)
    found = forecast(doubt, past_doubt=doubt, past_wrong=np.arange(100) % 5 < 2)
    assert 35 < found.wrong < 40
    assert found.low < 40 < found.high


def test_a_forecast_heeds_the_latest_reviews_most():
    doubt, rising = np.full(200, 0.3), np.arange(200) % 10 < np.repeat([2, 6], 100)
    assert forecast(doubt[:100], past_doubt=doubt, past_wrong=rising).wrong > 50
    assert forecast(doubt[:100], past_doubt=doubt, past_wrong=rising[::-1]).wrong < 30


def test_reviews_that_found_nothing_do_not_rule_out_what_comes():
    found = forecast(np.full(50, 0.2), past_doubt=np.full(5, 0.2), past_wrong=np.zeros(5, bool))
    assert 0 < found.wrong < 10
    assert found.low <= found.wrong <= found.high


def test_the_interval_holds_what_was_drawn_about_as_often_as_it_says():
    rng, inside = np.random.default_rng(0), 0
    for _ in range(300):
        doubt = rng.uniform(0.05, 0.9, 100)
        logits = np.log(doubt / (1 - doubt)) + rng.normal()
        past = rng.random(100) < 1 / (1 + np.exp(-logits))
        coming = rng.random(100) < 1 / (1 + np.exp(-logits - rng.normal(scale=0.5)))
        said = forecast(doubt, past_doubt=doubt, past_wrong=past)
        inside += said.low <= coming.sum() <= said.high
    assert 0.9 < inside / 300 < 0.99


@pytest.mark.parametrize("doubt", [[1.5], [np.nan]])
def test_a_forecast_refuses_what_is_no_probability(doubt):
    with pytest.raises(ValueError, match="doubt: expected probabilities"):
        forecast(doubt)
