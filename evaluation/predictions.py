"""Labels and predicted probabilities of a single-label classifier, checked once for all that read them."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, check_order, column, is_missing, keys, matrix

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_SUM_TOLERANCE = 1e-3  # probabilities stored as float16 are off by about this much


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """What was right and what was predicted.

    Attributes:
        labels: (n,) positions in `label_names`.
        pred_probs: (n, k) probabilities; rows sum to one.
        label_names: The k labels, in the order of the columns.
    """

    labels: IntArray
    pred_probs: FloatArray
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
    if probs.shape != shape:
        raise ValueError(f"{name}: expected shape {shape} (records, labels), got {probs.shape}")
    wrong = np.flatnonzero(~np.isfinite(probs).all(axis=1))
    if wrong.size:
        raise ValueError(f"{name}: expected finite numbers, row {wrong[0]} holds NaN or infinity")
    wrong = np.flatnonzero(((probs < 0) | (probs > 1 + _SUM_TOLERANCE)).any(axis=1))
    if wrong.size:
        raise ValueError(f"{name}: expected probabilities in [0, 1], row {wrong[0]} holds others")
    sums = probs.sum(axis=1)
    wrong = np.flatnonzero(np.abs(sums - 1) > _SUM_TOLERANCE)
    if wrong.size:
        raise ValueError(f"{name}: expected rows that sum to one, row {wrong[0]} sums to {sums[wrong[0]]:.4g}")
