"""Many records are judged as few are: a part at a time, and from some that stand for all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.quality import class_gaussians, linear_view, nearest_neighbours, neighbour_vote
from curation.quality.folds import stratified_folds
from curation.quality.softmax_folds import spread_of
from curation.quality.spread_sample import stands_for


@settings(max_examples=60, deadline=None)
@given(codes=st.lists(st.integers(0, 5), min_size=1, max_size=80), size=st.integers(1, 90))
def test_few_records_stand_for_all_and_rare_labels_keep_theirs(codes: list[int], size: int) -> None:
    labels = np.array(codes)
    times = stands_for(labels, size)
    used = np.unique(labels)
    assert times.min() >= 0
    assert (times > 0).sum() <= max(size, len(used))
    assert [times[labels == label].sum() for label in used] == pytest.approx(
        [(labels == label).sum() for label in used]
    )
    kept = np.array([(times[labels == label] > 0).sum() for label in used])
    left_out = kept < np.array([(labels == label).sum() for label in used])
    assert not left_out.any() or kept[left_out].min() == kept.max()


def test_those_that_stand_for_a_label_are_spread_from_the_first_to_the_last() -> None:
    kept = np.flatnonzero(stands_for(np.zeros(1000, dtype=int), 10))
    assert np.diff(kept).tolist() == [100] * 9


@pytest.fixture(scope="module")
def clouds() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    codes = rng.choice(3, 600, p=[0.7, 0.25, 0.05])
    vectors = (2 * np.eye(3, 8)[codes] + rng.normal(size=(600, 8))).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), codes


def test_records_taken_in_a_few_at_a_time_are_judged_alike(
    clouds: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, codes = clouds
    trust, fold = np.linspace(0.2, 1, 600), stratified_folds(codes, folds=5, seed=0)
    graph = nearest_neighbours(vectors, k=12)

    def judged() -> tuple[np.ndarray, np.ndarray]:
        by_place = class_gaussians.gaussian_log_odds(vectors, codes, trust, fold, 3)
        return by_place, neighbour_vote.vote_log_odds(graph, codes, trust, 3)

    at_once = judged()
    for module in (class_gaussians, neighbour_vote):
        monkeypatch.setattr(module, "_ROWS", 7)
    for whole, in_parts in zip(at_once, judged(), strict=True):
        assert in_parts == pytest.approx(whole, abs=1e-9)


def test_a_linear_model_learns_nearly_the_same_from_those_that_stand_for_all(
    clouds: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, codes = clouds

    def chances() -> np.ndarray:
        model = linear_view.fitted(vectors, codes, np.ones(600), inverse_regularization=1.0)
        return np.asarray(model.predict_proba(vectors))

    whole = chances()
    monkeypatch.setattr(linear_view, "_ENOUGH", 200)
    some = chances()
    assert np.abs(some - whole).mean() < 0.03
    assert some.mean(axis=0) == pytest.approx(np.bincount(codes) / 600, abs=0.02)


def test_a_view_by_linear_models_is_nearly_the_same_from_those_that_stand_for_all(
    clouds: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, codes = clouds
    fold, known = stratified_folds(codes, folds=5, seed=0), {"k": 3, "inverse_regularization": 1.0}

    def chances() -> np.ndarray:
        spread = spread_of(vectors)
        return np.exp(linear_view.linear_log_odds(vectors, codes, np.ones(600), fold, spread=spread, **known))

    monkeypatch.setattr(linear_view, "_FIRST", 50)
    whole = chances()
    monkeypatch.setattr(linear_view, "_ENOUGH_FOR_FOLDS", 200)
    some = chances()
    assert 0 < np.abs(some - whole).mean() < 0.03
    assert some.mean(axis=0) == pytest.approx(np.bincount(codes) / 600, abs=0.02)
