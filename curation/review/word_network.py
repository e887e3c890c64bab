"""Several texts of one thing laid beside each other, word by word."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from curation.review.votes import Floats
from evaluation.edit_distance import edit_distance
from evaluation.words import bare, pieces

Slot: TypeAlias = Sequence[str]
"""What every text says at one place: a word, several with blanks between them, or "" for nothing."""

_CELLS = 250_000  # pairs of a place and a word that are weighed against each other
_ANOTHER = 0.5  # of a word's cost: that it is another one at all, however alike


@dataclass(frozen=True, kw_only=True)
class Written:
    """A text as its words.

    Attributes:
        words: The words that are compared.
        forms: Each as it is written, with the punctuation around it.
        before: The white space before each.
        after: The white space at the end.
    """

    words: Sequence[str]
    forms: Sequence[str]
    before: Sequence[str]
    after: str


def written(text: str) -> Written:
    """Return a text as its words; punctuation that stands alone belongs to the word before it, or else after it."""
    words: list[str] = []
    forms: list[str] = []
    before: list[str] = []
    blank = ""
    for piece in pieces(text):
        if piece.isspace():
            blank += piece
        elif (word := bare(piece)) or not forms:
            words.append(word)
            forms.append(piece)
            before.append(blank)
            blank = ""
        else:
            forms[-1] += blank + piece
            blank = ""
    if len(words) > 1 and not words[0]:
        words, forms, before = words[1:], [forms[0] + before[1] + forms[1], *forms[2:]], [before[0], *before[2:]]
    return Written(
        words=[word or form for word, form in zip(words, forms, strict=True)], forms=forms, before=before, after=blank
    )


@lru_cache(maxsize=1_000_000)
def unlikeness(one: str, other: str) -> float:
    """Return the share of characters that differ, by the longer of two words, in [0, 1]."""
    return edit_distance(one, other) / max(len(one), len(other), 1)


def network(texts: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the slots of several texts in order, each with what every text says there.

    Texts are laid beside what there is one after another, from the one nearest to all others on, so that the cost of
    all places is least (Fiscus 1997, A post-processing system to yield reduced word error rates, ASRU, 347-354); words
    of like letters lie at one place rather than others.

    Args:
        texts: Words of each text.

    >>> network([["the", "soup", "was", "cold"], ["the", "soups", "cold"]])
    [['the', 'the'], ['soup', 'soups'], ['was', ''], ['cold', 'cold']]
    """
    apart = np.array([[edit_distance(one, other) for other in texts] for one in texts])
    first = int(apart.sum(axis=1).argmin())
    order = sorted(range(len(texts)), key=lambda i: (apart[first, i], i))
    slots = [[word] for word in texts[order[0]]]
    for n, i in enumerate(order[1:], 1):
        slots = _with(slots, texts[i], n)
    place = {i: at for at, i in enumerate(order)}
    return _rejoined([[slot[place[i]] for i in range(len(texts))] for slot in slots])


def _with(slots: list[list[str]], words: Sequence[str], n: int) -> list[list[str]]:
    """Return `slots` of n texts with one text more."""
    found: list[list[str]] = []
    low, high = _ends(slots, words)
    found += [[*slot, word] for slot, word in zip(slots[:low], words[:low], strict=True)]
    middle, said = slots[low : len(slots) - high], words[low : len(words) - high]
    found += _aligned(middle, said, n)
    found += [[*slot, word] for slot, word in zip(slots[len(slots) - high :], words[len(words) - high :], strict=True)]
    return found


def _ends(slots: Sequence[Slot], words: Sequence[str]) -> tuple[int, int]:
    """Return how many words at both ends are those of all texts: there is nothing to weigh."""
    least, low = min(len(slots), len(words)), 0
    while low < least and all(said == words[low] for said in slots[low]):
        low += 1
    high = 0
    while high < least - low and all(said == words[-1 - high] for said in slots[-1 - high]):
        high += 1
    return low, high


def _aligned(slots: Sequence[list[str]], words: Sequence[str], n: int) -> list[list[str]]:
    if not slots or not words:
        return [*([*slot, ""] for slot in slots), *([*[""] * n, word] for word in words)]
    if len(slots) * len(words) > _CELLS:
        return _in_parts(slots, words, n)
    known = [set(slot) - {""} for slot in slots]
    replace = np.array([[_cost(there, word) for word in words] for there in known])
    leave = np.array([1 - sum(not said for said in slot) / n for slot in slots])
    cost = np.zeros((len(slots) + 1, len(words) + 1))
    cost[1:, 0], cost[0, 1:] = np.cumsum(leave), np.arange(1, len(words) + 1)
    steps = np.arange(len(words) + 1)
    for i in range(1, len(slots) + 1):
        best = cost[i - 1] + leave[i - 1]
        best[1:] = np.minimum(best[1:], cost[i - 1, :-1] + replace[i - 1])
        cost[i] = np.minimum.accumulate(best - steps) + steps
    return _traced(slots, words, n, cost, replace, leave)


def _in_parts(slots: Sequence[list[str]], words: Sequence[str], n: int) -> list[list[str]]:
    """Do the same for long texts: what lies between their longest runs of the same words is laid beside each other."""
    usual = [max(sorted(set(slot)), key=slot.count) for slot in slots]
    found: list[list[str]] = []
    i = j = 0
    for block in SequenceMatcher(None, usual, words, autojunk=False).get_matching_blocks():
        apart, said = slots[i : block.a], words[j : block.b]
        together = len(apart) * len(said) <= _CELLS
        found += _aligned(apart, said, n) if together else [*_aligned(apart, [], n), *_aligned([], said, n)]
        i, j = block.a + block.size, block.b + block.size
        same = zip(slots[block.a : i], words[block.b : j], strict=True)
        found += [[*slot, word] for slot, word in same]
    return found


def _traced(
    slots: Sequence[list[str]], words: Sequence[str], n: int, cost: Floats, replace: Floats, leave: Floats
) -> list[list[str]]:
    found: list[list[str]] = []
    i, j = len(slots), len(words)
    while i or j:
        if i and j and cost[i, j] >= cost[i - 1, j - 1] + replace[i - 1, j - 1] - 1e-9:
            i, j = i - 1, j - 1
            found.append([*slots[i], words[j]])
        elif i and cost[i, j] >= cost[i - 1, j] + leave[i - 1] - 1e-9:
            i -= 1
            found.append([*slots[i], ""])
        else:
            j -= 1
            found.append([*[""] * n, words[j]])
    return found[::-1]


def _cost(there: Collection[str], word: str) -> float:
    if word in there:
        return 0.0
    return _ANOTHER + (1 - _ANOTHER) * min(unlikeness(said, word) for said in there)


def _rejoined(slots: list[list[str]]) -> list[list[str]]:
    """Lay two places together where a word of one text is two in another, such as `airtight` and `air tight`."""
    found: list[list[str]] = []
    for slot in slots:
        if found and _is_one(found[-1], slot):
            found[-1] = [" ".join(filter(None, pair)) for pair in zip(found[-1], slot, strict=True)]
        else:
            found.append(slot)
    return found


def _is_one(left: Slot, right: Slot) -> bool:
    whole = {a or b for a, b in zip(left, right, strict=True) if bool(a) != bool(b)}
    return any(a and b and a.replace(" ", "") + b in whole for a, b in zip(left, right, strict=True))
