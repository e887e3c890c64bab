"""What speaks for each of the words that people wrote at one place: who wrote it, and how plausible it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np

from curation.review.votes import Floats, Ints
from curation.review.word_network import Slot, unlikeness

_START, _END = "\x02", "\x03"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The texts of one record.

    Attributes:
        readers: Shape (m,), who wrote each.
        texts: The words of each.
        slots: What each says at every place, see `network`.
    """

    readers: Ints
    texts: Sequence[Sequence[str]]
    slots: Sequence[Slot]


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """In how many records words and pairs of neighbours stand: a record counts by the share of its texts."""

    words: Counter[str]
    pairs: Counter[tuple[str, str]]

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]]) -> Corpus:
        """Return what the texts of one record count for."""
        words: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        for text in texts:
            for word in set(text):
                words[word] += 1 / len(texts)  # type: ignore[assignment]
            for pair in set(pairwise([_START, *text, _END])):
                pairs[pair] += 1 / len(texts)  # type: ignore[assignment]
        return cls(words=words, pairs=pairs)

    @classmethod
    def of_all(cls, parts: Sequence[Corpus]) -> Corpus:
        """Return the sum."""
        words: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        for part in parts:
            words.update(part.words)
            pairs.update(part.pairs)
        return cls(words=words, pairs=pairs)

    def elsewhere(self, own: Corpus) -> Elsewhere:
        """Return the counts of all records but one."""
        return Elsewhere(all=self, own=own)


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """The counts of all records but one."""

    all: Corpus
    own: Corpus

    def word(self, word: str) -> float:
        """Return in how many of them a word stands."""
        return max(self.all.words[word] - self.own.words[word], 0.0)

    def pair(self, first: str, second: str) -> float:
        """Return in how many of them two words follow each other."""
        return max(self.all.pairs[first, second] - self.own.pairs[first, second], 0.0)

    def is_unseen(self, said: str) -> float:
        """Return the share of words that stand in none of them."""
        words = said.split(" ")
        return sum(self.word(word) < 1e-6 for word in words) / len(words)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place at which texts differ.

    Attributes:
        at: Which slot it is.
        options: What was said there, sorted.
        said: Shape (m,), the option of each text.
        evidence: Shape (options, 8), see `evidence`.
    """

    at: int
    options: Sequence[str]
    said: Ints
    evidence: Floats


def evidence(reading: Reading, elsewhere: Elsewhere) -> list[Place]:
    """Return the places at which texts differ, with what speaks for each option.

    `nothing`: it is no word. `unseen`: the share of its words that no other record has. `length`: in tens of
    characters. `neighbours`: how often it stands elsewhere between words like those beside it, log(1 + records).
    `alike`: how many of the other texts have a word of like letters there. And of the texts that have it, summed, each
    against the mean of all: `completeness`, the logarithm of its length; `oddness`, the share of its words at such
    places that no other record has; `gaps`, the share of such places at which it has nothing.
    """
    differing = [i for i, slot in enumerate(reading.slots) if len(set(slot)) > 1]
    of_texts = _of_texts(reading, differing, elsewhere)
    found = []
    for at in differing:
        slot = reading.slots[at]
        options = sorted(set(slot))
        said = np.array([options.index(word) for word in slot])
        rows = [_of_option(reading, at, option, elsewhere) for option in options]
        summed = np.array([of_texts[said == n].sum(axis=0) for n in range(len(options))])
        found.append(Place(at=at, options=options, said=said, evidence=np.hstack([np.array(rows), summed])))
    return found


def _of_texts(reading: Reading, differing: Sequence[int], elsewhere: Elsewhere) -> Floats:
    rows = []
    for i, text in enumerate(reading.texts):
        said = [reading.slots[at][i] for at in differing]
        words = [word for word in said if word]
        odd = sum(map(elsewhere.is_unseen, words)) / max(len(words), 1)
        rows.append([log(max(len(text), 1)), odd, said.count("") / max(len(said), 1)])
    found = np.array(rows)
    return np.asarray(found - found.mean(axis=0))


def _of_option(reading: Reading, at: int, option: str, elsewhere: Elsewhere) -> list[float]:
    slot = reading.slots[at]
    by = list(slot).index(option)
    before = next((s[by] for s in reversed(reading.slots[:at]) if s[by]), _START).split(" ")[-1]
    after = next((s[by] for s in reading.slots[at + 1 :] if s[by]), _END).split(" ")[0]
    if not option:
        return [1.0, 0.0, 0.0, log(1 + elsewhere.pair(before, after)), 0.0]
    words = option.split(" ")
    beside = log(1 + elsewhere.pair(before, words[0])) + log(1 + elsewhere.pair(words[-1], after))
    alike = sum(max(0.0, 1 - 2 * unlikeness(option, other)) for other in slot if other and other != option)
    return [0.0, elsewhere.is_unseen(option), len(option) / 10, beside, alike]
