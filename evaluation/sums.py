"""Metrics of classifiers as functions of sums over records; see `evaluation.intervals` for why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import sparse

from evaluation.orders import OrderedPredictions
from evaluation.passages import MarkedPredictions
from evaluation.predictions import AnyPredictions, FloatArray

BINS = 15
AllPredictions: TypeAlias = AnyPredictions | MarkedPredictions | OrderedPredictions
"""What was right and what was predicted, whatever the answers are."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Metrics:
    """Metrics of one or many sets of records; `...` is () or (resamples,).

    Attributes:
        accuracy: (...,) share of right predictions, in [0, 1]; of several labels, all have to be right.
        log_loss: (...,) mean negative log probability of the right label or labels, in nats.
        expected_calibration_error: (...,) in [0, 1].
        precision: (..., k) in [0, 1]; 0 for a label that was never predicted.
        recall: (..., k) in [0, 1]; 0 for a label that was predicted but has no records.
        f1: (..., k) in [0, 1].
        support: (..., k) records with each label.
        predicted: (..., k) records of which each was predicted.
        hits: (..., k) both.
        n: (...,) records.
    """

    accuracy: FloatArray
    log_loss: FloatArray
    expected_calibration_error: FloatArray
    precision: FloatArray
    recall: FloatArray
    f1: FloatArray
    support: FloatArray
    predicted: FloatArray
    hits: FloatArray
    n: FloatArray

    @property
    def macro_precision(self) -> FloatArray:
        """(...,) mean of `precision` over the labels that are among the labels or the predictions."""
        return _mean_of_seen(self.precision)

    @property
    def macro_recall(self) -> FloatArray:
        """(...,) mean of `recall` over the labels that are among the labels or the predictions."""
        return _mean_of_seen(self.recall)

    @property
    def macro_f1(self) -> FloatArray:
        """(...,) mean of `f1` over the labels that are among the labels or the predictions."""
        return _mean_of_seen(self.f1)


def record_columns(predictions: AllPredictions) -> sparse.csr_matrix:
    """Return what every record adds to the sums that `metrics_of` reads, shape (n, 3 k + BINS + 3).

    The columns: labels, predictions, hits (k each: ones and zeros, or counts of passages), confidence minus correctness
    in the bin of the confidence (BINS equal widths), log loss, correctness, and a one.
    """
    n = predictions.n
    correct = predictions.correct.astype(np.float64)
    confidence = predictions.confidence
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    loss = -np.log(np.clip(predictions.label_probability, np.finfo(np.float64).eps, 1))
    blocks = [
        predictions.true_labels,
        predictions.predicted_labels,
        predictions.hits,
        _placed(bins, confidence - correct, BINS),
        sparse.csr_matrix(np.column_stack([loss, correct, np.ones(n)])),
    ]
    return sparse.csr_matrix(sparse.hstack(blocks))


def metrics_of(sums: FloatArray, k: int) -> Metrics:
    """Return the metrics of column sums of `record_columns`, shape (..., 3 k + BINS + 3)."""
    support, predicted, hits = sums[..., :k], sums[..., k : 2 * k], sums[..., 2 * k : 3 * k]
    gaps, (loss, correct, n) = sums[..., 3 * k : 3 * k + BINS], (sums[..., i] for i in (-3, -2, -1))
    seen = support + predicted > 0
    return Metrics(
        accuracy=correct / n,
        log_loss=loss / n,
        expected_calibration_error=np.abs(gaps).sum(axis=-1) / n,
        precision=_where_seen(hits, predicted, seen),
        recall=_where_seen(hits, support, seen),
        f1=_where_seen(2 * hits, support + predicted, seen),
        support=support,
        predicted=predicted,
        hits=hits,
        n=n,
    )


def _placed(column: np.ndarray, value: FloatArray, width: int) -> sparse.csr_matrix:
    n = len(column)
    return sparse.csr_matrix((value, (np.arange(n), column)), shape=(n, width))


def _mean_of_seen(values: FloatArray) -> FloatArray:
    """Return (...,) the mean of (..., k) without those that are NaN; NaN where all are."""
    seen = ~np.isnan(values)
    return np.asarray(np.nansum(values, axis=-1) / np.where(seen.any(axis=-1), seen.sum(axis=-1), np.nan))


def _where_seen(part: FloatArray, whole: FloatArray, seen: np.ndarray) -> FloatArray:
    """Return part / whole, 0 for 0 / 0, and NaN for a label that is neither a label nor a prediction."""
    return np.where(seen, part / np.maximum(whole, 1), np.nan)
