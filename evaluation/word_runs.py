"""Runs of words that two texts share: BLEU, ROUGE, the overlap of answers, and what of a text says itself again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import regex

from evaluation.words import UNSPACED

Floats = npt.NDArray[np.float64]

BLEU_ORDERS, RUN = 4, 4
"""The longest run of words that BLEU counts, and how long a run is that is said again or copied."""

_SPLIT = (
    (regex.compile(r"([\x21-\x25\x28-\x2a\x2b\x2f\x3a-\x40\x5b-\x60\x7b-\x7e&])"), r" \1 "),
    (regex.compile(r"([^0-9])([.,])"), r"\1 \2 "),
    (regex.compile(r"([.,])([^0-9])"), r" \1 \2"),
    (regex.compile(r"([0-9])(-)"), r"\1 \2 "),
)
_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_WORD = regex.compile(rf"[{UNSPACED}]\p{{M}}*|[\p{{L}}\p{{N}}\p{{M}}]+")
_ARTICLES = frozenset({"a", "an", "the"})
_MARKS = regex.compile(r"[!-/:-@\[-`{-~]")


def bleu_tokens(text: str) -> list[str]:
    """Return a text cut up as mteval-v13a does, which sacrebleu calls 13a: marks apart, but those within numbers.

    Example:
        >>> bleu_tokens("It's 12.50, isn't it?")
        ["It's", '12.50', ',', "isn't", 'it', '?']
    """
    for name, sign in _ENTITIES:
        text = text.replace(name, sign)
    text = f" {text} "
    for found, apart in _SPLIT:
        text = found.sub(apart, text)
    return text.split()


def bleu_counts(said: str, right: str) -> list[int]:
    """Return what BLEU sums: runs of 1 to 4 words that both have, those that `said` has, and the length of both."""
    one, other = bleu_tokens(said), bleu_tokens(right)
    mine, theirs = (_runs_to(BLEU_ORDERS, tokens) for tokens in (one, other))
    both = [(a & b).total() for a, b in zip(mine, theirs, strict=True)]
    return [*both, *(each.total() for each in mine), len(one), len(other)]


def bleu_of(counts: npt.ArrayLike) -> Floats:
    """Return BLEU in [0, 1] from (sums of) counts of shape (..., 10) (Papineni et al. 2002).

    A length of run that is never right counts half of one run, the next such length a quarter, and so on, as sacrebleu
    does at its defaults; 0 where no word is.

    Example:
        >>> round(float(bleu_of(bleu_counts("the cat sat on the mat", "the cat sat on a mat"))), 3)
        0.537
    """
    of = np.asarray(counts, dtype=np.float64)
    both, mine, said, right = of[..., :4], of[..., 4:8], of[..., 8], of[..., 9]
    missing = (both == 0) & (mine > 0)
    share = np.where(missing, 0.5 ** np.cumsum(missing, axis=-1), both) / np.maximum(mine, 1)
    none = (mine == 0).any(axis=-1) | (both == 0).all(axis=-1)
    with np.errstate(divide="ignore"):
        mean = np.exp(np.log(np.where(none[..., None], 1.0, share)).mean(axis=-1))
    short = np.exp(np.minimum(0.0, 1 - right / np.maximum(said, 1)))
    return np.asarray(np.where(none, 0.0, mean * short))


def rouge_words(text: str) -> list[str]:
    """Return the words by which ROUGE compares: letters and figures in small letters, marks left out.

    Example:
        >>> rouge_words("Don't wait 20-30 minutes!")
        ['don', 't', 'wait', '20', '30', 'minutes']
    """
    found: list[str] = _WORD.findall(text.lower())
    return found


def rouge(said: str, right: str) -> list[float]:
    """Return ROUGE-1, ROUGE-2 and ROUGE-L, each the harmonic mean of precision and recall in [0, 1] (Lin 2004).

    Words are not stemmed, as in rouge-score at its defaults.
    """
    one, other = rouge_words(said), rouge_words(right)
    pairs = [(_runs(n, one), _runs(n, other)) for n in (1, 2)]
    shared = [_harmonic((a & b).total(), a.total(), b.total()) for a, b in pairs]
    return [*shared, _harmonic(_longest_common(one, other), len(one), len(other))]


def answer_overlap(said: str, right: str) -> list[float]:
    """Return whether two answers are the same, and the harmonic mean of the shares of words that both have.

    Small letters, without punctuation and articles, as SQuAD counts (Rajpurkar et al. 2016). Two answers without a
    word are the same.

    Example:
        >>> answer_overlap("The Eiffel Tower!", "Eiffel Tower in Paris")
        [0.0, 0.6666666666666666]
    """
    one, other = (_answer_words(text) for text in (said, right))
    if not (one and other):
        return [float(one == other)] * 2
    return [float(one == other), _harmonic((Counter(one) & Counter(other)).total(), len(one), len(other))]


def repeated_runs(text: str) -> list[int]:
    """Return how many runs of four words of a text came earlier in it, and how many runs there are."""
    runs = _runs(RUN, rouge_words(text))
    return [runs.total() - len(runs), runs.total()]


def copied_runs(text: str, source: str) -> int:
    """Return how many runs of four words of a text stand in its source."""
    known = set(_runs(RUN, rouge_words(source)))
    return sum(count for run, count in _runs(RUN, rouge_words(text)).items() if run in known)


def _answer_words(text: str) -> list[str]:
    return [word for word in _MARKS.sub("", text.lower()).split() if word not in _ARTICLES]


def _runs(n: int, tokens: Sequence[str]) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[at:] for at in range(n)), strict=False))


def _runs_to(most: int, tokens: Sequence[str]) -> list[Counter[tuple[str, ...]]]:
    return [_runs(n, tokens) for n in range(1, most + 1)]


def _harmonic(both: int, one: int, other: int) -> float:
    return 2 * both / (one + other) if one and other else 0.0


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words the longest sequence has that stands in both, with others between them."""
    numbers = {word: at for at, word in enumerate(dict.fromkeys([*one, *other]))}
    first, second = (np.array([numbers[word] for word in words], dtype=np.int64) for words in (one, other))
    row = np.zeros(len(second) + 1, dtype=np.int64)
    for word in first:
        longer = np.where(second == word, row[:-1] + 1, row[1:])
        row[1:] = np.maximum.accumulate(np.maximum(longer, row[1:]))
    return int(row[-1])
