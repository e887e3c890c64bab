"""The words of texts with what they show, and marked passages as tags of words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from curation.quality.input_checks import BoolArray, IntArray

_WORD = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")  # runs of letters, runs of digits, and signs one by one
_RARE = 2  # words in which a feature has to stand
_OUT = "\n"  # what stands before and after a text


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of n texts, one after the other.

    Attributes:
        lengths: (n,) words of each text.
        starts: (n,) position of its first word.
        places: (words, 2) where each begins and ends in its text, in characters.
        features: (words, features) ones where a word shows something.
    """

    lengths: IntArray
    starts: IntArray
    places: IntArray
    features: sparse.csr_matrix

    def of(self, record: int) -> slice:
        """Return where the words of a text stand."""
        return slice(int(self.starts[record]), int(self.starts[record] + self.lengths[record]))


def read_words(texts: Sequence[str]) -> Words:
    """Cut texts into words, and say of each what it shows: itself, its shape and ends, and what stands around it."""
    found = [[(m.group(), m.start(), m.end()) for m in _WORD.finditer(text)] for text in texts]
    lengths = np.array([len(words) for words in found], dtype=np.intp)
    shown = [shows for words in found for shows in _shown([word for word, *_ in words])]
    places = np.array([place[1:] for words in found for place in words], dtype=np.intp).reshape(-1, 2)
    return Words(lengths=lengths, starts=np.cumsum(lengths) - lengths, places=places, features=_matrix(shown))


def _shown(words: Sequence[str]) -> Iterator[list[str]]:
    around = [_OUT, _OUT, *(word.lower() for word in words), _OUT, _OUT]
    shapes = [_OUT, *map(_shape, words), _OUT]
    for i, word in enumerate(words):
        before2, before, here, after, after2 = around[i : i + 5]
        yield [
            "here",
            f"w {here}",
            f"W {word}",
            f"s {shapes[i + 1]}",
            f"< {here[:3]}",
            f"> {here[-3:]}",
            f">> {here[-2:]}",
            f"-1 {before}",
            f"+1 {after}",
            f"-2 {before2}",
            f"+2 {after2}",
            f"-1s {shapes[i]}",
            f"+1s {shapes[i + 2]}",
            f"-1+0 {before} {here}",
            f"+0+1 {here} {after}",
            f"-1+1 {before} {after}",
            f"-2-1 {before2} {before}",
            f"+1+2 {after} {after2}",
            f"-1s+0s {shapes[i]} {shapes[i + 1]}",
            f"+0s+1s {shapes[i + 1]} {shapes[i + 2]}",
        ]


def _shape(word: str) -> str:
    """Return digits as their number, letters as capitals and small ones, runs made short: `9`, `99`, `Xx`, `X`."""
    if word.isdigit():
        return "9" * min(len(word), 5)
    return re.sub(r"(.)\1+", r"\1", "".join("X" if c.isupper() else "x" if c.isalpha() else c for c in word))


def _matrix(shown: Sequence[Sequence[str]]) -> sparse.csr_matrix:
    counts = Counter(name for names in shown for name in names)
    place = {name: at for at, name in enumerate(name for name, count in counts.items() if count >= _RARE)}
    rows = [[place[name] for name in names if name in place] for names in shown]
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.array([at for row in rows for at in row], dtype=np.int32)
    return sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(shown), len(place)))


@dataclass(frozen=True, kw_only=True, order=True)
class Marked:
    """A passage in words of its text: the first, the one behind the last, and the position of its label."""

    first: int
    end: int
    label: int


def in_words(passages: Sequence[Mapping[str, Any]], places: IntArray, names: Sequence[Any]) -> list[Marked | None]:
    """Return passages by the words that they touch; None for one without a word, or over a longer one.

    Args:
        passages: What is marked in a text, in characters.
        places: (words, 2) of that text.
        names: The labels.
    """
    found: list[Marked | None] = [None] * len(passages)
    taken: BoolArray = np.zeros(len(places), dtype=bool)
    for at in sorted(range(len(passages)), key=lambda i: passages[i]["start"] - passages[i]["end"]):
        passage = passages[at]
        touched = np.flatnonzero((places[:, 0] < passage["end"]) & (places[:, 1] > passage["start"]))
        if len(touched) and not taken[touched].any():
            taken[touched] = True
            found[at] = Marked(first=int(touched[0]), end=int(touched[-1]) + 1, label=names.index(passage["label"]))
    return found


def as_tags(marked: Sequence[Marked | None], words: int) -> IntArray:
    """Return (words,) tags: 0 for none, and of label k 2 k + 1 where it begins and 2 k + 2 where it goes on."""
    tags = np.zeros(words, dtype=np.intp)
    for each in marked:
        if each is not None:
            tags[each.first : each.end] = 2 * each.label + 2
            tags[each.first] -= 1
    return tags


def order_of_tags(k: int) -> tuple[BoolArray, BoolArray]:
    """Return (m, m) which tag can follow which, and (m,) which can begin, of the m = 2 k + 1 tags of k labels."""
    m = 2 * k + 1
    can_follow, can_begin = np.ones((m, m), dtype=bool), np.ones(m, dtype=bool)
    can_begin[2::2] = False
    can_follow[:, 2::2] = False
    for label in range(k):
        can_follow[2 * label + 1 : 2 * label + 3, 2 * label + 2] = True
    return can_follow, can_begin
