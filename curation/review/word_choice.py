"""How likely each of the words is that people wrote at one place: readers' quality and plausibility, weighed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from curation.review.votes import Floats, Ints
from curation.review.word_evidence import Place, Reading

WEIGHTS: Mapping[str, float] = {
    "nothing": 0.0,
    "unseen": -0.5,
    "length": 0.5,
    "neighbours": 0.2,
    "alike": 0.3,
    "completeness": 0.5,
    "oddness": -0.3,
    "gaps": -0.5,
}
"""What each kind of evidence counts, as log odds, beside the trust in readers; none is fitted to transcripts."""

_ALIKE = 0.15  # correlation of readers' errors where two or three texts a record do not show it
_PLACES = 100.0  # places with four texts or more that count as much as that
_WORDS = 20.0  # words that count as much as what is known of all readers, for a reader of whom nothing is known
_LEAST, _MOST = 1e-3, 0.9  # the share of wrong words that any reader has
_ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """How likely the options of a place are.

    Attributes:
        likely: Shape (options,), of each; what is left is that none of them is right.
        place: The place.
    """

    likely: Floats
    place: Place


@dataclass(frozen=True, kw_only=True)
class WordFit:
    """What is known of words and readers.

    Attributes:
        chosen: Of each record, its places at which texts differ.
        agreed: Shape (N,), how likely a word is right on which all texts of a record agree.
        error: Shape (R,), the share of wrong words of every reader.
        trust: Of each record, shape (m,): the log odds that a word of each text carries.
    """

    chosen: Sequence[Sequence[Chosen]]
    agreed: Floats
    error: Floats
    trust: Sequence[Floats]


@dataclass(frozen=True, kw_only=True)
class _Table:
    """All places, one below the other, and who said what there.

    Attributes:
        plausible: Shape (O,), what speaks for each option but for who said it.
        start: Shape (P,), where the options of each place begin.
        place: Shape (O,), which place an option is of.
        option: Shape (S,), what was said: a row of `plausible`.
        text: Shape (S,), by which text.
    """

    plausible: Floats
    start: Ints
    place: Ints
    option: Ints
    text: Ints

    def likely(self, trust: Floats) -> Floats:
        """Return how likely each option is, shape (O,), by what each text's words count, shape (T,)."""
        if not len(self.start):
            return np.zeros(0)
        score = self.plausible + np.bincount(self.option, weights=trust[self.text], minlength=len(self.plausible))
        top = np.maximum(np.maximum.reduceat(score, self.start), 0.0)
        odds = np.exp(score - top[self.place])
        none = np.exp(-top)  # that nobody is right speaks for nothing
        return np.asarray(odds / (np.add.reduceat(odds, self.start) + none)[self.place])


def fit_words(readings: Sequence[Reading], places: Sequence[Sequence[Place]], n_readers: int) -> WordFit:
    """Learn how often each reader is wrong, and how likely each word is right, in turns (EM).

    A word counts -log e for each text that has it, e being the share of wrong words of its reader: an error may be any
    of many words, so the same word twice is hardly an error twice. As what is hard for one reader is hard for all, n
    texts count like n / (1 + (n - 1) r), r being the correlation of their errors (`_correlation`). What a reader wrote
    of the record itself is left out of e, and e is pooled with that of all readers.

    Args:
        readings: The texts of every record.
        places: Of every record, the places at which they differ, with what speaks for each option.
        n_readers: How many readers there are.
    """
    who = np.concatenate([np.zeros(0, dtype=np.int64), *(reading.readers for reading in readings)])
    first = np.concatenate([[0], np.cumsum([len(reading.readers) for reading in readings])]).astype(np.int64)
    table, n_words = _table(places, first), _lengths(readings)
    n_texts = np.array([len(reading.readers) for reading in readings], dtype=np.int64)
    slots = np.array([len(reading.slots) for reading in readings], dtype=np.int64)
    of_place = np.repeat(np.arange(len(places)), [len(of_record) for of_record in places])
    alike = _ALIKE
    counts = np.bincount(table.option, minlength=len(table.plausible)).astype(float)
    likely = counts / np.add.reduceat(counts, table.start)[table.place] if len(counts) else counts
    seen = np.bincount(who, weights=n_words, minlength=n_readers)
    for _ in range(_ROUNDS):
        wrong = np.bincount(table.text, weights=1 - likely[table.option], minlength=len(who))
        of_all = np.bincount(who, weights=wrong, minlength=n_readers)
        crowd = (of_all.sum() + 1) / (seen.sum() + _WORDS)
        others = (of_all[who] - wrong + _WORDS * crowd) / (seen[who] - n_words + _WORDS)
        trust = -np.log(others.clip(_LEAST, _MOST)) / np.repeat(1 + (n_texts - 1) * alike, n_texts)
        likely = table.likely(trust)
        alike = _correlation(table, likely, of_place, n_texts, slots)
    parts = [trust[a:b] for a, b in pairwise(first)]
    return WordFit(
        chosen=_by_record(places, likely),
        agreed=1 / (1 + np.exp(-np.array([part.sum() for part in parts]))),
        error=(of_all + _WORDS * crowd) / (seen + _WORDS),
        trust=parts,
    )


def _lengths(readings: Sequence[Reading]) -> Floats:
    """Return how many words each text is expected to have, shape (T,): those of the record's longest."""
    lengths = [[max(1, *map(len, reading.texts))] * len(reading.texts) for reading in readings]
    return np.array([n for of_record in lengths for n in of_record], dtype=np.float64)


def _correlation(table: _Table, likely: Floats, of_place: Ints, n_texts: Ints, slots: Ints) -> float:
    """Return how far readers' errors go together, in [0, 1]: what is hard for one is hard for the next.

    Errors at one place vary more than those of a binomial by the factor 1 + (m - 1) r where they correlate by r. Two
    texts show nothing of it, as one of them is taken to be right where they differ, and three too little: two that err
    alike outvote the third. So places of records with four texts or more count, pooled with the usual correlation.

    Args:
        table: The places at which texts differ.
        likely: Shape (O,), of every option there.
        of_place: Shape (P,), the record of every such place.
        n_texts: Shape (N,), texts of every record.
        slots: Shape (N,), places of every record; where its texts agree, none is taken to be wrong.
    """
    said_at = table.place[table.option]
    wrong = np.bincount(said_at, weights=1 - likely[table.option], minlength=len(of_place))
    several = n_texts >= 4
    counted, m = several[of_place], n_texts[of_place]
    agreed = (slots - np.bincount(of_place, minlength=len(slots)))[several]
    share = wrong[counted].sum() / max(float((slots * n_texts)[several].sum()), 1.0)
    usual = share * (1 - share)
    apart = ((wrong - m * share) ** 2)[counted].sum() + (agreed * (n_texts[several] * share) ** 2).sum()
    by_chance = usual * float((slots * n_texts)[several].sum())
    pairs = usual * float((slots * n_texts * (n_texts - 1))[several].sum())
    known = _PLACES * 6 * usual
    found = (apart - by_chance + known * _ALIKE) / (pairs + known) if usual > 0 else _ALIKE
    return float(np.clip(found, 0.0, 1.0))


def _table(places: Sequence[Sequence[Place]], first: Ints) -> _Table:
    listed = [place for of_record in places for place in of_record]
    sizes = np.array([len(place.options) for place in listed], dtype=np.int64)
    start = np.cumsum(sizes) - sizes
    weights = np.array(list(WEIGHTS.values()))
    texts = [first[n] + np.arange(len(p.said)) for n, of_record in enumerate(places) for p in of_record]
    none = np.zeros(0, dtype=np.int64)
    return _Table(
        plausible=np.concatenate([np.zeros(0), *(place.evidence @ weights for place in listed)]),
        start=start,
        place=np.repeat(np.arange(len(listed)), sizes),
        option=np.concatenate([none, *(at + p.said for at, p in zip(start, listed, strict=True))]),
        text=np.concatenate([none, *texts]),
    )


def _by_record(places: Sequence[Sequence[Place]], likely: Floats) -> list[list[Chosen]]:
    found: list[list[Chosen]] = []
    at = 0
    for of_record in places:
        found.append([])
        for place in of_record:
            found[-1].append(Chosen(likely=likely[at : at + len(place.options)], place=place))
            at += len(place.options)
    return found
