"""Readers who like one place, or go round in circles, are told from those who read."""

from __future__ import annotations

import numpy as np

from curation.review.reader_leanings import reader_leanings

NAMES = [f"text {i}" for i in range(8)]
Vote = tuple[tuple[str, str], str, str]


def every_pair(rng: np.random.Generator) -> list[tuple[str, str]]:
    return [(a, b) if rng.random() < 0.5 else (b, a) for i, a in enumerate(NAMES) for b in NAMES[:i]]


def votes() -> list[Vote]:
    rng = np.random.default_rng(0)
    said: list[Vote] = []
    for _ in range(3):
        for pair in every_pair(rng):
            better = "first" if pair[0] > pair[1] else "second"
            said += [(pair, "ana", better), (pair, "ben", better)]
            said.append((pair, "lea", "first" if rng.random() < 0.6 else better))
    said += [(pair, "rex", str(rng.choice(["first", "second"]))) for pair in every_pair(rng)]
    return said


def test_each_reader_is_told_by_what_they_do() -> None:
    found = {each.reviewer: each for each in reader_leanings(votes())}
    assert found["ana"].habit is None
    assert (found["ana"].cycles, found["ana"].triples) == (0, 56)
    assert found["ana"].low < 0.5 < found["ana"].high
    assert found["lea"].habit is not None
    assert found["lea"].habit.startswith("prefers what stands first in ")
    assert found["rex"].habit is not None
    assert found["rex"].habit.endswith("of 56 triples of texts go round in a circle, as by chance")


def test_nothing_said_is_nothing_found_and_equal_texts_are_no_comparison() -> None:
    assert reader_leanings([]) == []
    assert reader_leanings([(("same", "same"), "ana", "first")]) == []


def test_order_of_votes_plays_no_part() -> None:
    said = votes()
    one, two = reader_leanings(said), reader_leanings(said[::-1])
    assert [each.habit for each in one] == [each.habit for each in two]
