"""How near texts are to the right ones: characters and words in common, wrong words, texts that are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
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
from evaluation.predictions import check_length
from evaluation.shown import Shown
from evaluation.token_matching import EncodeTokens, token_matching
from evaluation.unsupported import unsupported_names, unsupported_numbers
from evaluation.word_runs import answer_overlap, bleu_counts, bleu_of, copied_runs, repeated_runs, rouge
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
        bleu: BLEU of all together, in [0, 1], as sacrebleu has it at its defaults, in percent there.
        rouge_1: Mean ROUGE-1 of the texts: words in common, precision and recall alike, in [0, 1].
        rouge_2: The same of pairs of words.
        rouge_l: The same of the longest sequence of words in common.
        answer_match: Share of the texts that are the same without case, punctuation and articles, as SQuAD has it.
        answer_f1: Mean share of words in common of such texts, precision and recall alike.
        repetition: Share of the runs of four words that came earlier in the same text; without a value where none has
            four words.
        records: How many texts were compared.
        bert_score: Mean BERTScore, the harmonic mean of the next two; None of all three where no encoder is given.
        bert_precision: Mean cosine of what was said to the nearest of what is right, token by token, in [-1, 1].
        bert_recall: The same of what is right to the nearest of what was said.
        copied: Share of the runs of four words that stand in the source; None of the last three where no sources are
            given.
        unsupported_numbers: Share of the numbers that stand nowhere in the source.
        unsupported_names: Share of the names, words with a capital letter within a sentence, of which the source lacks
            a part.
    """

    exact_match: Interval
    word_match: Interval
    word_error: Interval
    character_error: Interval
    chrf: Interval
    length_ratio: Interval
    bleu: Interval
    rouge_1: Interval
    rouge_2: Interval
    rouge_l: Interval
    answer_match: Interval
    answer_f1: Interval
    repetition: Interval
    records: int
    bert_score: Interval | None = None
    bert_precision: Interval | None = None
    bert_recall: Interval | None = None
    copied: Interval | None = None
    unsupported_numbers: Interval | None = None
    unsupported_names: Interval | None = None

    def _columns(self) -> dict[str, Any]:
        return measures(self)


def evaluate_texts(
    right: Column,
    said: Column,
    *,
    sources: Column | None = None,
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
        sources: n texts that those said are to keep to, such as a context or what was summed up: what is copied from
            them, and which numbers and names stand nowhere in them.
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
    found = _measured(
        [_row(one, other) for one, other in zip(given, wanted, strict=True)],
        _scores,
        seed,
        resamples,
        confidence,
        groups,
    )
    if sources is not None:
        came = read_texts(sources, "sources")
        check_length("sources", came, len(wanted))
        kept_to = [_row_of_source(one, source) for one, source in zip(given, came, strict=True)]
        found |= _measured(kept_to, _scores_of_sources, seed, resamples, confidence, groups)
    if encoder is not None:
        near = token_matching(wanted, given, encoder, inverse_frequency=inverse_frequency)
        means = resampled_sums(
            np.column_stack([np.ones(len(near)), near]), seed=seed, resamples=resamples, groups=groups
        )
        for at, name in enumerate(("bert_precision", "bert_recall", "bert_score")):
            shares = means[:, at + 1] / means[:, 0]
            found[name] = percentile_interval(float(near[:, at].mean()), shares, confidence)
    return TextEvaluation(**found, records=len(wanted))


def _measured(
    rows: Sequence[Sequence[float]],
    scores: Callable[[Floats], dict[str, Floats]],
    seed: int,
    resamples: int,
    confidence: float,
    groups: Column | None,
) -> dict[str, Interval]:
    """Return every measure that follows from sums of rows, with its interval."""
    each = np.array(rows, dtype=np.float64)
    drawn = scores(resampled_sums(each, seed=seed, resamples=resamples, groups=groups))
    return {
        name: percentile_interval(
            float(value[0]), drawn[name], confidence, undefined=_UNDEFINED.get(name, "no text has words")
        )
        for name, value in scores(each.sum(axis=0)[None]).items()
    }


_UNDEFINED = {
    "repetition": "no text has four words",
    "copied": "no text has four words",
    "unsupported_numbers": "no text has a number",
    "unsupported_names": "no text has a name",
}
"""Why a measure has no value; of the others no text has words."""


def _row(said: str, right: str) -> list[float]:
    """Return the sums of one record: 1, matches, wrong and right words and characters, words said, counts."""
    one, other = words(said), words(right)
    letters, wanted = " ".join(one), " ".join(other)
    wrong = [edit_distance(one, other), len(other), edit_distance(letters, wanted), len(wanted), len(one)]
    means = [*rouge(said, right), *answer_overlap(said, right), *repeated_runs(said)]
    matches = [said.split() == right.split(), one == other]
    return [1, *matches, *wrong, *means, *bleu_counts(said, right), *chrf_counts(said, right)]


def _scores(sums: Floats) -> dict[str, Floats]:
    """Return every measure from sums of `_row`, shape (B,) each; NaN where the right texts have no words."""
    records, exact, same, wrong, n_words, letters, n_letters, n_said = sums[:, :8].T
    rouges, answers, again = sums[:, 8:11].T, sums[:, 11:13].T, sums[:, 13:15].T
    return {
        "exact_match": _share(exact, records),
        "word_match": _share(same, records),
        "word_error": _share(wrong, n_words),
        "character_error": _share(letters, n_letters),
        "chrf": chrf_of(sums[:, 25:]),
        "length_ratio": _share(n_said, n_words),
        "bleu": bleu_of(sums[:, 15:25]),
        **{name: _share(each, records) for name, each in zip(("rouge_1", "rouge_2", "rouge_l"), rouges, strict=True)},
        **{name: _share(each, records) for name, each in zip(("answer_match", "answer_f1"), answers, strict=True)},
        "repetition": _share(*again),
    }


def _row_of_source(said: str, source: str) -> list[float]:
    """Return copied runs and all runs, numbers and names that the source lacks, and all of each."""
    runs = [copied_runs(said, source), repeated_runs(said)[1]]
    return [*runs, *unsupported_numbers(said, source), *unsupported_names(said, source)]


def _scores_of_sources(sums: Floats) -> dict[str, Floats]:
    """Return every measure from sums of `_row_of_source`."""
    names = ("copied", "unsupported_numbers", "unsupported_names")
    return {name: _share(sums[:, 2 * at], sums[:, 2 * at + 1]) for at, name in enumerate(names)}


def _share(above: Floats, below: Floats) -> Floats:
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0))


def mean_chrf(texts: Sequence[tuple[str, str]]) -> Floats:
    """Return chrF of each two texts, the mean of both directions, shape (n,)."""
    both = [[chrf(one, other), chrf(other, one)] for one, other in texts]
    return np.asarray(np.array(both, dtype=np.float64).reshape(-1, 2).mean(axis=1))
