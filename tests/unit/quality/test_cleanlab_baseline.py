"""What cleanlab doubts, counted beside what the label check doubts."""

from __future__ import annotations

import numpy as np
import pytest

from curation.quality import cleanlab_baseline as module
from curation.quality import cleanlab_opinions as opinions
from curation.quality.cleanlab_baseline import datalab
from curation.quality.cleanlab_opinions import (
    Baseline,
    Opinion,
    cleanlab_labels,
    cleanlab_passages,
    cleanlab_ratings,
    cleanlab_sets,
    counted,
)

CODES = np.repeat([0, 1, 2], 40)
WRONG = [3, 50, 90]


def vectors(seed: int = 0) -> np.ndarray:
    near = np.eye(3)[CODES] + np.random.default_rng(seed).normal(scale=0.1, size=(len(CODES), 3))
    return near / np.linalg.norm(near, axis=1, keepdims=True)


def planted() -> np.ndarray:
    codes = CODES.copy()
    codes[WRONG] = (codes[WRONG] + 1) % 3
    return codes


def judged(codes: np.ndarray, seed: int = 0) -> Opinion:
    return cleanlab_labels(codes, embeddings=vectors(), seed=seed)


def test_wrong_labels_have_the_highest_numbers_as_in_our_tables() -> None:
    found = judged(planted())
    assert set(np.argsort(-found.p_wrong)[:3]) == set(WRONG)
    assert ((found.p_wrong >= 0) & (found.p_wrong <= 1)).all()
    assert set() < set(np.flatnonzero(found.is_issue)) <= set(WRONG)
    assert found.p_wrong.tolist() == judged(planted()).p_wrong.tolist()


def test_labels_are_counted_by_who_doubts_them() -> None:
    theirs = judged(planted())
    doubted = int(theirs.is_issue.sum())
    found = counted(theirs, np.isin(np.arange(120), [theirs.is_issue.argmax(), 7]))
    assert (found.labels, found.doubted) == (120, doubted)
    assert (found.both, found.only_baseline, found.only_check) == (1, doubted - 1, 1)


def test_labels_that_nobody_carries_change_nothing() -> None:
    sparse, dense = (judged(codes) for codes in (np.array([0, 4, 9])[planted()], planted()))
    assert sparse.p_wrong.tolist() == dense.p_wrong.tolist()


def test_of_very_many_labels_some_teach_and_all_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 50)
    found = judged(planted())
    assert np.isfinite(found.p_wrong).all()
    assert set(np.argsort(-found.p_wrong)[:3]) == set(WRONG)


@pytest.mark.parametrize(
    ("codes", "reason"), [(CODES * 0, "all labels are alike"), (np.arange(120), "no label is given twice")]
)
def test_labels_that_teach_nothing_are_a_reason_in_words(codes: np.ndarray, reason: str) -> None:
    found = judged(codes)
    assert np.isnan(found.p_wrong).all()
    assert not found.is_issue.any()
    assert counted(found, found.is_issue) == Baseline(reason=f"{reason}, so that a classifier has nothing to learn")


def test_a_rating_far_from_those_like_it_is_the_most_doubted_one_whatever_the_scale() -> None:
    far = WRONG[0]
    for scale in (np.array([1.0, 3.0, 5.0]), np.array([0.0, 50.0, 100.0]), np.array([0.1, 0.2, 0.3])):
        ratings = scale[CODES]
        ratings[far] = scale[2]
        found = cleanlab_ratings(ratings, embeddings=vectors(), seed=0)
        assert found.p_wrong.argmax() == far
        assert found.is_issue[far]
    assert cleanlab_ratings(np.ones(120), embeddings=vectors(), seed=0).reason is not None


def test_of_very_many_ratings_some_are_drawn_and_the_others_have_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opinions, "MOST_RATINGS", 100)
    found = cleanlab_ratings(CODES.astype(float), embeddings=vectors(), seed=0)
    assert np.isfinite(found.p_wrong).sum() == 100
    assert counted(found, np.ones(120, dtype=bool)).labels == 100


def test_of_several_labels_a_swapped_one_and_of_passages_a_moved_one_are_doubted_most() -> None:
    names = ["a", "b", "c"]
    sets = [[names[code]] for code in CODES]
    sets[WRONG[1]] = ["a"]
    assert cleanlab_sets(sets, label_names=names, embeddings=vectors(), seed=0).p_wrong.argmax() == WRONG[1]
    texts = [f"we flew to {place} again" for place in ("Paris", "Rome", "Oslo", "Bonn") for _ in range(10)]
    spans = [[{"start": 11, "end": text.index(" ", 11), "label": "city"}] for text in texts]
    spans[5] = [{"start": 3, "end": 7, "label": "city"}]
    found = cleanlab_passages(spans, texts=[*texts[:-1], ""], label_names=["city"], seed=0)
    assert np.nanargmax(found.p_wrong) == 5
    assert np.isnan(found.p_wrong[-1])


def test_datalab_tells_records_in_order_from_records_in_none(capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], 100)
    vectors = np.eye(5)[codes] + rng.normal(scale=0.2, size=(200, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    anyhow = rng.permutation(200)
    assert datalab(codes, embeddings=vectors, seed=0).ordered
    assert not datalab(codes[anyhow], embeddings=vectors[anyhow], seed=0).ordered
    assert capsys.readouterr().out == ""


def test_datalab_names_a_rare_label_and_says_nothing_of_groups_where_there_are_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 5))
    found = datalab(np.array([7] * 58 + [3] * 2), embeddings=vectors, seed=0)
    assert (found.rarest, found.worst_group) == (3, 0)
    assert capsys.readouterr().out == ""
    assert datalab(np.array([0] * 60), embeddings=vectors, seed=0).reason is not None
