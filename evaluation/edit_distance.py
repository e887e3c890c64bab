"""How many words or characters apart two texts are, and which of them belong together."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

Signs: TypeAlias = Sequence[Hashable]
"""Words, or the characters of a text."""


def edit_distance(first: Signs, second: Signs) -> int:
    """Return the least number of signs to add, leave out or replace that makes one of the other (Levenshtein 1966).

    A column of the table is two whole numbers, a bit for each sign of `first` (Hyyrö 2003, A Bit-Vector Algorithm for
    Computing Levenshtein and Damerau Edit Distances, Nordic Journal of Computing 10, 29-39).

    >>> edit_distance("the soup was cold".split(), "the soups was so cold".split())
    2
    """
    if not first:
        return len(second)
    places: dict[Hashable, int] = {}
    for i, sign in enumerate(first):
        places[sign] = places.get(sign, 0) | 1 << i
    whole, last = (1 << len(first)) - 1, 1 << len(first) - 1
    up, down, distance = whole, 0, len(first)
    for sign in second:
        here = places.get(sign, 0)
        same = ((here & up) + up ^ up) | here | down
        right, left = down | ~(same | up) & whole, up & same
        distance += bool(right & last) - bool(left & last)
        right = right << 1 | 1
        up, down = (left << 1 | ~(same | right)) & whole, right & same & whole
    return distance


def word_error(said: Signs, right: Signs) -> float:
    """Return the word error rate: the edit distance by the length of the right text; 1 a word where that is empty.

    >>> word_error(["the", "cold", "soup"], ["the", "soup"])
    0.5
    """
    return edit_distance(said, right) / max(len(right), 1)
