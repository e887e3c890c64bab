"""How near texts are to the right ones: characters in common, wrong words, texts that are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, column, is_missing, read_texts
from evaluation.edit_distance import edit_distance
from evaluation.intervals import (
    Interval,
    check_confidence,
    check_resampling,
    measures,
    percentile_interval,
    resampled_sums,
)
from evaluation.shown import Shown
from evaluation.token_matching import EncodeTokens, token_matching
from evaluation.words import words

Floats = npt.NDArray[np.float64]

ORDERS = 6
"""Lengths of the runs of characters that chrF counts, from one up."""

_BETA = 2.0  # recall counts twice as much as precision


def chrf_counts(said: str, right: str) -> list[int]:
    """Return for runs of 1 to 6 characters, blanks left out, how many `said` has, `right` has, and both have."""
    one, other = "".join(said.split()), "".join(right.split())
    found = []
    for n in range(1, ORDERS + 1):
        mine, theirs = (Counter(text[i : i + n] for i in range(len(text) - n + 1)) for text in (one, other))
        found += [mine.total(), theirs.total(), (mine & theirs).total()]
    return found


def chrf_of(counts: npt.ArrayLike) -> Floats:
    """Return chrF in [0, 1] from (sums of) counts of shape (..., 18).

    Precision and recall are averaged over those lengths of which both texts have runs (Popović 2015, chrF: character
    n-gram F-score for automatic MT evaluation, WMT), as sacrebleu 2 does at its defaults, in percent there.
    """
    of = np.asarray(counts, dtype=np.float64)
    said, right, both = of[..., 0::3], of[..., 1::3], of[..., 2::3]
    counted = (said > 0) & (right > 0)
    n = np.maximum(counted.sum(axis=-1), 1)
    precision = np.where(counted, both / np.maximum(said, 1), 0.0).sum(axis=-1) / n
    recall = np.where(counted, both / np.maximum(right, 1), 0.0).sum(axis=-1) / n
    below = _BETA**2 * precision + recall
    return np.asarray(np.divide((1 + _BETA**2) * precision * recall, below, out=np.zeros_like(below), where=below > 0))


def chrf(said: str, right: str) -> float:
    """Return chrF of a text against the right one, in [0, 1]; 0 where either is empty.

    >>> round(chrf("the soups was cold", "the soup was cold"), 3)
    0.742
    """
    return float(chrf_of(chrf_counts(said, right)))


@dataclass(frozen=True, kw_only=True, repr=False)
class TextEvaluation(Shown):
    """How near texts are to the right ones, with intervals by the bootstrap over records.

    Attributes:
        exact_match: Share of texts that are the same, white space apart, in [0, 1].
        word_match: Share of texts whose words are the same: small letters, without punctuation.
        word_error: Word error rate of all together, of the same words: at least 0, and over 1 where more is wrong
            than right.
        character_error: The same of the characters of these words.
        chrf: chrF of all together, in [0, 1].
        length_ratio: Words said by words of the right texts.
        records: How many texts were compared.
        bert_score: Mean BERTScore, the harmonic mean of the next two; None of all three where no encoder is given.
        bert_precision: Mean cosine of what was said to the nearest of what is right, token by token, in [-1, 1].
        bert_recall: The same of what is right to the nearest of what was said.
    """

    exact_match: Interval
    word_match: Interval
    word_error: Interval
    character_error: Interval
    chrf: Interval
    length_ratio: Interval
    records: int
    bert_score: Interval | None = None
    bert_precision: Interval | None = None
    bert_recall: Interval | None = None

    def _columns(self) -> dict[str, Any]:
        return measures(self)


def evaluate_texts(
    right: Column,
    said: Column,
    *,
    encoder: EncodeTokens | None = None,
    inverse_frequency: bool = False,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
    groups: Column | None = None,
) -> TextEvaluation:
    """Measure how near generated, or written, texts are to the right ones.

    Args:
        right: n right texts; none of them is missing.
        said: n texts in the same order; a missing one counts as an empty one.
        encoder: What makes vectors of the tokens of texts, for BERTScore; `token_encoder` makes one of a model. Values
            are not rescaled by a baseline, so they compare only with those of the same encoder.
        inverse_frequency: Whether a token weighs the less there the more of the right texts have it.
        seed: Of the bootstrap.
        resamples: Bootstrap draws, at least 1.
        confidence: Share of the distribution that the intervals cover.
        groups: n names of what belongs together, such as a document.

    Raises:
        ValueError: Nothing to compare, another number of texts, or something that is no text.

    Example:
        >>> found = evaluate_texts(["The soup was cold.", "Two fish"], ["the soup was cold", "Three fish"])
        >>> found.exact_match.value, found.word_match.value, round(found.word_error.value, 3)
        (0.0, 0.5, 0.167)
    """
    check_resampling(seed, resamples)
    check_confidence(confidence)
    wanted = read_texts(right, "right")
    given = read_texts(["" if is_missing(text) else text for text in column(said, "said").tolist()], "said")
    if len(wanted) != len(given):
        raise ValueError(f"said: expected one text for each of the {len(wanted)} right ones, found {len(given)}")
    if not wanted:
        raise ValueError("right: expected at least one text, found none")
    rows = np.array([_row(one, other) for one, other in zip(given, wanted, strict=True)], dtype=np.float64)
    drawn = resampled_sums(rows, seed=seed, resamples=resamples, groups=groups)
    scores, resampled = _scores(rows.sum(axis=0)[None]), _scores(drawn)
    found = {
        name: percentile_interval(float(scores[name][0]), resampled[name], confidence, undefined="no text has words")
        for name in scores
    }
    if encoder is not None:
        near = token_matching(wanted, given, encoder, inverse_frequency=inverse_frequency)
        means = resampled_sums(
            np.column_stack([np.ones(len(near)), near]), seed=seed, resamples=resamples, groups=groups
        )
        for at, name in enumerate(("bert_precision", "bert_recall", "bert_score")):
            shares = means[:, at + 1] / means[:, 0]
            found[name] = percentile_interval(float(near[:, at].mean()), shares, confidence)
    return TextEvaluation(**found, records=len(wanted))


def _row(said: str, right: str) -> list[float]:
    """Return the sums of one record: 1, matches, wrong and right words and characters, words said, counts of chrF."""
    one, other = words(said), words(right)
    letters, wanted = " ".join(one), " ".join(other)
    wrong = [edit_distance(one, other), len(other), edit_distance(letters, wanted), len(wanted), len(one)]
    return [1, said.split() == right.split(), one == other, *wrong, *chrf_counts(said, right)]


def _scores(sums: Floats) -> dict[str, Floats]:
    """Return every measure from sums of `_row`, shape (B,) each; NaN where the right texts have no words."""
    records, exact, same, wrong, n_words, letters, n_letters, n_said = sums[:, :8].T

    def share(above: Floats, below: Floats) -> Floats:
        return np.asarray(np.divide(above, below, out=np.full(len(sums), np.nan), where=below > 0))

    return {
        "exact_match": share(exact, records),
        "word_match": share(same, records),
        "word_error": share(wrong, n_words),
        "character_error": share(letters, n_letters),
        "chrf": chrf_of(sums[:, 8:]),
        "length_ratio": share(n_said, n_words),
    }


def mean_chrf(texts: Sequence[tuple[str, str]]) -> Floats:
    """Return chrF of each two texts, the mean of both directions, shape (n,)."""
    both = [[chrf(one, other), chrf(other, one)] for one, other in texts]
    return np.asarray(np.array(both, dtype=np.float64).reshape(-1, 2).mean(axis=1))
