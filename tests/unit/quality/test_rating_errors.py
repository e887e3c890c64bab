"""Ratings that are far from what records like them are rated."""

from __future__ import annotations

import numpy as np
import pytest

from curation.quality import LabelQuality, label_quality, rating_quality
from curation.quality.nearest import nearest_neighbours


def scene(
    n: int = 300, wrong: int = 20, noise: float = 0.4, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ratings from 1 to 5, vectors that tell them, and which ratings are wrong."""
    rng = np.random.default_rng(seed)
    value = rng.uniform(1, 5, n)
    vectors = np.column_stack([value - 3, np.full(n, 2.0), rng.normal(scale=0.3, size=(n, 6))])
    ratings = np.clip(np.rint(value + noise * rng.normal(size=n)), 1, 5).astype(int)
    planted = np.zeros(n, dtype=bool)
    planted[rng.choice(n, wrong, replace=False)] = True
    return np.where(planted, np.where(ratings > 3, 1, 5), ratings), vectors, planted


def judged(ratings: np.ndarray, vectors: np.ndarray, **more: object) -> LabelQuality:
    return rating_quality(ratings, embeddings=vectors, label_names=[1, 2, 3, 4, 5], **more)  # type: ignore[arg-type]


def test_ratings_far_from_all_signs_come_first_and_say_what_was_expected() -> None:
    ratings, vectors, planted = scene()
    found = judged(ratings, vectors)
    far = planted & (np.abs(ratings - np.clip(np.rint(vectors[:, 0] + 3), 1, 5)) >= 3)
    assert found.is_issue[far].mean() > 0.9
    assert found.is_issue[~planted].mean() < 0.05
    worst = int(np.argmin(found.score))
    assert planted[worst]
    assert found.reason[worst].startswith(f"rated {ratings[worst]}, records like it are rated ")
    assert abs(found.suggested[worst] - ratings[worst]) >= 2
    assert ((found.score >= 0) & (found.score <= 1)).all()
    assert ((found.suggested_prob >= 0) & (found.suggested_prob <= 1)).all()


def test_a_rating_one_step_off_is_doubted_less_than_one_four_steps_off() -> None:
    ratings, vectors, _ = scene(wrong=0)
    high = np.flatnonzero(vectors[:, 0] > 1.7)
    scores = []
    for step in (5, 4, 1):
        changed = ratings.copy()
        changed[high[0]] = step
        scores.append(judged(changed, vectors).score[high[0]])
    assert scores[0] > scores[2]
    assert scores[1] > scores[2] + 0.3


def test_vectors_that_tell_nothing_doubt_nothing() -> None:
    ratings, vectors, _ = scene()
    shuffled = np.random.default_rng(1).permutation(vectors)
    found = judged(ratings, shuffled)
    assert (found.score == 0.5).all()
    assert not found.is_issue.any()


def test_texts_alone_neighbours_at_hand_and_reviewed_ratings() -> None:
    texts = ["thank you so much", "many thanks, lovely", "do it now", "now, at once"] * 10
    ratings = np.array([5, 4, 1, 1] * 9 + [5, 4, 1, 5])
    found = rating_quality(ratings, texts=texts, embeddings=False, label_names=[1, 2, 3, 4, 5])
    assert found.is_issue.nonzero()[0].tolist() == [39]
    assert found.neighbours.shape == (40, 0)
    scores, vectors, _ = scene()
    graph = nearest_neighbours(vectors, k=30)
    assert (judged(scores, vectors, neighbours=graph).score == judged(scores, vectors).score).all()
    read = judged(scores, vectors, before=np.full(len(scores), 2))
    assert np.isfinite(read.score).all()


def test_a_model_of_ones_own_is_heard_and_label_quality_leads_here() -> None:
    ratings, vectors, planted = scene()
    right = np.clip(np.rint(vectors[:, 0] + 3), 1, 5).astype(int)
    probs = 0.8 * np.eye(5)[right - 1] + 0.04
    found = label_quality(ratings, kind="rating", pred_probs=probs, label_names=[1, 2, 3, 4, 5])
    assert found.score[planted].mean() < 0.3 < 0.8 < found.score[~planted].mean()


def test_steps_by_name_give_what_their_numbers_give_and_numbers_of_other_steps_are_refused() -> None:
    ratings, vectors, _ = scene()
    by_name = rating_quality(ratings.astype(str), embeddings=vectors, label_names=list("12345"))
    assert (by_name.score == judged(ratings, vectors).score).all()
    assert (by_name.suggested.astype(int) == judged(ratings, vectors).suggested).all()
    with pytest.raises(ValueError, match="labels: 1 may be number 1 of label_names or the one called '1', number 0"):
        rating_quality(ratings, embeddings=vectors, label_names=list("12345"))


@pytest.mark.parametrize(
    ("ratings", "known", "message"),
    [
        ([1, 1, 1], {"texts": ["a b", "b c", "c a"]}, "at least two different ratings"),
        ([1, 2, 3], {}, "expected texts, embeddings or pred_probs"),
        ([1, 2, 7], {"texts": ["a b", "b c", "c a"], "label_names": [1, 2, 3]}, "7"),
    ],
)
def test_bad_input_is_named(ratings: list[int], known: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rating_quality(ratings, **known)  # type: ignore[arg-type]
