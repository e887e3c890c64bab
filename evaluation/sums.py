"""Single-label metrics as functions of sums over records; see `evaluation.intervals` for why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from evaluation.predictions import FloatArray, Predictions

BINS = 15


@dataclass(frozen=True, kw_only=True, eq=False)
class Metrics:
    """Metrics of one or many sets of records; `...` is () or (resamples,).

    Attributes:
        accuracy: (...,) share of right predictions, in [0, 1].
        log_loss: (...,) mean negative log probability of the right label, in nats.
        expected_calibration_error: (...,) in [0, 1].
        precision: (..., k) in [0, 1]; 0 for a label that was never predicted.
        recall: (..., k) in [0, 1]; 0 for a label that was predicted but has no records.
        f1: (..., k) in [0, 1].
    """

    accuracy: FloatArray
    log_loss: FloatArray
    expected_calibration_error: FloatArray
    precision: FloatArray
    recall: FloatArray
    f1: FloatArray

    @property
    def macro_precision(self) -> FloatArray:
        """(...,) mean of `precision` over the labels that are among the labels or the predictions."""
        return np.asarray(np.nanmean(self.precision, axis=-1))

    @property
    def macro_recall(self) -> FloatArray:
        """(...,) mean of `recall` over the labels that are among the labels or the predictions."""
        return np.asarray(np.nanmean(self.recall, axis=-1))

    @property
    def macro_f1(self) -> FloatArray:
        """(...,) mean of `f1` over the labels that are among the labels or the predictions."""
        return np.asarray(np.nanmean(self.f1, axis=-1))


def record_columns(predictions: Predictions) -> sparse.csr_matrix:
    """Return what every record adds to the sums that `metrics_of` reads, shape (n, 3 k + BINS + 2).

    The columns: label, prediction, hit (k each, one-hot), confidence minus correctness in the bin of the
    confidence (BINS equal widths), log loss, and a one.
    """
    n, k = predictions.n, predictions.k
    correct = predictions.correct.astype(np.float64)
    confidence = predictions.confidence
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    loss = -np.log(np.clip(predictions.label_probability, np.finfo(np.float64).eps, 1))
    blocks = [
        _placed(predictions.labels, np.ones(n), k),
        _placed(predictions.predicted, np.ones(n), k),
        _placed(predictions.labels, correct, k),
        _placed(bins, confidence - correct, BINS),
        sparse.csr_matrix(np.column_stack([loss, np.ones(n)])),
    ]
    return sparse.csr_matrix(sparse.hstack(blocks))


def metrics_of(sums: FloatArray, k: int) -> Metrics:
    """Return the metrics of column sums of `record_columns`, shape (..., 3 k + BINS + 2)."""
    support, predicted, hits = sums[..., :k], sums[..., k : 2 * k], sums[..., 2 * k : 3 * k]
    gaps, loss, n = sums[..., 3 * k : 3 * k + BINS], sums[..., -2], sums[..., -1]
    seen = support + predicted > 0
    return Metrics(
        accuracy=hits.sum(axis=-1) / n,
        log_loss=loss / n,
        expected_calibration_error=np.abs(gaps).sum(axis=-1) / n,
        precision=_where_seen(hits, predicted, seen),
        recall=_where_seen(hits, support, seen),
        f1=_where_seen(2 * hits, support + predicted, seen),
    )


def _placed(column: np.ndarray, value: FloatArray, width: int) -> sparse.csr_matrix:
    n = len(column)
    return sparse.csr_matrix((value, (np.arange(n), column)), shape=(n, width))


def _where_seen(part: FloatArray, whole: FloatArray, seen: np.ndarray) -> FloatArray:
    """Return part / whole, 0 for 0 / 0, and NaN for a label that is neither a label nor a prediction."""
    return np.where(seen, part / np.maximum(whole, 1), np.nan)
