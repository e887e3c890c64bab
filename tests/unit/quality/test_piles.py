"""Piles that are thinned out now and then hold the same nearest as comparing with everybody does."""

from __future__ import annotations

import numpy as np
import pytest

from curation.quality import meetings, nearest_neighbours, piles
from curation.quality.meetings import Meeting
from curation.quality.piles import Piles


@pytest.mark.parametrize("width", [1, 7, 90, 400])
@pytest.mark.parametrize("more", [0, 64])
def test_the_most_similar_stay_however_many_come_at_once(
    width: int, more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piles, "_MORE", more)
    monkeypatch.setattr(piles, "_ROWS", 3)
    similarity = np.random.default_rng(width).normal(size=(8, 400)).astype(np.float32)
    similarity[0, 5:] = -np.inf  # who is met by few
    found = Piles(8, 6)
    for start in range(0, 400, width):
        columns = np.arange(start, min(400, start + width))
        for rows in (np.arange(5), np.arange(5, 8)):
            found.add(Meeting(rows=rows, columns=columns), similarity[np.ix_(rows, columns)])
    index, best = found.best()
    wanted = -np.sort(-similarity, axis=1)[:, :6]
    assert best.tolist() == wanted.tolist()
    assert np.where(index >= 0, np.take_along_axis(similarity, index, axis=1), -np.inf).tolist() == wanted.tolist()
    assert index[0, 5] == -1


def test_neighbours_found_cell_by_cell_are_those_found_at_once_where_every_cell_is_visited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32)
    at_once = nearest_neighbours(vectors, k=9)
    monkeypatch.setattr(meetings, "_ALL_UP_TO", 0)
    by_cell = nearest_neighbours(vectors, k=9)
    assert (by_cell.index == at_once.index).all()
    assert by_cell.similarity == pytest.approx(at_once.similarity, abs=1e-6)
