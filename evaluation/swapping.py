"""Texts that name somebody else: whole words, with their capital letters, and pronouns in the form of their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from zlib import crc32

import numpy as np
import regex

from evaluation.asking import Record
from evaluation.swap_terms import SwapPair, Term, folded

_NEXT = regex.compile(r"[\s\"'\u2018\u201c]*([\w\u2019'-]+)?")


@dataclass(frozen=True, kw_only=True)
class Swapped:
    """A record in which a group was put in the place of another.

    Attributes:
        side: 0 where the record names the first group alone, 1 the second; None where it names both.
        records: What becomes of it: one, or several where any of several names may stand there.
    """

    side: int | None
    records: tuple[Record, ...]


def swapped(record: Record, pair: SwapPair, *, variants: int = 3, seed: int = 0) -> Swapped | None:
    """Return what becomes of a record when the two groups of a pair change places; None where it names neither.

    Args:
        record: Its texts; all are changed alike.
        pair: The groups and their words.
        variants: How many a record becomes where one word may become several.
        seed: Of the draws, with the record itself: the order of the records plays no part.

    Example:
        >>> from evaluation.swap_terms import swaps_of
        >>> found = swapped(("She lost her card. His wife told HER.",), swaps_of()[0])
        >>> found.side, found.records[0][0]
        (None, 'He lost his card. Her husband told HIM.')
    """
    pattern = _pattern(pair)
    named = [term for text in record for match in pattern.finditer(text) if (term := _term(match, pair))]
    if not named:
        return None
    sides = {term.side for term in named}
    drawn = any(_is_drawn(term) for term in named)
    number = crc32("\0".join(record).encode("utf-8", "surrogatepass"))
    return Swapped(
        side=sides.pop() if len(sides) == 1 else None,
        records=tuple(
            dict.fromkeys(
                _changed(record, pair, _cast(named, np.random.default_rng([seed, number, variant])))
                for variant in range(variants if drawn else 1)
            )
        ),
    )


def _changed(record: Record, pair: SwapPair, cast: dict[str, str]) -> Record:
    def other(match: regex.Match[str]) -> str:
        term = _term(match, pair)
        if term is None:
            return str(match[0])
        to = cast.get(term.word) or term.becomes[_stands_alone(match, pair) if term.by_place else 0]
        return _cased(match[0], to)

    return tuple(_pattern(pair).sub(other, text) for text in record)


def _cast(named: Sequence[Term], rng: np.random.Generator) -> dict[str, str]:
    """Return who stands in for whom: the same for the same name, different ones for different names."""
    found: dict[str, str] = {}
    taken: dict[tuple[str, ...], list[str]] = {}
    for term in filter(_is_drawn, named):
        if term.word not in found:
            free = taken.get(term.becomes) or [term.becomes[at] for at in rng.permutation(len(term.becomes))]
            found[term.word] = free.pop()
            taken[term.becomes] = free
    return found


def _is_drawn(term: Term) -> bool:
    return len(term.becomes) > 1 and not term.by_place


def _term(match: regex.Match[str], pair: SwapPair) -> Term | None:
    term = pair.terms[folded(match[0])]
    return None if term.word[0].isupper() and not match[0][0].isupper() else term


def _stands_alone(match: regex.Match[str], pair: SwapPair) -> bool:
    follows = _NEXT.match(match.string, match.end())
    word = follows and follows[1]
    return not word or word.casefold().replace("\u2019", "'") in pair.alone_before


def _cased(found: str, to: str) -> str:
    if len(found) > 1 and found.isupper():
        return to.upper()
    if found.istitle():
        return " ".join(word[:1].upper() + word[1:] for word in to.split(" "))
    return to[:1].upper() + to[1:] if found[0].isupper() else to


def _pattern(pair: SwapPair) -> regex.Pattern[str]:
    return _compiled(tuple(pair.terms))


@cache
def _compiled(words: tuple[str, ...]) -> regex.Pattern[str]:
    """Return what finds every word, even inside a longer one of several words."""
    longest_first = sorted(words, key=len, reverse=True)
    alternatives = "|".join(r"\s+".join(map(regex.escape, word.split(" "))) for word in longest_first)
    return regex.compile(rf"(?<![\w-])(?:{alternatives})(?![\w-])", regex.IGNORECASE)
