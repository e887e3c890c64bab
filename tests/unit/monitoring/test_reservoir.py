"""A sample of a stream: each item with the same chance, in order, the same for the same seed."""

from __future__ import annotations

from collections import Counter

from scipy.stats import chisquare

from curation.monitoring.reservoir import Reservoir


def sample(size: int, n: int, seed: int) -> list[int]:
    kept = Reservoir[int](size, seed)
    for item in range(n):
        kept.offer(item)
    assert kept.offered == n
    return kept.items()


def test_a_short_stream_is_kept_whole_and_a_long_one_in_order() -> None:
    assert sample(5, 3, 0) == [0, 1, 2]
    found = sample(50, 1_000, 0)
    assert len(found) == len(set(found)) == 50
    assert found == sorted(found) == sample(50, 1_000, 0)
    assert found != sample(50, 1_000, 1)


def test_every_item_has_the_same_chance() -> None:
    counts = Counter(item for seed in range(2_000) for item in sample(5, 20, seed))
    assert chisquare([counts[item] for item in range(20)]).pvalue > 0.001
