"""Texts as words, so that every passage begins where a word does and ends where one does."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

_WORD = regex.compile(r"[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_\u200c\u200d]|['\u2019](?=\p{L}))*|\s|\X", flags=regex.V1)
"""Letters, their marks and digits in a row, or one character as people see it: an emoji, a sign, a blank."""


@dataclass(frozen=True)
class Word:
    """A word by the characters of its text: from `start` up to `end`."""

    start: int
    end: int


def words(text: str, borders: Iterable[int] = ()) -> list[Word]:
    """Return the words of a text without blanks, cut where a border lies inside one.

    Example:
        >>> [(word.start, word.end) for word in words("don't go!", borders=[1])]
        [(0, 1), (1, 5), (6, 8), (8, 9)]
    """
    found = [Word(m.start(), m.end()) for m in _WORD.finditer(text) if not text[m.start()].isspace()]
    cut = sorted(set(borders))
    return [part for word in found for part in _cut(word, cut)] if cut else found


def _cut(word: Word, borders: Sequence[int]) -> list[Word]:
    inside = borders[bisect_right(borders, word.start) : bisect_left(borders, word.end)]
    at = [word.start, *inside, word.end]
    return [Word(start, end) for start, end in pairwise(at)]


def borders_inside(found: Sequence[Word], borders: Iterable[int]) -> int:
    """Return how many borders lie inside a word."""
    inside = {place for word in found for place in range(word.start + 1, word.end)}
    return sum(border in inside for border in set(borders))
