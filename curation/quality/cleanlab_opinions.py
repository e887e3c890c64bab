"""What cleanlab says of every answer, beside what the label check says: for each kind of which it knows something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit

from curation.quality.cleanlab_baseline import (
    MOST_RATINGS,
    ask_datalab,
    cleanlab_issues,
    cleanlab_score,
    cleanlab_sets_issues,
    cleanlab_sets_score,
    cleanlab_tags_issues,
    cleanlab_tags_score,
    drawn,
    probabilities,
)
from curation.quality.input_checks import BoolArray, FloatArray, IntArray
from curation.quality.label_sets import read_label_sets
from curation.quality.one_label_views import pooled_log_odds, ridge_views
from curation.quality.word_tags import Words, as_tags, in_words, read_words
from training.vectors.linear import fit_linear


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What cleanlab says of n answers.

    Attributes:
        p_wrong: (n,) 1 less its label quality score, in [0, 1]: high = likely wrong, as in the tables of the label
            check; NaN where it was not asked.
        is_issue: (n,) true where it doubts the answer.
        reason: Why it could not be asked of any, None where it was.
    """

    p_wrong: FloatArray
    is_issue: BoolArray
    reason: str | None = None

    @classmethod
    def none(cls, n: int, reason: str) -> Opinion:
        """Return that nothing is said of n answers, and why."""
        return cls(p_wrong=np.full(n, np.nan), is_issue=np.zeros(n, dtype=bool), reason=reason)

    @classmethod
    def of_some(cls, n: int, at: IntArray, score: FloatArray, is_issue: BoolArray) -> Opinion:
        """Return what is said of n answers, of which those `at` some places have scores, low = likely wrong."""
        said = cls.none(n, "")
        said.p_wrong[at], said.is_issue[at] = 1.0 - score, is_issue
        return replace(said, reason=None)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What cleanlab doubts, counted beside what the label check doubts of the same labels.

    Attributes:
        name: Whose opinion the baseline is.
        labels: Labels that both judged; like the other counts None where the baseline could not run.
        doubted: Of them, those that the baseline doubts.
        both: Those that both doubt.
        only_baseline: Those that only the baseline doubts.
        only_check: Those that only the label check doubts.
        reason: Why it could not run, None where it did.
    """

    name: str = "cleanlab"
    labels: int | None = None
    doubted: int | None = None
    both: int | None = None
    only_baseline: int | None = None
    only_check: int | None = None
    reason: str | None = None


def counted(theirs: Opinion, ours: BoolArray) -> Baseline:
    """Count the labels that cleanlab doubts beside those that the label check doubts, (n,) true where it does.

    Example:
        >>> theirs = Opinion(p_wrong=np.array([0.9, 0.8, 0.1, np.nan]), is_issue=np.array([True, True, False, False]))
        >>> found = counted(theirs, np.array([True, False, True, True]))
        >>> found.labels, found.doubted, found.both, found.only_check
        (3, 2, 1, 1)
    """
    if theirs.reason is not None:
        return Baseline(reason=theirs.reason)
    judged = np.isfinite(theirs.p_wrong)
    issues, ours = theirs.is_issue[judged], ours[judged]
    return Baseline(
        labels=len(issues),
        doubted=int(issues.sum()),
        both=int((issues & ours).sum()),
        only_baseline=int((issues & ~ours).sum()),
        only_check=int((ours & ~issues).sum()),
    )


def cleanlab_labels(codes: IntArray, *, embeddings: FloatArray, seed: int) -> Opinion:
    """Judge labels as cleanlab's documentation recommends: its label quality score, and `find_label_issues`.

    Both at their defaults, on the probabilities of a logistic regression at scikit-learn's defaults, in five folds,
    each of which learns from `MOST` labels at most.

    Args:
        codes: (n,) given labels, n of 1 or more.
        embeddings: (n, d) of unit length.
        seed: Of the folds, and of what they learn from.

    Example:
        >>> north, east = [[0.0, 1.0]] * 10, [[1.0, 0.0]] * 10
        >>> found = cleanlab_labels(np.array([0] * 9 + [1] * 11), embeddings=np.array(north + east), seed=0)
        >>> found.is_issue.nonzero()[0].tolist(), int(found.p_wrong.argmax())
        ([9], 9)
    """
    used, given = np.unique(codes, return_inverse=True)
    if len(used) < 2 or np.bincount(given).max() < 2:
        said = "all labels are alike" if len(used) < 2 else "no label is given twice"
        return Opinion.none(len(codes), f"{said}, so that a classifier has nothing to learn")
    probs = probabilities(embeddings, given, len(used), seed)
    return Opinion(p_wrong=1.0 - cleanlab_score(given, probs), is_issue=cleanlab_issues(given, probs))


def cleanlab_ratings(ratings: FloatArray, *, embeddings: FloatArray, seed: int) -> Opinion:
    """Judge ratings: Datalab's check of labels for regression, on a ridge regression at scikit-learn's defaults.

    Zhou et al., Detecting Errors in Numerical Data via any Regression Model, 2023 (https://arxiv.org/abs/2305.16583).
    It compares every rating with half of all others, so that of more than `MOST_RATINGS` as many are drawn.

    Args:
        ratings: (n,) numbers, n of 1 or more.
        embeddings: (n, d) of unit length.
        seed: Of the folds, and of the draw.

    Example:
        >>> kind, rude = [[0.0, 1.0]] * 12, [[1.0, 0.0]] * 12
        >>> found = cleanlab_ratings(np.array([5.0] * 11 + [1.0] * 13), embeddings=np.array(kind + rude), seed=0)
        >>> bool(found.is_issue[11]), int(found.p_wrong.argmax())
        (True, 11)
    """
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict

    at = drawn(len(ratings), seed, most=MOST_RATINGS)
    if len(at) < 2 or np.ptp(ratings[at]) == 0:
        return Opinion.none(len(ratings), "all ratings are alike, so that a regression has nothing to learn")
    folds = KFold(min(5, len(at)), shuffle=True, random_state=seed)
    foretold = cross_val_predict(Ridge(), embeddings[at], ratings[at], cv=folds)
    found = ask_datalab("regression", ratings[at], {"label": {}}, pred_probs=foretold).get_issues("label")
    return Opinion.of_some(
        len(ratings), at, found["label_score"].to_numpy(), found["is_label_issue"].to_numpy(dtype=bool)
    )


def cleanlab_sets(
    values: Sequence[Sequence[str]], *, label_names: Sequence[str], embeddings: FloatArray, seed: int
) -> Opinion:
    """Judge records with any number of labels: `multilabel_classification` at its defaults, of `MOST` records at most.

    Args:
        values: n lists of labels.
        label_names: All labels; those that fewer than two records have, or lack, are left out.
        embeddings: (n, d) of unit length.
        seed: Of the draw.
    """
    at = drawn(len(values), seed)
    ones = read_label_sets([values[i] for i in at], label_names).ones
    ones = ones[:, (ones.sum(axis=0) >= 2) & ((~ones).sum(axis=0) >= 2)]
    if ones.shape[1] < 2:
        return Opinion.none(len(values), "fewer than two labels are given, or left out, twice")
    probs = expit(pooled_log_odds(ridge_views(embeddings[at], ones), ones, ones))
    return Opinion.of_some(len(values), at, cleanlab_sets_score(ones, probs)[0], cleanlab_sets_issues(ones, probs))


def cleanlab_passages(
    values: Sequence[Sequence[Mapping[str, Any]]], *, texts: Sequence[str], label_names: Sequence[str], seed: int
) -> Opinion:
    """Judge marked passages: `token_classification` at its defaults, on `word_probabilities`, of `MOST` texts at most.

    Args:
        values: n lists of passages.
        texts: n texts; nothing is said of one without a word.
        label_names: All labels.
        seed: Of the folds, and of the draw.
    """
    at = drawn(len(values), seed)
    words = read_words([texts[i] for i in at])
    marked = [in_words(values[i], words.places[words.of(n)], label_names) for n, i in enumerate(at)]
    tags = [as_tags(row, int(n)) for row, n in zip(marked, words.lengths, strict=True)]
    read = np.flatnonzero(words.lengths > 0)
    if len(at) < 2 or not any(each.any() for each in tags):
        return Opinion.none(len(values), "no passage is marked")
    probs = word_probabilities(words, np.concatenate(tags), seed)
    known = [tags[i] for i in read], [probs[words.of(int(i))] for i in read]
    return Opinion.of_some(len(values), at[read], cleanlab_tags_score(*known)[0], cleanlab_tags_issues(*known))


def word_probabilities(words: Words, tags: IntArray, seed: int) -> FloatArray:
    """Return (words, m) out-of-fold probabilities of tags by logistic regression on what each word shows.

    Args:
        words: Of n texts, which are dealt out to five folds as a whole.
        tags: (words,) from 0.
        seed: Of the folds.
    """
    present, codes = np.unique(tags, return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(words.lengths)) % min(5, len(words.lengths))
    of_words, said = np.repeat(fold, words.lengths), np.full((len(tags), len(present)), 1 / len(present))
    for number in range(int(fold.max()) + 1):
        train, held_out = of_words != number, of_words == number
        if held_out.any() and len(np.unique(codes[train])) > 1:
            model = fit_linear(words.features[train], codes[train], inverse_regularization=1.0, steps=50, quiet=True)
            said[held_out] = 0.0
            said[np.ix_(held_out, model.classes_)] = model.predict_proba(words.features[held_out])
    probs = np.zeros((len(tags), int(tags.max(initial=0)) + 1))
    probs[:, present] = said
    return probs
