"""What cleanlab doubts, counted beside what the label check doubts."""

from __future__ import annotations

import numpy as np
import pytest

from curation.quality import cleanlab_baseline as module
from curation.quality.cleanlab_baseline import Baseline, cleanlab_baseline, datalab

CODES = np.repeat([0, 1, 2], 40)
WRONG = [3, 50, 90]


def vectors(seed: int = 0) -> np.ndarray:
    near = np.eye(3)[CODES] + np.random.default_rng(seed).normal(scale=0.1, size=(len(CODES), 3))
    return near / np.linalg.norm(near, axis=1, keepdims=True)


def planted() -> np.ndarray:
    codes = CODES.copy()
    codes[WRONG] = (codes[WRONG] + 1) % 3
    return codes


def doubts(*at: int) -> np.ndarray:
    return np.isin(np.arange(len(CODES)), at)


def test_labels_are_counted_by_who_doubts_them() -> None:
    found = cleanlab_baseline(planted(), doubts(*WRONG, 7), embeddings=vectors(), seed=0)
    assert found.doubted
    assert found.labels == 120
    assert (found.both, found.only_baseline) == (found.doubted, 0)
    assert found.only_check == 4 - found.doubted
    assert found == cleanlab_baseline(planted(), doubts(*WRONG, 7), embeddings=vectors(), seed=0)


def test_what_only_the_baseline_doubts_is_told_too() -> None:
    found = cleanlab_baseline(planted(), doubts(7), embeddings=vectors(), seed=0)
    assert (found.both, found.only_baseline, found.only_check) == (0, found.doubted, 1)
    assert found.doubted


def test_labels_that_nobody_carries_change_nothing() -> None:
    given, ours = np.array([0, 4, 9])[planted()], doubts(3)
    sparse, dense = (cleanlab_baseline(codes, ours, embeddings=vectors(), seed=0) for codes in (given, planted()))
    assert sparse == dense


def test_of_very_many_labels_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 100)
    found = cleanlab_baseline(planted(), doubts(*range(120)), embeddings=vectors(), seed=0)
    assert found.labels == 100
    assert found.both == found.doubted
    assert found.both + found.only_check == 100


@pytest.mark.parametrize(
    ("codes", "reason"), [(CODES * 0, "all labels are alike"), (np.arange(120), "no label is given twice")]
)
def test_labels_that_teach_nothing_are_a_reason_in_words(codes: np.ndarray, reason: str) -> None:
    found = cleanlab_baseline(codes, doubts(3), embeddings=vectors(), seed=0)
    assert found == Baseline(reason=f"{reason}, so that a classifier has nothing to learn")


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
