"""What may have happened to the passages of a text: kept, other label, other borders, added, missing; and how likely.

A passage that stands there is compared with what else could stand in its place between its neighbours: nothing, other
labels, other borders; and stretches without one with the passages that could stand there. How likely each is by itself
says a chain that has not seen the text; how often such things happen is fitted to all texts together (EM; Dempster,
Laird & Rubin 1977).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curation.quality.input_checks import FloatArray
from curation.quality.word_tags import Marked

_REACH = 4  # words by which a border may have moved
_MOST = 30.0  # of any log ratio: no single text is proof
_LEAST = 0.02  # of a missing passage, to be told apart
_MOST_WRONG = 0.4  # share of passages beyond which the data cannot tell wrong from right
_TURNS = 20
_OF_GIVEN = ("label", "borders", "added")
HAPPENED = (*_OF_GIVEN, "missing")
"""What can have happened to a passage; kept is what is left."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Words of a text between the passages on both sides, and how likely passages in it are against none.

    Attributes:
        low: Its first word.
        high: The one behind its last.
        log_odds: By first word, words and label, (words, longest, k), minus infinity where the passage would not fit.
    """

    low: int
    high: int
    log_odds: FloatArray


@dataclass(frozen=True, kw_only=True)
class Doubted:
    """A passage that stands there, or may be missing, and what may be right in its place.

    Attributes:
        given: What stands there; None where nothing does.
        likeliest: What seems right where that is wrong; None for nothing.
        by: For each thing that can have happened the log of how much more likely the text is then, its rate aside.
    """

    given: Marked | None
    likeliest: Mapping[str, Marked | None]
    by: Mapping[str, float]


class Speaker:
    """Log odds of passages in one text, by what its words say and by which tag follows which."""

    def __init__(self, emissions: FloatArray, follows: FloatArray, begins: FloatArray, longest: int) -> None:
        self.words, self.k, self.longest = len(emissions), emissions.shape[1] // 2, longest
        self.follows, self.begins = follows, begins
        none = emissions[:, :1]
        self.begin = emissions[:, 1::2] - none
        goes_on = np.cumsum(emissions[:, 2::2] - none, axis=0)
        self.goes_on = np.concatenate([np.zeros((1, self.k)), goes_on])

    def stretch(self, low: int, high: int, before: int | None, after: int | None) -> Stretch:
        """Return the stretch of words from `low` to before `high`, with the tags on both sides; None at an end."""
        n, k, f = high - low, self.k, self.follows
        lengths = np.arange(1, min(self.longest, n) + 1)
        labels = np.arange(k)
        first, on = 2 * labels + 1, 2 * labels + 2
        i = np.arange(low, high)
        enter = np.full((n, k), 0.0) + f[0, first] - f[0, 0]
        if low < high:
            enter[0] = (self.begins[first] - self.begins[0]) if before is None else f[before, first] - f[before, 0]
        ends = i[:, None] + lengths  # (n, lengths), the word behind the last
        inside = self.goes_on[np.minimum(ends, self.words)] - self.goes_on[np.minimum(i + 1, self.words)][:, None]
        step = np.where(lengths[:, None] > 1, f[first, on] + (lengths[:, None] - 2) * f[on, on], 0.0)
        step = step - (lengths[:, None] - 1) * f[0, 0]
        last = np.where(lengths[:, None] > 1, on, first)  # (lengths, k)
        inner = f[last, 0] - f[0, 0]
        outer = np.zeros_like(inner) if after is None else f[last, after] - f[0, after]
        leave = np.where((ends == high)[:, :, None], outer, inner)
        odds = enter[:, None] + self.begin[i][:, None] + inside + step + leave
        odds[ends > high] = -np.inf
        return Stretch(low=low, high=high, log_odds=odds)


def doubts_of(marked: Sequence[Marked], speaker: Speaker) -> list[Doubted]:
    """Return what may have happened in one text.

    Args:
        marked: Its passages, in order.
        speaker: What the chain says of its words.
    """
    found = [_of_given(marked, at, speaker) for at in range(len(marked))]
    bounds = [(0, None), *((each.end, each) for each in marked)]
    for at, (low, before) in enumerate(bounds):
        after = marked[at] if at < len(marked) else None
        high = speaker.words if after is None else after.first
        if low < high:
            found += _missing(speaker.stretch(low, high, _last_tag(before), _first_tag(after)))
    return found


def _last_tag(passage: Marked | None) -> int | None:
    return None if passage is None else 2 * passage.label + 1 + (passage.end - passage.first > 1)


def _first_tag(passage: Marked | None) -> int | None:
    return None if passage is None else 2 * passage.label + 1


def _of_given(marked: Sequence[Marked], at: int, speaker: Speaker) -> Doubted:
    given = marked[at]
    before, after = (marked[at - 1] if at else None), (marked[at + 1] if at + 1 < len(marked) else None)
    low, high = (before.end if before else 0), (after.first if after else speaker.words)
    stretch = speaker.stretch(low, high, _last_tag(before), _first_tag(after))
    odds = stretch.log_odds
    i, length = given.first - low, given.end - given.first - 1
    own = odds[i, length, given.label]
    labels = odds[i, length] - own
    labels[given.label] = -np.inf
    borders = _moved(odds[:, :, given.label], i, length)
    move = np.unravel_index(int(borders.argmax()), borders.shape)
    label = int(labels.argmax())
    start = low + int(move[0])
    return Doubted(
        given=given,
        likeliest={
            "label": Marked(first=given.first, end=given.end, label=label),
            "borders": Marked(first=start, end=start + int(move[1]) + 1, label=given.label),
            "added": None,
        },
        by={
            "label": _clipped(_log_sum(labels) - np.log(max(speaker.k - 1, 1))),
            "borders": _clipped(_log_sum(borders - own)),
            "added": _clipped(-own - np.log(speaker.words)),  # by chance it could have begun at any word
        },
    )


def _moved(odds: FloatArray, i: int, length: int) -> FloatArray:
    """Return the log odds of passages with other borders that overlap the one given, each less how rarely it moves so.

    A border that moved is half as likely to have moved by a word more.
    """
    starts = np.arange(odds.shape[0])[:, None]
    ends = starts + np.arange(odds.shape[1]) + 1
    end = i + length + 1
    by = np.abs(starts - i) + np.abs(ends - end)
    near = (np.abs(starts - i) <= _REACH) & (np.abs(ends - end) <= _REACH) & (starts < end) & (ends > i)
    near &= (by > 0) & np.isfinite(odds)
    share = np.where(near, 0.5**by, 0.0)
    with np.errstate(divide="ignore"):
        return np.where(near, odds + np.log(share / max(share.sum(), 1e-9)), -np.inf)


def _missing(stretch: Stretch) -> list[Doubted]:
    """Return the passages that could stand in a stretch, those that overlap as one; the likeliest in any case."""
    odds = stretch.log_odds.copy()
    starts = np.arange(odds.shape[0])[:, None]
    ends = starts + np.arange(odds.shape[1]) + 1
    found: list[Doubted] = []
    while np.isfinite(odds).any():
        i, length, label = np.unravel_index(int(odds.argmax()), odds.shape)
        overlap = (starts < i + length + 1) & (ends > i)
        total = _log_sum(odds[overlap])
        if found and total < np.log(_LEAST):
            break
        likeliest = Marked(first=stretch.low + int(i), end=stretch.low + int(i + length) + 1, label=int(label))
        found.append(Doubted(given=None, likeliest={"missing": likeliest}, by={"missing": _clipped(total)}))
        odds[overlap] = -np.inf
    return found


def _log_sum(logs: FloatArray) -> float:
    highest = float(logs.max(initial=-np.inf))
    return highest + float(np.log(np.exp(logs - highest).sum())) if np.isfinite(highest) else -np.inf


def _clipped(log_ratio: float) -> float:
    return float(np.clip(log_ratio, -_MOST, _MOST))


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How often something happens to a passage.

    Attributes:
        each: Share of passages to which each single thing happens: one for all, because what is odd by itself looks
            like an error of some kind, which a rate of its own would feed.
        found: Share of passages to which each thing seems to have happened.
    """

    each: float
    found: Mapping[str, float]

    def probabilities(self, doubted: Doubted) -> dict[str, float]:
        """Return the probability of each thing that can have happened to a passage; kept is what is left."""
        odds = {name: self.each * np.exp(log) for name, log in doubted.by.items()}
        if doubted.given is not None:
            odds = {name: value / (1 - len(odds) * self.each) for name, value in odds.items()}
        total = 1 + sum(odds.values())
        return {name: float(value / total) for name, value in odds.items()}


def fitted_rates(doubted: Sequence[Doubted]) -> Rates:
    """Return the rate under which what stands there is likeliest, begun at one in a hundred."""
    given = [each for each in doubted if each.given is not None]
    missing = np.array([each.by["missing"] for each in doubted if each.given is None])
    logs = np.array([[each.by[name] for name in _OF_GIVEN] for each in given]).reshape(-1, len(_OF_GIVEN))
    rates = Rates(each=0.01, found={})
    for _ in range(_TURNS):
        rates = _next(rates.each, logs, missing)
    return rates


def _next(rate: float, logs: FloatArray, missing: FloatArray) -> Rates:
    """Return the rate by what seems to have happened at another one; half an error is added, so that none is never."""
    odds = rate / (1 - logs.shape[1] * rate) * np.exp(logs)
    happened = (odds / (1 + odds.sum(axis=1, keepdims=True))).sum(axis=0)
    lost = rate * np.exp(missing)
    missed = float((lost / (1 + lost)).sum())
    n, counts = len(logs), dict(zip(_OF_GIVEN, happened.tolist(), strict=True))
    each = (sum(counts.values()) + missed + 0.5) / (len(HAPPENED) * (n + missed) + 2)
    found = {**{name: count / max(n, 1) for name, count in counts.items()}, "missing": missed / max(n + missed, 1)}
    return Rates(each=min(each, _MOST_WRONG / len(_OF_GIVEN)), found=found)
