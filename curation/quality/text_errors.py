"""Texts that are probably wrong: empty, copied, cut, far too long or short, in another language, mixed up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Any
from unicodedata import category, name

import numpy as np

from curation.quality.input_checks import BoolArray, FloatArray, as_texts
from curation.quality.label_errors import LabelQuality
from curation.quality.text_vectors import Embeddings
from evaluation.columns import Column, column, is_missing
from evaluation.settings import check_whole
from evaluation.words import words

CHECKS = ("empty", "copied", "repeated", "mixed up", "script", "letters", "length", "cut")
"""What a text may be doubted for, in the order in which reasons go before each other."""

_RARE = 0.1  # share of the texts that may do what is doubted: more of them, and it is the way of this data set
_FAR = 4.0  # robust standard deviations from the usual
_FEWEST = 20  # texts below which nothing is said to be unusual
_SHARED = 50  # records that a word may stand in and still tell one of them from the others
_TWICE = log(2)  # of a length: less than that is not far, however alike all others are
_WHOLE = ("empty", "copied", "script")
_OPEN = "Mn Mc Ll Lu Lo Lm Lt"  # categories of what a text that was cut ends with


@dataclass(frozen=True, kw_only=True, repr=False)
class TextQuality(LabelQuality):
    """How far each text can be believed; nothing better is known of a text, so `suggested` is the given one.

    Attributes:
        p_wrong: By each of `CHECKS`, (n,) how likely a text is wrong by that check alone, in [0, 1].
    """

    p_wrong: Mapping[str, FloatArray]


@dataclass(frozen=True, kw_only=True)
class _Known:
    """Texts, what they answer (None where that is not known), and both as words."""

    answers: Sequence[str]
    said: Sequence[Sequence[str]]
    asked: Sequence[Sequence[str]] | None

    @property
    def enough(self) -> bool:
        return len(self.answers) >= _FEWEST


def text_quality(
    labels: Column,
    *,
    texts: Column | None = None,
    embeddings: Embeddings = None,
    pred_probs: Column | None = None,
    label_names: Column | None = None,
    neighbours: Any = None,
    before: Any = None,
    seed: int = 0,
) -> TextQuality:
    """Doubt texts that people wrote, or a model did, by what they are beside each other and beside what they answer.

    A text is an issue if it is empty or of no letters or digits; a copy of what it answers, or the same as those of
    other records, where few are; in a script or in letters that hardly any other has; far longer or shorter than
    those of records like it; if it stops where most others end a sentence; or if its words are those of another
    record. What more than a tenth of the texts do is how this data set is, and no issue.

    Args:
        labels: n texts; a missing one is an empty one.
        texts: n texts that they answer: the prompt, the source of a translation, what was corrected.
        embeddings: Not used.
        pred_probs: Not used.
        label_names: Not used.
        neighbours: Not used.
        before: Not used.
        seed: Changes nothing: nothing is drawn.

    Raises:
        ValueError: Something that is no text, or another number of `texts`.

    Example:
        >>> prompts = [f"Say what the number {n} means to you." for n in range(25)]
        >>> answers = [f"To me {n} is {n} times more than one." for n in range(25)]
        >>> answers[3] = prompts[3]
        >>> found = text_quality(answers, texts=prompts)
        >>> found.is_issue.nonzero()[0].tolist(), found.reason[3]
        ([3], 'a copy of the text that it answers')
    """
    check_whole(seed, "seed")
    answers = _answers(labels)
    shown = None if texts is None else as_texts(texts, n=len(answers))
    said = [words(answer) for answer in answers]
    known = _Known(answers=answers, said=said, asked=None if shown is None else [words(text) for text in shown])
    doubts: dict[str, FloatArray] = {check: np.zeros(len(answers)) for check in CHECKS}
    reasons: list[dict[str, str]] = [{} for _ in answers]
    for check, i, p, reason in _all_doubts(known):
        if p > doubts[check][i]:
            doubts[check][i], reasons[i][check] = p, reason
    wrong = 1 - np.prod([1 - doubts[check] for check in CHECKS], axis=0)
    is_issue: BoolArray = (
        np.max([doubts[check] for check in CHECKS], axis=0) > 0.5 if len(answers) else np.zeros(0, bool)
    )
    return TextQuality(
        score=1 - wrong,
        suggested=np.array(answers, dtype=object),
        suggested_prob=1 - wrong,
        is_issue=is_issue,
        reason=[_in_words(reasons[i], doubts, i) if is_issue[i] else "" for i in range(len(answers))],
        neighbours=np.zeros((len(answers), 0), dtype=np.int64),
        p_wrong=doubts,
    )


Doubt = tuple[str, int, float, str]
"""The check, the place of the text, how likely it is wrong, and why."""


def _all_doubts(known: _Known) -> Iterator[Doubt]:
    yield from _empty(known)
    if known.enough:
        for check in (_copied, _repeated, _mixed_up, _script, _letters, _length, _cut):
            yield from check(known)


def _in_words(reasons: Mapping[str, str], doubts: Mapping[str, FloatArray], i: int) -> str:
    named = [check for check in CHECKS if check in reasons and doubts[check][i] > 0.5]
    if named[0] in _WHOLE:
        named = named[:1]  # all else follows from that
    return "; ".join(reasons[check] for check in named)


def _answers(labels: Column) -> list[str]:
    found = ["" if is_missing(value) else value for value in column(labels, "labels")]
    for row, value in enumerate(found):
        if not isinstance(value, str):
            raise ValueError(f"labels: row {row}: expected a text, got {value!r:.60}")
    return [str(value) for value in found]


def _empty(known: _Known) -> Iterator[Doubt]:
    for i, answer in enumerate(known.answers):
        if not answer.strip():
            yield "empty", i, 0.99, "it is empty"
        elif not any(c.isalnum() or category(c) in ("So", "Sm", "Sc") for c in answer):
            yield "empty", i, 0.9, f"it has no letter or digit: {answer.strip()!r:.20}"


def _copied(known: _Known) -> Iterator[Doubt]:
    """Doubt texts that are the one that they answer, or nearly all of it, where few are."""
    if known.asked is None:
        return
    shares = [_share_of(said, asked) for said, asked in zip(known.said, known.asked, strict=True)]
    if np.mean([share > 0.9 for share in shares]) > _RARE:
        return
    for i, share in enumerate(shares):
        if share == 1.0:
            yield "copied", i, 0.95, "a copy of the text that it answers"
        elif share > 0.9:
            yield "copied", i, 0.8, f"{share:.0%} of the text that it answers, copied"


def _share_of(said: Sequence[str], asked: Sequence[str]) -> float:
    """Return the share of runs of three words of the asked text that are in the other, 0 where that is far longer."""
    if not asked or len(asked) < 4 or len(said) > 1.5 * len(asked):
        return 1.0 if said and said == asked and len(asked) > 1 else 0.0
    runs, others = (Counter(zip(text, text[1:], text[2:], strict=False)) for text in (asked, said))
    return 1.0 if list(said) == list(asked) else (runs & others).total() / max(runs.total(), 1) - 1e-9


def _repeated(known: _Known) -> Iterator[Doubt]:
    """Doubt texts that stand at several records that ask different things, where most texts stand at one."""
    times = Counter(tuple(said) for said in known.said if len(said) > 1)
    again = {said for said, n in times.items() if n > 2}
    if sum(tuple(said) in again for said in known.said) > _RARE * len(known.said):
        return
    asked: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    for i, said in enumerate(known.said):
        asked[tuple(said)].add(tuple(known.asked[i]) if known.asked is not None else (str(i),))
    for i, said in enumerate(known.said):
        if (n := len(asked[tuple(said)])) > 2 and tuple(said) in again:
            yield "repeated", i, 0.7, f"the same text answers {n} different ones"


def _mixed_up(known: _Known) -> Iterator[Doubt]:
    """Doubt texts with no rare word of their own record that fit another as well as most fit their own.

    Nothing is said where they do not: where most answers do not take up the words of what they answer.
    """
    if known.asked is None:
        return
    at: dict[str, list[int]] = defaultdict(list)
    for j, asked in enumerate(known.asked):
        for word in set(asked):
            at[word].append(j)
    weight = {word: log(1 + len(known.asked) / len(places)) for word, places in at.items() if len(places) <= _SHARED}
    found = [_fits(i, set(said), at, weight) for i, said in enumerate(known.said)]
    judged = [(own, best) for own, best, _ in found if best > 0]
    if not judged or np.mean([own >= best for own, best in judged]) < 1 - 2 * _RARE:
        return
    usual = float(np.median([own for own, _ in judged]))
    for i, (own, best, j) in enumerate(found):
        if own == 0 and best >= usual > 0:
            theirs = " ".join(known.asked[j][-8:])
            yield "mixed up", i, 0.8, f"its words are those of another text, which ends {theirs!r}, and none of its own"


def _fits(
    i: int, said: set[str], at: Mapping[str, Sequence[int]], weight: Mapping[str, float]
) -> tuple[float, float, int]:
    """Return how well a text fits its own record, the best of all others, and which that is."""
    fit: Counter[int] = Counter()
    for word in sorted(said & weight.keys()):
        for j in at[word]:
            fit[j] += weight[word]  # type: ignore[assignment]
    own = float(fit.pop(i, 0))
    best = max(fit, key=lambda j: (fit[j], -j), default=-1)
    return own, float(fit[best]) if best >= 0 else 0.0, best


@lru_cache(maxsize=100_000)
def _script_of(letter: str) -> str:
    return name(letter, "?").split(" ")[0]


def _usual_script(text: str) -> str | None:
    counts = Counter(_script_of(letter) for letter in text if letter.isalpha())
    return max(sorted(counts), key=lambda script: counts[script]) if counts else None


def _script(known: _Known) -> Iterator[Doubt]:
    """Doubt texts in a script in which hardly any other is, unless what they answer is in it."""
    scripts = [_usual_script(answer) for answer in known.answers]
    counts, of = Counter(filter(None, scripts)), sum(script is not None for script in scripts)
    for i, script in enumerate(scripts):
        if script is None or counts[script] > _RARE * of / 2:
            continue
        asked = "" if known.asked is None else " ".join(known.asked[i])
        if _usual_script(asked) != script:
            usual = counts.most_common(1)[0][0]
            yield "script", i, 0.9, f"written in {script.title()} letters, where most are in {usual.title()}"


def _letters(known: _Known) -> Iterator[Doubt]:
    """Doubt texts whose runs of three letters hardly stand in any other: another language, or no words at all."""
    joined = [f"  {' '.join(said)} " for said in known.said]
    grams = [[text[i : i + 3] for i in range(len(text) - 2)] for text in joined]
    records = Counter(gram for text in grams for gram in set(text))
    n = len(joined)
    # A run that stands in no other text counts as in half a one.
    usual = np.array([np.mean([log((records[g] - 1 or 0.5) / n) for g in text]) if text else 0.0 for text in grams])
    long = np.array([len(text) >= 15 for text in grams])
    if long.sum() < _FEWEST:
        return
    far = _deviations(usual, usual[long])
    for i in np.flatnonzero(long & (far < -_FAR)):
        yield (
            "letters",
            int(i),
            _tail(far[i]),
            "its letters are unlike those of the others: another language, or no words",
        )


def _length(known: _Known) -> Iterator[Doubt]:
    """Doubt texts that are far longer or shorter than others that answer texts of such a length."""
    size = np.log1p([len(" ".join(said)) for said in known.said])
    expected = np.full(len(size), np.median(size))
    if known.asked is not None:
        expected = _by_rank(np.log1p([len(" ".join(asked)) for asked in known.asked]), size)
    far = _deviations(size - expected, (size - expected)[size > 0])
    for i in np.flatnonzero((np.abs(far) > _FAR) & (np.abs(size - expected) > _TWICE) & (size > 0)):
        n, usual = np.expm1(size[i]), np.expm1(expected[i])
        which = "short" if far[i] < 0 else "long"
        reason = f"very {which}: {n:.0f} characters, where about {usual:.0f} are usual"
        yield "length", int(i), _tail(far[i]), reason


def _by_rank(given: FloatArray, measured: FloatArray) -> FloatArray:
    """Return the median of what is measured among the hundred records that are nearest by what is given."""
    order = np.argsort(given, kind="stable")
    half, n = min(50, max(5, len(order) // 10)), len(order)
    found = np.empty(n)
    for place, i in enumerate(order):
        low = min(max(0, place - half), max(0, n - 2 * half))
        found[i] = np.median(measured[order[low : low + 2 * half]])
    return found


def _deviations(values: FloatArray, among: FloatArray) -> FloatArray:
    """Return how many robust standard deviations (by the quartiles on each side) values are from the median."""
    low, middle, high = np.quantile(among, [0.25, 0.5, 0.75]) if len(among) else (0.0, 0.0, 0.0)
    below, above = ((end / 0.6745) or 1e-9 for end in (middle - low, high - middle))
    floor = 0.05 * (1 + abs(middle))  # where nearly all are alike, a little more is not far
    return np.asarray(
        np.where(values < middle, (values - middle) / max(below, floor), (values - middle) / max(above, floor))
    )


def _tail(far: float) -> float:
    """Return how likely something so far off is wrong: .5 at `_FAR` deviations, and nearly sure at twice that."""
    return float(1 / (1 + np.exp(_FAR - abs(far))))


def _cut(known: _Known) -> Iterator[Doubt]:
    """Doubt texts that end in a letter, where nearly all others of several words end with a sign."""
    ends = [category(answer.rstrip()[-1]) if answer.strip() else "" for answer in known.answers]
    long = [len(said) > 5 for said in known.said]
    opened = [i for i, (end, several) in enumerate(zip(ends, long, strict=True)) if several and end in _OPEN.split()]
    if sum(long) < _FEWEST or len(opened) > _RARE * sum(long):
        return
    for i in opened:
        yield "cut", i, 0.6, f"it stops without an end: {known.answers[i].rstrip()[-20:]!r}"
