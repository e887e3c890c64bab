"""In large data only those who may be near each other are compared; little of what is near is missed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from curation.quality import meetings, near_duplicates, nearest_neighbours

N, K = 3_000, 10


@pytest.fixture(scope="module")
def points() -> npt.NDArray[np.float32]:
    """Forty clouds of different sizes, some copies, and ten points that belong nowhere."""
    rng = np.random.default_rng(0)
    sizes = rng.dirichlet(np.ones(40))
    middles = rng.normal(size=(40, 32))
    cloud = middles[rng.choice(40, N, p=sizes)] + 0.7 * rng.normal(size=(N, 32))
    cloud[:100] = cloud[100:200] + 0.1 * rng.normal(size=(100, 32))
    cloud[-10:] = rng.normal(size=(10, 32))
    return cloud.astype(np.float32)


@pytest.fixture
def in_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the data for too large to compare everybody with everybody."""
    monkeypatch.setattr(meetings, "_ALL_UP_TO", 0)


def test_nearly_all_neighbours_are_found(points: npt.NDArray[np.float32], monkeypatch: pytest.MonkeyPatch) -> None:
    exact = nearest_neighbours(points, k=K)
    monkeypatch.setattr(meetings, "_ALL_UP_TO", 0)
    found = nearest_neighbours(points, k=K)
    shared = [len(set(a) & set(b)) for a, b in zip(found.index, exact.index, strict=True)]
    assert np.mean(shared) / K > 0.99
    assert not (found.index == np.arange(N)[:, None]).any()
    assert (np.diff(found.similarity, axis=1) <= 0).all()
    assert (found.similarity <= exact.similarity + 1e-6).all()


@pytest.mark.usefixtures("in_cells")
def test_few_pairs_are_compared(points: npt.NDArray[np.float32]) -> None:
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    compared = sum(len(m.rows) * len(m.columns) for m in meetings.meetings(unit, unit, visits=4))
    assert N < compared < N * N / 10


def test_who_belongs_nowhere_meets_everybody(points: npt.NDArray[np.float32], monkeypatch: pytest.MonkeyPatch) -> None:
    exact = nearest_neighbours(points, k=K)
    monkeypatch.setattr(meetings, "_ALL_UP_TO", 0)
    lonely = np.argsort(exact.similarity[:, -1])[:100]
    assert (nearest_neighbours(points, k=K).index[lonely] == exact.index[lonely]).mean() > 0.99


def test_nearly_all_copies_are_found(points: npt.NDArray[np.float32], monkeypatch: pytest.MonkeyPatch) -> None:
    exact = {(a, b) for a, b in near_duplicates(embeddings=points, threshold=0.97).pairs.tolist()}
    monkeypatch.setattr(meetings, "_ALL_UP_TO", 0)
    found = {(a, b) for a, b in near_duplicates(embeddings=points, threshold=0.97).pairs.tolist()}
    assert len(exact) > 80
    assert found <= exact
    assert len(found) >= 0.99 * len(exact)


@pytest.mark.usefixtures("in_cells")
def test_another_pool_is_searched_in_cells_too(points: npt.NDArray[np.float32]) -> None:
    found = nearest_neighbours(points[:50], k=1, reference=points)
    assert found.index[:, 0].tolist() == list(range(50))
    assert found.similarity == pytest.approx(1, abs=1e-5)


@pytest.mark.usefixtures("in_cells")
def test_who_has_met_too_few_meets_everybody() -> None:
    corners = np.repeat(np.eye(12, dtype=np.float32), [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 200], axis=0)
    found = nearest_neighbours(corners, k=180)
    assert np.isfinite(found.similarity).all()
    assert all(len(set(row)) == 180 for row in found.index.tolist())
