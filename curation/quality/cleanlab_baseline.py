"""The only module that imports cleanlab: what it is asked, for `cleanlab_opinions`, the report and the benchmarks."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any, Literal

import numpy as np

from curation.quality.input_checks import BoolArray, FloatArray, IntArray
from training.vectors.folds import out_of_fold

Method = Literal["self_confidence", "normalized_margin", "confidence_weighted_entropy"]

# Labels that a model learns from at most, drawn by chance: the fits of more would take longer than the check itself.
MOST = 5_000
# Ratings that are judged at most: each is compared with half of all others.
MOST_RATINGS = 2_000
_DATALAB_NEIGHBOURS = 10  # of each record, by its defaults


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

    The model is that of `cleanlab_labels`; of more than `MOST` records as many are drawn, in their order.

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
    at = drawn(len(codes), seed)
    used, given = np.unique(codes[at], return_inverse=True)
    if len(used) < 2 or np.bincount(given).max() < 2 or len(at) <= _DATALAB_NEIGHBOURS:
        return Datalab(reason="there are too few records, or their labels are all alike or all different")
    asked: dict[str, Any] = {"non_iid": {"seed": seed}, "class_imbalance": {}, "underperforming_group": {}}
    probs = probabilities(embeddings[at], given, len(used), seed)
    lab = ask_datalab("classification", given, asked, features=embeddings[at], pred_probs=probs)
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


def ask_datalab(task: str, labels: Any, issue_types: Mapping[str, Any], **known: FloatArray) -> Any:
    """Return a `Datalab` that has looked for some types of issues, in silence."""
    from cleanlab import Datalab as Theirs

    with warnings.catch_warnings(), redirect_stdout(StringIO()):  # it prints what it could not do
        warnings.simplefilter("ignore")
        lab = Theirs(data={"label": labels}, label_name="label", task=task, verbosity=0)
        lab.find_issues(issue_types=issue_types, **known)
    return lab


def _as_lists(ones: BoolArray) -> list[list[int]]:
    return [np.flatnonzero(row).tolist() for row in ones]


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


def drawn(n: int, seed: int, *, most: int | None = None) -> IntArray:
    """Return positions of all of n records, or of `most` of them (`MOST` by default), in their order."""
    at_most = MOST if most is None else most
    if n <= at_most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, at_most, replace=False))


def probabilities(embeddings: FloatArray, codes: IntArray, k: int, seed: int) -> FloatArray:
    """Return (n, k) out-of-fold probabilities, each fold taught by `MOST` records at most."""
    with warnings.catch_warnings():  # guesses need no fit that has converged to the last digit
        warnings.simplefilter("ignore")
        return out_of_fold(embeddings, codes, n_classes=k, seed=seed, most=MOST)


def cleanlab_issues(codes: IntArray, probs: FloatArray) -> BoolArray:
    """Return (n,) which labels cleanlab's filter doubts, at its defaults, by (n, k) out-of-fold probabilities."""
    from cleanlab.filter import find_label_issues

    with warnings.catch_warnings():  # of labels that few records carry: they are not to be changed here
        warnings.simplefilter("ignore")
        # One process: it takes milliseconds, and a pool would start more for nothing.
        return np.asarray(find_label_issues(codes, probs, n_jobs=1), dtype=bool)
