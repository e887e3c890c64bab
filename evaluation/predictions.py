"""Labels and predicted probabilities of a classifier, checked once for all that read them."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from evaluation.columns import Column, check_order, column, is_missing, kept, keys, matrix, numbers, rows_of_lists
from evaluation.settings import check_number

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_SUM_TOLERANCE = 1e-3  # probabilities stored as float16 are off by about this much


class Tallied:
    """n records and k labels, whatever the labels of a record are; all counts follow from two matrices."""

    labels: IntArray
    label_names: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of records."""
        return len(self.labels)

    @property
    def k(self) -> int:
        """Number of labels."""
        return len(self.label_names)

    @property
    def true_labels(self) -> sparse.csr_matrix:
        """(n, k) ones where a record has the label."""
        raise NotImplementedError

    @property
    def predicted_labels(self) -> sparse.csr_matrix:
        """(n, k) ones where the label was predicted."""
        raise NotImplementedError

    @property
    def hits(self) -> sparse.csr_matrix:
        """(n, k) ones where a label that a record has was predicted."""
        return self.true_labels.multiply(self.predicted_labels)

    @property
    def confusion(self) -> IntArray:
        """(k, k) counts, as `Evaluation.confusion` is."""
        true, predicted, hits = self.true_labels, self.predicted_labels, self.hits
        found = ((true - hits).T @ (predicted - hits)).toarray() + np.diag(np.asarray(hits.sum(axis=0)).ravel())
        return np.asarray(found.round(), dtype=np.int64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions(Tallied):
    """What was right and what was predicted, where every record has one label.

    Attributes:
        labels: (n,) positions in `label_names`.
        pred_probs: (n, k) probabilities; rows sum to one.
        label_names: The k labels, in the order of the columns.
    """

    labels: IntArray
    pred_probs: FloatArray
    label_names: tuple[str, ...]

    @property
    def predicted(self) -> IntArray:
        """(n,) the most probable label; of equals the first."""
        return np.asarray(self.pred_probs.argmax(axis=1), dtype=np.int64)

    @property
    def confidence(self) -> FloatArray:
        """(n,) probability of the predicted label, in [0, 1]."""
        return np.asarray(self.pred_probs.max(axis=1))

    @property
    def label_probability(self) -> FloatArray:
        """(n,) probability given to the right label, in [0, 1]."""
        return self.pred_probs[np.arange(self.n), self.labels]

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the predicted label is the right one."""
        return np.asarray(self.predicted == self.labels)

    @property
    def true_labels(self) -> sparse.csr_matrix:
        """(n, k) ones where a record has the label."""
        return _one_hot(self.labels, self.k)

    @property
    def predicted_labels(self) -> sparse.csr_matrix:
        """(n, k) ones where the label was predicted."""
        return _one_hot(self.predicted, self.k)


@dataclass(frozen=True, kw_only=True, eq=False)
class MultiLabelPredictions(Tallied):
    """The same where a record has any number of labels; an answer is right where all of it is.

    Attributes:
        labels: (n, k) 1 where a record has the label, else 0.
        pred_probs: (n, k) probability of every label by itself, in [0, 1].
        label_names: The k labels, in the order of the columns.
        threshold: Labels that are more probable are predicted, in (0, 1).
    """

    labels: IntArray
    pred_probs: FloatArray
    label_names: tuple[str, ...]
    threshold: float = 0.5

    @property
    def predicted(self) -> IntArray:
        """(n, k) 1 where a label is more probable than the threshold."""
        return np.asarray(self.pred_probs > self.threshold, dtype=np.int64)

    @property
    def confidence(self) -> FloatArray:
        """(n,) probability of the predicted labels and no others, as if each label stood by itself."""
        return probability_of_all(self.pred_probs, self.predicted)

    @property
    def label_probability(self) -> FloatArray:
        """(n,) probability given to the right labels and no others, likewise."""
        return probability_of_all(self.pred_probs, self.labels)

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the predicted labels are the right ones."""
        return np.asarray((self.predicted == self.labels).all(axis=1))

    @property
    def true_labels(self) -> sparse.csr_matrix:
        """(n, k) ones where a record has the label."""
        return sparse.csr_matrix(self.labels.astype(np.float64))

    @property
    def predicted_labels(self) -> sparse.csr_matrix:
        """(n, k) ones where the label was predicted."""
        return sparse.csr_matrix(self.predicted.astype(np.float64))


AnyPredictions: TypeAlias = Predictions | MultiLabelPredictions


def check_confidences(confidence: Column | None, n: int) -> FloatArray:
    """Return (n,) how sure a model was of each answer, half of everything where that is not known.

    Raises:
        ValueError: Another length, or a number outside [0, 1].
    """
    sure = np.full(n, 0.5) if confidence is None else numbers(confidence, "confidences")
    check_length("confidences", sure, n)
    if not ((sure >= 0) & (sure <= 1)).all():
        raise ValueError("confidences: expected probabilities in [0, 1], got another number")
    return sure


def probability_of_all(probs: npt.NDArray[Any], chosen: IntArray) -> npt.NDArray[Any]:
    """Return (n,) the probability of the chosen labels and no others, as if each label stood by itself.

    Args:
        probs: (n, k) probability of every label, in [0, 1].
        chosen: (n, k) ones and zeros.
    """
    return np.asarray(np.where(chosen == 1, probs, 1 - probs).prod(axis=1))


def _one_hot(positions: IntArray, k: int) -> sparse.csr_matrix:
    n = len(positions)
    return sparse.csr_matrix((np.ones(n), (np.arange(n), positions)), shape=(n, k))


def check_predictions(
    labels: Column, pred_probs: Column, *, label_names: Column, name: str = "pred_probs"
) -> Predictions:
    """Check shapes and ranges, and return both arrays under one roof.

    Args:
        labels: (n,) integer positions in `label_names`.
        pred_probs: (n, k) probabilities.
        label_names: k names, no two alike.
        name: How messages call `pred_probs`.

    Raises:
        ValueError: Nothing to evaluate; labels that are no integers or out of range; probabilities of another
            shape, not finite, outside [0, 1], or rows that do not sum to one.
    """
    names = check_names(label_names)
    given = column(labels, "labels")
    _check_labels(given, names)
    check_order(pred_probs, names, name)
    probs = matrix(pred_probs, name).astype(np.float64)
    _check_probabilities(probs, (len(given), len(names)), name)
    return Predictions(labels=given.astype(np.int64), pred_probs=probs, label_names=names)


def check_any_predictions(
    labels: Any, pred_probs: Column, *, label_names: Column, threshold: float = 0.5, name: str = "pred_probs"
) -> AnyPredictions:
    """Check as `check_predictions` does; n lists of positions, or an (n, k) matrix of 0 and 1, are several labels each.

    Raises:
        ValueError: As there; a matrix with other numbers, or a position twice in one record.
    """
    names = check_names(label_names)
    check_number(threshold, "threshold", "a probability between 0 and 1", above=0, most=1)
    labels = kept(labels)
    several = _several(labels, len(names))
    if several is None:
        return check_predictions(labels, pred_probs, label_names=names, name=name)
    check_order(pred_probs, names, name)
    probs = matrix(pred_probs, name).astype(np.float64)
    _check_shape_and_range(probs, several.shape, name)
    return MultiLabelPredictions(labels=several, pred_probs=probs.clip(0, 1), label_names=names, threshold=threshold)


def _several(labels: Any, k: int) -> IntArray | None:
    """Return (n, k) 0 and 1 where records have several labels each; None where they have one."""
    if isinstance(labels, np.ndarray) and labels.ndim == 2:
        return _indicators(labels, k)
    rows = rows_of_lists(labels)
    if rows is None:
        return None
    found = np.zeros((len(rows), k), dtype=np.int64)
    for i, row in enumerate(rows):
        if not all(_is_position(one, k) for one in row) or len(set(row)) < len(row):
            raise ValueError(f"labels: expected different positions from 0 to {k - 1}, got {list(row)} in row {i}")
        found[i, list(row)] = 1
    return found


def _is_position(value: Any, k: int) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and 0 <= int(value) < k


def _indicators(labels: npt.NDArray[Any], k: int) -> IntArray:
    if not len(labels) or labels.shape[1] != k or not np.isin(labels, (0, 1)).all():
        raise ValueError(f"labels: expected 0 and 1, shape (n, {k}) with n at least 1, got shape {labels.shape}")
    return labels.astype(np.int64)


def check_length(name: str, values: Sized, n: int) -> None:
    """Raise a ValueError unless there is one of `values` for each of `n` records."""
    if len(values) != n:
        raise ValueError(f"{name}: expected one per record ({n}), got {len(values)}")


def check_names(label_names: Any) -> tuple[str, ...]:
    """Return the names of the labels; the letters of a text are names too.

    Raises:
        ValueError: Fewer than two, two alike, a missing or an empty one, or numbers.
    """
    given = list(label_names) if isinstance(label_names, str) else keys(label_names, "label_names")
    if len(given) < 2 or len(set(given)) < len(given) or "" in given:
        raise ValueError(f"label_names: expected at least two names, no two alike, got {given}")
    # Labels are positions here; with numbers for names nobody could tell which of the two a label is.
    if any(not isinstance(name, str) and name != place for place, name in enumerate(given)):
        raise ValueError(f"label_names: expected names that are text, as labels are positions in them, got {given}")
    return tuple(map(str, given))


def _check_labels(labels: npt.NDArray[Any], names: tuple[str, ...]) -> None:
    if labels.ndim != 1 or not labels.size:
        raise ValueError(f"labels: expected shape (n,) with n at least 1, got shape {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels: expected integer positions in label_names, got {_example(labels)}")
    outside = np.flatnonzero((labels < 0) | (labels >= len(names)))
    if outside.size:
        row = int(outside[0])
        raise ValueError(f"labels: expected 0 to {len(names) - 1}, got {int(labels[row])} in row {row}")


def _example(labels: npt.NDArray[Any]) -> str:
    row = next((row for row, label in enumerate(labels.tolist()) if is_missing(label)), None)
    return f"{labels.tolist()[0]!r} at record 0" if row is None else f"a missing value at record {row}"


def _check_probabilities(probs: FloatArray, shape: tuple[int, int], name: str) -> None:
    _check_shape_and_range(probs, shape, name)
    sums = probs.sum(axis=1)
    wrong = np.flatnonzero(np.abs(sums - 1) > _SUM_TOLERANCE)
    if wrong.size:
        raise ValueError(f"{name}: expected rows that sum to one, row {wrong[0]} sums to {sums[wrong[0]]:.4g}")


def _check_shape_and_range(probs: FloatArray, shape: tuple[int, ...], name: str) -> None:
    if probs.shape != shape:
        raise ValueError(f"{name}: expected shape {shape} (records, labels), got {probs.shape}")
    wrong = np.flatnonzero(~np.isfinite(probs).all(axis=1))
    if wrong.size:
        raise ValueError(f"{name}: expected finite numbers, row {wrong[0]} holds NaN or infinity")
    wrong = np.flatnonzero(((probs < 0) | (probs > 1 + _SUM_TOLERANCE)).any(axis=1))
    if wrong.size:
        raise ValueError(f"{name}: expected probabilities in [0, 1], row {wrong[0]} holds others")
