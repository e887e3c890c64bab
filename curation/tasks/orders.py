"""Orders of a few names, ties allowed: as ranks, in one line, and from what is said of every two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

ABOVE, BELOW, LEVEL = ">", "<", "="
BETWEEN = " | "  # of the two names of a pair
_MOST = 7  # names for which every order is tried: 3^n steps

Pairs = Mapping[tuple[str, str], int]
"""What is said of every two names, each pair once: 1 where the first is above the second, -1 below, 0 level."""


def tiers(ranked: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the names of every rank, from the best, names of one rank by the alphabet."""
    ranks = sorted({item["rank"] for item in ranked})
    return [sorted(item["value"] for item in ranked if item["rank"] == rank) for rank in ranks]


def ranks(of: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Return names with their ranks, 1 being the best, from those of every rank; equals share one, none is left out."""
    return [{"value": name, "rank": rank} for rank, names in enumerate(of, 1) for name in sorted(names)]


def in_words(of: Sequence[Sequence[str]]) -> str:
    """Return an order in one line, such as `tea > milk = rum`."""
    return f" {ABOVE} ".join(f" {LEVEL} ".join(names) for names in of)


def pairs(of: Sequence[Sequence[str]]) -> dict[tuple[str, str], int]:
    """Return what an order says of every two names, the earlier by the alphabet first."""
    place = {name: rank for rank, names in enumerate(of) for name in names}
    return {(a, b): (place[a] < place[b]) - (place[a] > place[b]) for a, b in combinations(sorted(place), 2)}


def order_of(said: Pairs) -> list[list[str]]:
    """Return the order that agrees most with what is said of pairs.

    Where that is an order, it comes back. Where it goes round in circles: for up to 7 names the order with the fewest
    pairs against it, one that it ties or unties counted half (Kemeny 1959; of several, the first by the alphabet); for
    more, by how many more names each is above than below (Copeland 1951).

    Example:
        >>> order_of({("milk", "rum"): 0, ("milk", "tea"): -1, ("rum", "tea"): -1})
        [['tea'], ['milk', 'rum']]
    """
    found = _by_wins(said)
    names = sorted({name for pair in said for name in pair})
    if len(names) > _MOST or pairs(found) == dict(said):
        return found
    signs = tuple(said[pair] for pair in combinations(names, 2))
    return [[names[i] for i in tier] for tier in _nearest(len(names), signs)]


def is_order(said: Pairs) -> bool:
    """Whether what is said of pairs is an order, and goes round in no circle."""
    return pairs(_by_wins(said)) == dict(said)


def _by_wins(said: Pairs) -> list[list[str]]:
    more: dict[str, int] = {}
    for (a, b), sign in said.items():
        more[a], more[b] = more.get(a, 0) + sign, more.get(b, 0) - sign
    return [sorted(name for name in more if more[name] == score) for score in sorted(set(more.values()), reverse=True)]


@lru_cache(maxsize=10_000)
def _nearest(n: int, signs: tuple[int, ...]) -> list[list[int]]:
    """Return the tiers of least cost, by positions: the best of every set, built from the best of its parts."""
    sign = dict(zip(combinations(range(n), 2), signs, strict=True))
    sign |= {(b, a): -s for (a, b), s in sign.items()}
    members = [[i for i in range(n) if mask >> i & 1] for mask in range(1 << n)]
    level = [sum(abs(sign[pair]) / 2 for pair in combinations(names, 2)) for names in members]
    above = [[sum((1 - sign[a, b]) / 2 for a in names if a != b) for b in range(n)] for names in members]
    best: list[tuple[float, list[list[int]]]] = [(0.0, [])]
    for mask in range(1, 1 << n):
        options = []
        top = mask
        while top:
            rest = mask ^ top
            cost = level[top] + sum(above[top][b] for b in members[rest]) + best[rest][0]
            options.append((cost, [members[top], *best[rest][1]]))
            top = (top - 1) & mask
        best.append(min(options))
    return best[-1][1]
