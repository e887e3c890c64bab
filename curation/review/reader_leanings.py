"""What comparisons tell of each reader besides how often they are right: a liking for one place, and circles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from curation.review.comparisons import Comparisons, Cycles, cycles, read_comparisons
from curation.review.rank_items import rank_items
from evaluation.intervals import Interval, wilson_interval

_BY_CHANCE = 0.25  # of three items that are compared at random, two of the eight outcomes go round in a circle
_ENOUGH = 8  # triples below which nothing is said of circles


@dataclass(frozen=True, kw_only=True)
class Leaning:
    """How one reader compares.

    Attributes:
        reviewer: The name.
        comparisons: Votes, ties among them.
        first: How likely they prefer what stands first of two that are equally good, in [0, 1], no tie counted.
        low: Lower end of its 95% interval.
        high: Upper end.
        cycles: How many triples of texts go round in a circle by their votes alone; None where nobody can look.
        triples: Of how many that they compared all three pairs of.
        habit: What stands out, in words; None where nothing does.
    """

    reviewer: str
    comparisons: int
    first: float
    low: float
    high: float
    cycles: int | None
    triples: int | None
    habit: str | None


def reader_leanings(said: Iterable[tuple[Sequence[str], str, str]], *, seed: int = 0) -> list[Leaning]:
    """Return how every reader compares, by name.

    Which text stands first has to say nothing of which is better, as where it is drawn.

    Args:
        said: Of every vote the two texts in the order shown, the reviewer, and `first`, `second` or `equal`.
        seed: As for `rank_items`.

    Example:
        >>> pairs = [(f"good {n}", f"bad {n}")[:: 1 - n % 2 * 2] for n in range(40)]
        >>> votes = [(pair, "ana", "second" if n % 2 else "first") for n, pair in enumerate(pairs)]
        >>> votes += [(pair, "ben", "first") for pair in pairs]
        >>> [leaning.habit is None for leaning in reader_leanings(votes)]
        [True, False]
    """
    votes = list(said)
    if not votes:
        return []
    names: dict[str, str] = {}
    rows = [
        (*(names.setdefault(text, f"text {len(names)}") for text in pair), reviewer, answer)
        for pair, reviewer, answer in votes
        if pair[0] != pair[1]
    ]
    if not rows:
        return []
    known, found = read_comparisons(rows), rank_items(rows, seed=seed)
    of_readers = {name: _own(known, place) for place, name in enumerate(known.reviewers)}
    firsts = {name: _share_of_firsts(known, place) for place, name in enumerate(known.reviewers)}
    return [_leaning(row, of_readers[row["reviewer"]], firsts[row["reviewer"]]) for row in found.reviewers.to_pylist()]


def _share_of_firsts(known: Comparisons, reviewer: int) -> Interval | None:
    """Return the share of a reader's own votes for what stands first, no tie counted; None where there are none."""
    outcome = known.outcome[(known.reviewer == reviewer) & (known.outcome != 0)]
    return wilson_interval(int((outcome > 0).sum()), len(outcome)) if len(outcome) else None


def _place(low: float | None, high: float | None) -> str | None:
    """Return what is preferred beyond chance, by the ends of the interval of the share of firsts."""
    return "first" if (low or 0.0) > 0.5 else "second" if (1.0 if high is None else high) < 0.5 else None


def _own(known: Comparisons, reviewer: int) -> Cycles:
    mine = known.reviewer == reviewer
    return cycles(
        replace(
            known,
            first=known.first[mine],
            second=known.second[mine],
            reviewer=np.zeros(int(mine.sum()), dtype=np.int64),
            outcome=known.outcome[mine],
        )
    )


def _leaning(row: Mapping[str, float], circles: Cycles, firsts: Interval | None) -> Leaning:
    place = _place(row["first_low"], row["first_high"])
    if firsts is None or place != _place(firsts.low, firsts.high):
        place = None  # the model takes readers for like each other; the reader's own votes have to say so, too
    share = row["first"] if place == "first" else 1 - row["first"]
    said = [f"prefers what stands {place} in {share:.0%} of equal pairs"] if place else []
    if circles.triples is not None and circles.count is not None and circles.triples >= _ENOUGH:
        high = wilson_interval(circles.count, circles.triples).high
        if high is not None and high >= _BY_CHANCE:
            said.append(f"{circles.count} of {circles.triples} triples of texts go round in a circle, as by chance")
    return Leaning(
        reviewer=str(row["reviewer"]),
        comparisons=int(row["comparisons"]),
        first=row["first"],
        low=row["first_low"],
        high=row["first_high"],
        cycles=circles.count,
        triples=circles.triples,
        habit="; ".join(said) or None,
    )
