"""How a model is put to the test, by the way of training that made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.classification import Evaluation, evaluate
from evaluation.comparison import Comparison, compare
from evaluation.order_evaluation import compare_orders, evaluate_orders
from evaluation.span_evaluation import compare_spans, evaluate_spans
from evaluation.suites import SUITES
from evaluation.text_exam import compare_texts, examine_texts


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a model said of n records.

    Attributes:
        values: (n,) its answers.
        confidence: (n,) their probabilities, in [0, 1].
        pred_probs: n rows of probabilities, one for each name that it knew.
        known: Those names; none where they are the names of today.
        threshold: The probability above which it predicts a label, where a record may have several.
    """

    values: Sequence[Any]
    confidence: Sequence[float]
    pred_probs: Sequence[Sequence[float]]
    known: Sequence[str]
    threshold: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Exam:
    """A way to test models on n records.

    Attributes:
        truth: The right answers as the others take them, by what models learn of them and by the k names.
        read: What a model said likewise, by the truth and the k names; None where that cannot be known.
        evaluate: Scores, by truth, what was said, names, seed, and the right answers of the training part.
        compare: The second model against the first, by truth, what both said, names and seed.
        also_said: The metrics that are told beside accuracy and F1 where there is one line.
    """

    truth: Callable[[Sequence[Any], Sequence[str]], Any]
    read: Callable[[Any, Said, Sequence[str]], Any]
    evaluate: Callable[[Any, Any, Sequence[str], int, Sequence[Any]], Evaluation]
    compare: Callable[[Any, Any, Any, Sequence[str], int], Comparison]
    also_said: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Probabilities:
    """(n, k) probabilities, and the one above which a label is predicted."""

    probs: npt.NDArray[np.float64]
    threshold: float


def positions(targets: Sequence[Any], names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return (n,) the position of every name, or (n, k) ones and zeros where a record has several."""
    index = {name: i for i, name in enumerate(names)}
    if not targets or isinstance(targets[0], str):
        return np.array([index[name] for name in targets], dtype=np.int64)
    return np.array([[name in named for name in names] for named in targets], dtype=np.int64)


def _by_name(truth: npt.NDArray[np.int64], said: Said, names: Sequence[str]) -> _Probabilities | None:
    """Return what a model said, a column per label of today; None if it is not known which labels it knew.

    Labels that it did not know have probability 0. Those that were made one since are added up where a record has
    one label; where it has several, it has the one unless it has none of them.
    """
    given: npt.NDArray[np.float64] = np.array(said.pred_probs, dtype=np.float64)
    known = said.known or names
    if len(known) != given.shape[1] or not set(known) <= set(names):
        return None
    of_one, rows = truth.ndim == 1, np.zeros((len(given), len(names)))
    for column, name in enumerate(known):
        at = names.index(name)
        rows[:, at] += given[:, column] if of_one else given[:, column] * (1 - rows[:, at])
    rows = rows / rows.sum(axis=1, keepdims=True) if of_one else rows
    return _Probabilities(probs=rows, threshold=said.threshold)


def _classes(recipe: str) -> Exam:
    def evaluated(truth: Any, said: _Probabilities, names: Sequence[str], seed: int, taught: Any) -> Evaluation:
        more, threshold = SUITES[recipe](names), said.threshold
        return evaluate(truth, said.probs, label_names=names, seed=seed, metrics=more, threshold=threshold)

    def compared(
        truth: Any, before: _Probabilities, after: _Probabilities, names: Sequence[str], seed: int
    ) -> Comparison:
        thresholds = (before.threshold, after.threshold)
        return compare(truth, before.probs, after.probs, label_names=names, seed=seed, thresholds=thresholds)

    return Exam(truth=positions, read=_by_name, evaluate=evaluated, compare=compared)


PASSAGES = Exam(
    truth=lambda targets, names: targets,
    read=lambda truth, said, names: said if set(said.known) <= set(names) else None,
    evaluate=lambda truth, said, names, seed, taught: evaluate_spans(
        truth, said.values, label_names=names, confidences=said.confidence, seed=seed
    ),
    compare=lambda truth, before, after, names, seed: compare_spans(
        truth, before.values, after.values, label_names=names, seed=seed
    ),
)

ORDERS = Exam(
    truth=lambda targets, names: targets,
    read=lambda truth, said, names: said if set(said.known) <= set(names) else None,
    evaluate=lambda truth, said, names, seed, taught: evaluate_orders(
        truth, said.values, label_names=names, taught=taught, confidences=said.confidence, seed=seed
    ),
    compare=lambda truth, before, after, names, seed: compare_orders(
        truth, before.values, after.values, label_names=names, seed=seed
    ),
    also_said=("kendall_tau_b", "average_order_kendall_tau_b"),
)

TEXTS = Exam(
    truth=lambda targets, names: targets,
    read=lambda truth, said, names: said,
    evaluate=lambda truth, said, names, seed, taught: examine_texts(truth, said.values, seed=seed),
    compare=lambda truth, before, after, names, seed: compare_texts(truth, before.values, after.values, seed=seed),
    also_said=("chrf", "word_error"),
)

EXAMS: Mapping[str, Exam] = {
    **{recipe: _classes(recipe) for recipe in SUITES},
    "token_classification": PASSAGES,
    "listwise": ORDERS,
    "text_generation": TEXTS,
}
