"""The only module that imports cleanlab: the baseline beside which our label check is shown and measured."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any, Literal

import numpy as np
from scipy.special import expit

from curation.quality.input_checks import BoolArray, FloatArray, IntArray
from curation.quality.label_sets import read_label_sets
from curation.quality.one_label_views import pooled_log_odds, ridge_views
from curation.quality.word_tags import Words, as_tags, in_words, read_words
from training.folds import out_of_fold
from training.linear import fit_linear

Method = Literal["self_confidence", "normalized_margin", "confidence_weighted_entropy"]

# Labels compared at most, drawn by chance: the fits of more would take longer than the check itself.
MOST = 5_000
_DATALAB_NEIGHBOURS = 10  # of each record, by its defaults


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What cleanlab doubts, beside what the label check doubts of the same labels.

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


def cleanlab_baseline(codes: IntArray, doubted: BoolArray, *, embeddings: FloatArray, seed: int) -> Baseline:
    """Compare what the label check doubts with what cleanlab does, used as its documentation recommends.

    `find_label_issues` at its defaults, on the probabilities of a logistic regression at scikit-learn's defaults,
    five folds, on the same embeddings. Of more than `MOST` labels as many are drawn.

    Args:
        codes: (n,) given labels, n of 1 or more.
        doubted: (n,) true where the label check doubts the label.
        embeddings: (n, d) of unit length.
        seed: of the folds, and of the draw.

    Example:
        >>> north, east = [[0.0, 1.0]] * 10, [[1.0, 0.0]] * 10
        >>> codes, doubted = np.array([0] * 9 + [1] * 11), np.array([False] * 9 + [True] + [False] * 10)
        >>> found = cleanlab_baseline(codes, doubted, embeddings=np.array(north + east), seed=0)
        >>> found.labels, found.both, found.only_check
        (20, 1, 0)
    """
    at = _drawn(len(codes), seed)
    used, given = np.unique(codes[at], return_inverse=True)
    if len(used) < 2 or np.bincount(given).max() < 2:
        said = "all labels are alike" if len(used) < 2 else "no label is given twice"
        return Baseline(reason=f"{said}, so that a classifier has nothing to learn")
    return _compared(_issues(given, _probabilities(embeddings[at], given, len(used), seed)), doubted[at])


def cleanlab_sets_baseline(
    values: Sequence[Sequence[str]],
    doubted: BoolArray,
    *,
    label_names: Sequence[str],
    embeddings: FloatArray,
    seed: int,
) -> Baseline:
    """Compare the same of records with any number of labels: `multilabel_classification.filter` at its defaults.

    Args:
        values: n lists of labels.
        doubted: (n,) true where the label check doubts one of them, or that one is missing.
        label_names: All labels; those that fewer than two records have, or lack, are left out.
        embeddings: (n, d) of unit length.
        seed: Of the draw.
    """
    at = _drawn(len(values), seed)
    ones = read_label_sets([values[i] for i in at], label_names).ones
    ones = ones[:, (ones.sum(axis=0) >= 2) & ((~ones).sum(axis=0) >= 2)]
    if ones.shape[1] < 2:
        return Baseline(reason="fewer than two labels are given, or left out, twice")
    probs = expit(pooled_log_odds(ridge_views(embeddings[at], ones), ones, ones))
    return _compared(cleanlab_sets_issues(ones, probs), doubted[at])


def cleanlab_tags_baseline(
    values: Sequence[Sequence[Mapping[str, Any]]],
    doubted: BoolArray,
    *,
    texts: Sequence[str],
    label_names: Sequence[str],
    seed: int,
) -> Baseline:
    """Compare the same of marked passages: `token_classification.filter` at its defaults, on `word_probabilities`.

    Args:
        values: n lists of passages.
        doubted: (n,) true where the label check doubts one of them, or that one is missing.
        texts: n texts.
        label_names: All labels.
        seed: Of the folds, and of the draw.
    """
    at = _drawn(len(values), seed)
    words = read_words([texts[i] for i in at])
    marked = [in_words(values[i], words.places[words.of(n)], label_names) for n, i in enumerate(at)]
    tags = [as_tags(row, int(n)) for row, n in zip(marked, words.lengths, strict=True)]
    read = np.flatnonzero(words.lengths > 0)
    if len(at) < 2 or not any(each.any() for each in tags):
        return Baseline(reason="no passage is marked")
    probs = word_probabilities(words, np.concatenate(tags), seed)
    issues = np.zeros(len(at), dtype=bool)
    issues[read] = cleanlab_tags_issues([tags[i] for i in read], [probs[words.of(int(i))] for i in read])
    return _compared(issues, doubted[at])


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


def cleanlab_sets_issues(ones: BoolArray, probs: FloatArray) -> BoolArray:
    """Return (n,) which records cleanlab's multi-label filter doubts, by (n, k) out-of-fold probabilities."""
    from cleanlab.multilabel_classification.filter import find_label_issues

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(find_label_issues(_as_lists(ones), probs, n_jobs=1), dtype=bool)


def cleanlab_sets_score(
    ones: BoolArray, probs: FloatArray, *, method: Method = "self_confidence", softmin: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Return cleanlab's quality scores of records (n,) and of labels (n, k), low = likely wrong.

    Thyagarajan et al., Identifying Incorrect Annotations in Multi-Label Classification Data, 2022.

    Args:
        ones: (n, k) given labels.
        probs: (n, k) out-of-fold probabilities.
        method: Which of cleanlab's three.
        softmin: Whether a record has the softmin of its labels' scores, not their moving average.
    """
    from cleanlab.multilabel_classification import rank

    by = (
        {"method": "softmin", "temperature": 0.1} if softmin else {"method": "exponential_moving_average", "alpha": 0.8}
    )
    lists = _as_lists(ones)
    of_records = rank.get_label_quality_scores(lists, probs, method=method, aggregator_kwargs=by)
    return np.asarray(of_records), np.asarray(rank.get_label_quality_scores_per_class(lists, probs, method=method))


def cleanlab_tags_score(
    tags: Sequence[IntArray], probs: Sequence[FloatArray], *, method: Method = "self_confidence", softmin: bool = False
) -> tuple[FloatArray, list[FloatArray]]:
    """Return cleanlab's quality scores of texts (n,) and of the words of each, low = likely wrong.

    Wang & Mueller, Detecting Label Errors in Token Classification Data, 2022 (https://arxiv.org/abs/2210.03920).

    Args:
        tags: n arrays (words,) of given tags; every text has a word.
        probs: n arrays (words, m) of out-of-fold probabilities.
        method: Which of cleanlab's three.
        softmin: Whether a text has the softmin of its words' scores, not the least of them.
    """
    from cleanlab.token_classification.rank import get_label_quality_scores

    of_texts, of_words = get_label_quality_scores(
        [each.tolist() for each in tags],
        list(probs),
        token_score_method=method,
        sentence_score_method="softmin" if softmin else "min",
    )
    return np.asarray(of_texts), [np.asarray(each) for each in of_words]


def cleanlab_tags_issues(tags: Sequence[IntArray], probs: Sequence[FloatArray]) -> BoolArray:
    """Return (n,) in which texts cleanlab doubts a tag, by `token_classification.filter` at its defaults."""
    from cleanlab.token_classification.filter import find_label_issues

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = find_label_issues([each.tolist() for each in tags], list(probs), n_jobs=1)
    doubted = np.zeros(len(tags), dtype=bool)
    doubted[[record for record, _ in found]] = True
    return doubted


@dataclass(frozen=True, kw_only=True)
class Datalab:
    """What cleanlab's Datalab says of a data set as a whole.

    Attributes:
        records: Records that it looked at.
        order_p_value: How likely neighbours in the file would be as alike as they are if the order were random.
        ordered: Whether it doubts that: records collected in blocks, or sorted.
        worst_group: Records of the group for which a model is much worse than for all others; 0 where there is none.
        rarest: The position of the label that is far rarer than if all were equally frequent; None where none is.
        reason: Why it could not run, None where it did.
    """

    records: int = 0
    order_p_value: float | None = None
    ordered: bool = False
    worst_group: int = 0
    rarest: int | None = None
    reason: str | None = None


def datalab(codes: IntArray, *, embeddings: FloatArray, seed: int) -> Datalab:
    """Ask Datalab, at its defaults, whether records are in order, a group is worse off, a label is rare.

    The model is that of `cleanlab_baseline`; of more than `MOST` records as many are drawn, in their order.

    Args:
        codes: (n,) labels, n of 1 or more.
        embeddings: (n, d) of unit length.
        seed: Of the folds, and of the draw.

    Example:
        >>> north, east = [[0.0, 1.0]] * 30, [[1.0, 0.0]] * 30
        >>> found = datalab(np.repeat([0, 1], 30), embeddings=np.array(north + east), seed=0)
        >>> found.records, found.ordered
        (60, True)
    """
    at = _drawn(len(codes), seed)
    used, given = np.unique(codes[at], return_inverse=True)
    if len(used) < 2 or np.bincount(given).max() < 2 or len(at) <= _DATALAB_NEIGHBOURS:
        return Datalab(reason="there are too few records, or their labels are all alike or all different")
    from cleanlab import Datalab as Theirs

    asked: dict[str, Any] = {"non_iid": {"seed": seed}, "class_imbalance": {}, "underperforming_group": {}}
    with warnings.catch_warnings(), redirect_stdout(StringIO()):  # it prints what it could not do
        warnings.simplefilter("ignore")
        lab = Theirs(data={"label": given}, label_name="label", task="classification", verbosity=0)
        probs = _probabilities(embeddings[at], given, len(used), seed)
        lab.find_issues(features=embeddings[at], pred_probs=probs, issue_types=asked)
    ran = {*lab.get_issue_summary()["issue_type"]}  # without groups that lie apart there is no worst one

    def issues(name: str) -> BoolArray:
        nothing = np.zeros(len(at), dtype=bool)
        return lab.get_issues(name)[f"is_{name}_issue"].to_numpy() if name in ran else nothing

    is_rare = issues("class_imbalance")
    return Datalab(
        records=len(at),
        order_p_value=float(lab.get_info("non_iid")["p-value"]) if "non_iid" in ran else None,
        ordered="non_iid" in ran and bool(lab.get_issue_summary("non_iid")["num_issues"].iloc[0]),
        worst_group=int(issues("underperforming_group").sum()),
        rarest=int(used[given[is_rare][0]]) if is_rare.any() else None,
    )


def _as_lists(ones: BoolArray) -> list[list[int]]:
    return [np.flatnonzero(row).tolist() for row in ones]


def _compared(issues: BoolArray, ours: BoolArray) -> Baseline:
    return Baseline(
        labels=len(issues),
        doubted=int(issues.sum()),
        both=int((issues & ours).sum()),
        only_baseline=int((issues & ~ours).sum()),
        only_check=int((ours & ~issues).sum()),
    )


def cleanlab_score(codes: IntArray, probs: FloatArray, *, method: Method = "self_confidence") -> FloatArray:
    """Return cleanlab's label quality score, the baseline that `benchmarks.label_errors` compares with.

    Northcutt, Jiang & Chuang, Confident Learning, JAIR 2021; Kuan & Mueller, Model-agnostic label quality scoring,
    ICML DataPerf 2022.

    Args:
        codes: (n,) given labels.
        probs: (n, k) out-of-fold probabilities.
        method: which of cleanlab's three.

    Returns:
        (n,) in [0, 1], low = likely wrong.
    """
    from cleanlab.rank import get_label_quality_scores

    return np.asarray(get_label_quality_scores(codes, probs, method=method), dtype=np.float64)


def _drawn(n: int, seed: int) -> IntArray:
    if n <= MOST:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, MOST, replace=False))


def _probabilities(embeddings: FloatArray, codes: IntArray, k: int, seed: int) -> FloatArray:
    with warnings.catch_warnings():  # guesses need no fit that has converged to the last digit
        warnings.simplefilter("ignore")
        return out_of_fold(embeddings, codes, n_classes=k, seed=seed)


def _issues(codes: IntArray, probs: FloatArray) -> BoolArray:
    from cleanlab.filter import find_label_issues

    with warnings.catch_warnings():  # of labels that few records carry: they are not to be changed here
        warnings.simplefilter("ignore")
        # One process: it takes milliseconds, and a pool would start more for nothing.
        return np.asarray(find_label_issues(codes, probs, n_jobs=1), dtype=bool)
