"""Texts that stand in several pairs tell which of two is better where readers differ."""

from __future__ import annotations

import numpy as np
import pytest

from curation.review import consensus

Vote = tuple[str, str, str]


def said(n: int, items: int, seed: int) -> tuple[list[Vote], dict[str, tuple[str, str]], dict[str, str]]:
    """Votes of two readers who are right in four of five pairs, the pairs, and the truth."""
    rng = np.random.default_rng(seed)
    votes, pairs, truth = [], {}, {}
    for i in range(n):
        a, b = (int(x) for x in rng.choice(items, 2, replace=False))
        record = f"p{i:03}"
        pairs[record], truth[record] = (f"text {a}", f"text {b}"), "first" if a > b else "second"
        for reader in ("ana", "ben"):
            wrong = {"first": "second", "second": "first"}[truth[record]]
            votes.append((record, reader, truth[record] if rng.random() < 0.8 else wrong))
    return votes, pairs, truth


def test_other_pairs_settle_what_two_readers_differ_in() -> None:
    plain, told, sure = [], [], []
    for seed in range(3):
        votes, pairs, truth = said(200, 12, seed)
        found = consensus(votes, kind="preference", texts=pairs)
        told += [found.label[record] == answer for record, answer in truth.items()]
        sure += list(found.confidence.values())
        alone = consensus(votes, kind="preference")
        plain += [alone.label[record] == answer for record, answer in truth.items()]
    assert set(found.table["method"].to_pylist()) == {"votes and other pairs"}
    assert np.mean(told) > np.mean(plain) + 0.03
    assert abs(np.mean(sure) - np.mean(told)) < 0.08


def test_texts_that_stand_in_one_pair_each_change_nothing() -> None:
    votes, _, _ = said(40, 12, 1)
    apart = {record: (f"one of {record}", f"other of {record}") for record, _, _ in votes}
    with_texts = consensus(votes, kind="preference", texts=apart)
    assert with_texts.label == consensus(votes, texts=apart).label
    plain = consensus(votes, kind="preference")
    assert plain.label == consensus(votes).label


def test_swapping_every_pair_swaps_every_answer() -> None:
    votes, pairs, _ = said(60, 8, 2)
    other = {"first": "second", "second": "first"}
    one = consensus(votes, kind="preference", texts=pairs)
    swapped = {record: (b, a) for record, (a, b) in pairs.items()}
    two = consensus([(r, who, other[a]) for r, who, a in votes], kind="preference", texts=swapped)
    assert {record: other[label] for record, label in one.label.items()} == two.label
    assert one.confidence == pytest.approx(two.confidence, abs=0.02)
