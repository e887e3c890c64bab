"""The gate, with an encoder and a classifier small enough to work out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from curation.augmentation import label_gate

PLACES = {
    "good film": (1.0, 0.0),
    "good movie": (0.96, 0.28),  # cosine .96 to its parent
    "good": (0.6, 0.8),  # cosine .6
    "bad film": (0.0, 1.0),
}


def embed(texts: Sequence[str]) -> np.ndarray:
    return np.array([PLACES[text] for text in texts])


def predict_proba(embeddings: np.ndarray) -> np.ndarray:
    good = embeddings[:, 0]
    return np.column_stack([good, 1 - good])


def reasons(candidates: list[str], **thresholds: float) -> list[str | None]:
    gate = label_gate(["bad film", "good film"], [1, 0], embed=embed, predict_proba=predict_proba, **thresholds)
    return list(gate(candidates, np.ones(len(candidates), dtype=np.int64)))


def test_a_near_text_with_the_same_label_passes() -> None:
    assert reasons(["good movie"]) == [None]


def test_a_distant_text_is_refused_with_its_cosine() -> None:
    assert reasons(["good"]) == ["too far from its parent: cosine 0.60, at least 0.80 is asked for"]


def test_a_text_whose_label_is_in_doubt_is_refused_with_both_probabilities() -> None:
    assert reasons(["good"], min_cosine=0.5) == [
        "the model doubts the label now: probability 0.60, 1.00 for the parent"
    ]
    assert reasons(["good"], min_cosine=0.5, min_ratio=0.6) == [None]


def test_every_candidate_is_held_against_its_own_parent() -> None:
    gate = label_gate(["bad film", "good film"], [1, 0], embed=embed, predict_proba=predict_proba)
    verdicts = gate(["bad film", "bad film"], np.array([0, 1]))
    assert verdicts[0] is None
    assert verdicts[1] is not None


def test_nothing_asked_nothing_said() -> None:
    assert reasons([]) == []


@pytest.mark.parametrize(
    ("labels", "thresholds", "message"),
    [
        ([1], {}, r"labels: expected one per text \(2\), got 1"),
        ([1, 0], {"min_ratio": 1.2}, "min_ratio: expected a share"),
        ([1, 0], {"min_cosine": 2}, "min_cosine: expected a cosine"),
    ],
)
def test_bad_input_gets_one_clear_line(labels: list[int], thresholds: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        label_gate(["bad film", "good film"], labels, embed=embed, predict_proba=predict_proba, **thresholds)
