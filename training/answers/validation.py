"""How good a model is on the validation part after an epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from evaluation.number_evaluation import mean_absolute_error, root_mean_squared_error, spearman
from training.answers.heads import Head, RecordHead
from training.data.tagging import IntArray, Passage, likeliest, marked, tags_of
from training.data.windows import WindowedTexts

Said: TypeAlias = Sequence[npt.NDArray[Any]]
"""What a model says of every row of a part, in its order."""


@dataclass(frozen=True, kw_only=True)
class Validated:
    """Scores of an epoch, as `EpochResult` has them."""

    validation_loss: float
    macro_f1: float | None
    accuracy: float | None
    threshold: float = 0.5
    scores: Mapping[str, float] = field(default_factory=dict)
    taught_accuracy: float | None = None
    taught_loss: float | None = None


def of_records(said: Said, *, head: RecordHead, labels: IntArray) -> Validated:
    """Score n arrays (k,) of probabilities against the labels of n records."""
    probs = np.stack(list(said))
    threshold = head.threshold(probs, labels)
    predicted = head.predicted(probs, threshold)
    likelihood = np.maximum(head.likelihood(probs, labels), np.finfo(np.float32).tiny)
    right = (predicted == labels) if labels.ndim == 1 else (predicted == labels).all(axis=1)
    return Validated(
        validation_loss=float(-np.log(likelihood).mean()),
        macro_f1=_macro_f1(labels, predicted),
        accuracy=float(right.mean()),
        threshold=threshold,
    )


def of_orders(said: Said, *, head: RecordHead, labels: IntArray) -> Validated:
    """Score n arrays (k,) of chances to be the best against (n, k) ranks; F1 is of the best options."""
    probs = np.stack(list(said))
    threshold = head.threshold(probs, labels)
    predicted = head.predicted(probs, threshold)
    likelihood = np.maximum(head.likelihood(probs, labels), np.finfo(np.float32).tiny)
    return Validated(
        validation_loss=float(-np.log(likelihood).mean()),
        macro_f1=_macro_f1((labels == 1).astype(np.int64), (predicted == 1).astype(np.int64)),
        accuracy=float((predicted == labels).all(axis=1).mean()),
        threshold=threshold,
    )


def of_numbers(said: Said, *, head: Head, labels: npt.NDArray[Any], spread: float) -> Validated:
    """Score n arrays (1,) of numbers against the right ones; the loss is in squares of the spread."""
    found = np.concatenate(list(said))
    error = root_mean_squared_error(labels, found)
    scores = {
        "mae": mean_absolute_error(labels, found),
        "rmse": error,
        "spearman": float(np.nan_to_num(spearman(labels, found))),
    }
    return Validated(validation_loss=(error / spread) ** 2, macro_f1=None, accuracy=None, scores=scores)


def of_passages(said: Said, *, texts: WindowedTexts, labels: Sequence[str]) -> Validated:
    """Score w arrays (t, m) of probabilities of tags against the passages of n texts."""
    loss, counts, right = 0.0, np.zeros((3, len(labels))), 0
    given = texts.passages or []
    for text, wanted, (places, probs) in zip(texts.texts, given, texts.joined(said), strict=True):
        tags = tags_of(places, wanted, labels)
        loss -= float(np.log(np.maximum(probs[np.arange(len(tags)), tags], np.finfo(np.float32).tiny)).sum())
        found = marked(text, places, probs, likeliest(probs).tags, labels)
        pair = {_key(passage) for passage in wanted}, {_key(passage) for passage in found}
        for row, passages in enumerate((*pair, pair[0] & pair[1])):
            for *_, label in passages:
                counts[row, labels.index(label)] += 1
        right += pair[0] == pair[1]
    n = len(given)
    return Validated(validation_loss=loss / n, macro_f1=_mean_f1(counts), accuracy=right / n)


def _key(passage: Passage) -> tuple[int, int, str]:
    return passage["start"], passage["end"], passage["label"]


def _mean_f1(counts: npt.NDArray[np.float64]) -> float:
    """Return the mean of F1 over the labels that there are, by those given, predicted and right, (3, k)."""
    given, predicted, right = counts
    there = given > 0
    if not there.any():
        return float(not predicted.any())
    return float((2 * right[there] / (given + predicted)[there]).mean())


def _macro_f1(labels: IntArray, predicted: IntArray) -> float:
    """Return the mean of F1 over the labels that there are; 1 where there are none, and none was predicted."""
    from sklearn.metrics import f1_score

    there = np.unique(labels) if labels.ndim == 1 else np.flatnonzero(labels.any(axis=0))
    if not len(there):
        return float(not predicted.any())
    return float(f1_score(labels, predicted, labels=there, average="macro", zero_division=0))
