"""A cover: nothing is far from all that was chosen."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.selection import k_center


def unit(n: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def radius(vectors: np.ndarray, chosen: object) -> float:
    """Euclidean distance from the furthest vector to the nearest chosen one."""
    gaps = np.linalg.norm(vectors[:, None] - vectors[list(chosen)], axis=2)  # type: ignore[call-overload]
    return float(gaps.min(axis=1).max())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), size=st.integers(1, 3))
def test_no_choice_covers_more_than_twice_as_closely(seed: int, size: int) -> None:
    vectors = unit(9, seed)
    found = k_center(vectors, size)
    best = min(radius(vectors, choice) for choice in combinations(range(9), size))
    assert radius(vectors, found.chosen) <= 2 * best + 1e-5
    assert found.radius[-1] == pytest.approx(radius(vectors, found.chosen) ** 2 / 2, abs=1e-5)


def test_each_further_record_covers_more_and_none_comes_twice() -> None:
    found = k_center(unit(200, 0), 50)
    assert len(set(found.chosen.tolist())) == 50
    assert (np.diff(found.radius) <= 1e-9).all()


def test_what_is_known_is_covered_already() -> None:
    vectors = np.repeat(np.eye(4), 10, axis=0)
    found = k_center(vectors, 10, known=[0, 15])
    assert sorted(found.chosen.tolist()) == [20, 30]
    assert found.radius[-1] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"size": 0}, "size: expected at least 1, got 0"), ({"size": 2, "known": [9]}, "known: expected record numbers")],
)
def test_bad_input_is_refused_in_one_line(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        k_center(unit(9, 0), **arguments)
