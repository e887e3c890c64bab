"""Changing some of the places of a text: words, gaps between them, or whatever a pattern finds.

Every place has its draw from [0, 1) and is changed where that is below the strength: the share of the places that are
changed is the strength on average, and those of a weak change are among those of a strong one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import regex

from evaluation.protected_words import is_protected, pieces

Change: TypeAlias = Callable[[str, float, np.random.Generator], str]
"""Makes another text of a text, a strength in [0, 1] and a generator."""

_GAP = regex.compile(r"(?<=\S)\s+(?=\S)")


def in_words(change: Callable[[str, float, float], str], *, also_negations: bool = False) -> Change:
    """Return a change of the words of a text.

    Args:
        change: Makes another word of a word and two draws from [0, 1).
        also_negations: Whether words of letters alone are changed too that are protected, as those that negate are;
            placeholders, addresses and numbers never are.
    """

    def may_be(word: str) -> bool:
        return not is_protected(word) or (also_negations and word.replace("'", "").replace("\u2019", "").isalpha())

    def changed(text: str, strength: float, rng: np.random.Generator) -> str:
        taken = pieces(text)
        drawn = zip(taken.words, rng.random((len(taken.words), 3)).tolist(), strict=True)
        return taken.with_words(
            [change(word, *how) if at < strength and may_be(word) else word for word, (at, *how) in drawn]
        )

    return changed


def in_matches(pattern: regex.Pattern[str], change: Callable[[str, float], str]) -> Change:
    """Return a change of what a pattern finds in a text.

    Args:
        pattern: Finds places that do not overlap.
        change: Makes another one of what was found and a draw from [0, 1).
    """

    def changed(text: str, strength: float, rng: np.random.Generator) -> str:
        found = list(pattern.finditer(text))
        parts, end = [], 0
        for match, (at, how) in zip(found, rng.random((len(found), 2)).tolist(), strict=True):
            parts += [text[end : match.start()], change(match.group(), how) if at < strength else match.group()]
            end = match.end()
        return "".join([*parts, text[end:]])

    return changed


def in_gaps(change: Callable[[str, float], str]) -> Change:
    """Return a change of the white space between words, from what stands there and a draw from [0, 1)."""
    return in_matches(_GAP, change)


def of_whole(change: Callable[[str, float], str]) -> Change:
    """Return a change of a text as one place, from the text and a draw from [0, 1)."""

    def changed(text: str, strength: float, rng: np.random.Generator) -> str:
        at, how = rng.random(2).tolist()
        return change(text, how) if at < strength else text

    return changed


def one_of(choices: tuple[str, ...], draw: float) -> str:
    """Return the choice that a draw from [0, 1) stands for."""
    return choices[int(draw * len(choices))]
