"""The records a model gets wrong, as a table to read from the top."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from evaluation.columns import Column
from evaluation.columns import names as named
from evaluation.predictions import check_length, check_predictions

ERRORS = pa.schema(
    {
        "record_id": pa.string(),
        "label": pa.string(),
        "predicted": pa.string(),
        "confidence": pa.float64(),  # probability of the predicted label, in [0, 1]
        "margin": pa.float64(),  # that minus the probability of the label, in [0, 1]
    }
)


def error_table(labels: Column, pred_probs: Column, *, ids: Column, label_names: Column) -> pa.Table:
    """List the wrong predictions, the most confident first; equals by record id.

    A confident error is either a hole in the training data or a wrong label: both are worth a person's look.

    Args:
        labels: (n,) integer positions in `label_names`.
        pred_probs: (n, k) probabilities; rows sum to one.
        ids: (n,) record ids.
        label_names: The k labels, in the order of the columns.

    Returns:
        A table of schema `ERRORS`, without rows if there is no error.

    Raises:
        ValueError: As in `evaluate`; `ids` of another length.

    Example:
        >>> probs = [[0.9, 0.1], [0.75, 0.25]]
        >>> error_table([0, 1], probs, ids=["m1", "m2"], label_names=["refund", "late"]).to_pylist()
        [{'record_id': 'm2', 'label': 'late', 'predicted': 'refund', 'confidence': 0.75, 'margin': 0.5}]
    """
    predictions = check_predictions(labels, pred_probs, label_names=label_names)
    given = named(ids, "ids")
    check_length("ids", given, predictions.n)
    names = np.asarray(predictions.label_names, dtype=object)
    confidence, predicted = predictions.confidence, predictions.predicted
    wrong = np.flatnonzero(~predictions.correct)
    record_id = np.asarray([given[row] for row in wrong], dtype=object)
    order = np.lexsort((record_id, -confidence[wrong]))
    wrong, record_id = wrong[order], record_id[order]
    columns = {
        "record_id": record_id,
        "label": names[predictions.labels[wrong]],
        "predicted": names[predicted[wrong]],
        "confidence": confidence[wrong],
        "margin": (confidence - predictions.label_probability)[wrong],
    }
    return pa.table(columns, schema=ERRORS)
