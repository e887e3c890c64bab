"""Numbers of records with any number of labels each, as sums over records; see `evaluation.additive`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evaluation.additive import Additive, mean
from evaluation.predictions import FloatArray, MultiLabelPredictions
from evaluation.sums import Metrics


def micro_f1(metrics: Metrics, sums: FloatArray) -> FloatArray:
    """Return (...,) F1 over all labels of all records together, in [0, 1]; 1 where there are none and none is said."""
    given = (metrics.support + metrics.predicted).sum(-1)
    return np.asarray(np.where(given > 0, 2 * metrics.hits.sum(-1) / np.maximum(given, 1), 1.0))


def label_accuracy(metrics: Metrics, sums: FloatArray) -> FloatArray:
    """Return (...,) the share of labels rightly given or left out, in [0, 1]: 1 less the Hamming loss."""
    wrong = (metrics.support + metrics.predicted - 2 * metrics.hits).sum(-1)
    return np.asarray(1 - wrong / (metrics.n * metrics.support.shape[-1]))


def _overlaps(predictions: MultiLabelPredictions) -> FloatArray:
    """Return (n, 1) the share of labels in both answers among those in one of them; 1 where both have none."""
    labels, said = predictions.labels, predictions.predicted
    both, either = (labels & said).sum(axis=1), (labels | said).sum(axis=1)
    return np.asarray(np.where(either > 0, both / np.maximum(either, 1), 1.0)[:, None])


def _ranking_precisions(predictions: MultiLabelPredictions) -> FloatArray:
    """Return (n, 1) for each record the mean over its labels of how many of those at least as likely are its labels.

    Tsoumakas, Katakis and Vlahavas, Mining Multi-label Data, 2010; a record with no label or all of them has 1.
    """
    from scipy.stats import rankdata  # takes a while to import

    has, rising = predictions.labels.astype(bool), -predictions.pred_probs
    among_all, among_its = (rankdata(each, method="max", axis=1) for each in (rising, np.where(has, rising, np.inf)))
    counts = has.sum(axis=1)
    found = np.where(has, among_its / among_all, 0).sum(axis=1) / np.maximum(counts, 1)
    return np.asarray(np.where((counts == 0) | (counts == has.shape[1]), 1.0, found)[:, None])


SEVERAL: Mapping[str, Additive] = {
    "micro_f1": Additive(of=micro_f1, several=True),
    "label_accuracy": Additive(of=label_accuracy, several=True),
    "overlap": Additive(of=mean, parts=_overlaps, several=True),
    "label_ranking_precision": Additive(of=mean, parts=_ranking_precisions, several=True),
}
"""Of records with any number of labels each, all in [0, 1]: F1 over all labels together; the share of labels rightly
given or left out; the mean overlap of both answers (Jaccard); the label ranking average precision."""
