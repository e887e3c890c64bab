"""How far confidence can be believed: what readers said who were kept from the consensus, by how sure it was."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from curation.review.held_out import HeldOut
from curation.review.votes import Floats
from evaluation.intervals import wilson_interval

CALIBRATION = pa.schema(
    {
        "from": pa.float64(),
        "to": pa.float64(),
        "answers": pa.int64(),
        "foretold": pa.float64(),
        "agreed": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    }
)
_ENDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def calibration(held: HeldOut, weights: Floats) -> pa.Table:
    """Return how often held-out readers gave the label of a consensus without them, and how often they should have.

    Readers err too, so of labels that are all right fewer than all are given again: `agreed` is to be held against
    `foretold`, not against the confidence.

    Args:
        held: Answers that were held out.
        weights: Shape (M,), how much each model counts.

    Returns:
        Columns `from`, `to`, the confidence in [0, 1]; `answers`, how many were held out where it was said; `foretold`,
        the share of these that were expected to be the label; `agreed`, the share that were; `low`, `high`, its 95%
        interval (Wilson). Bands without an answer are left out.
    """
    belief, foretold = (np.tensordot(weights, each, axes=1) for each in (held.beliefs, held.foretold))
    if not len(held.label):
        return CALIBRATION.empty_table()
    label, each = belief.argmax(axis=1), np.arange(len(belief))
    band = np.clip(np.searchsorted(_ENDS, belief[each, label], side="right") - 1, 0, len(_ENDS) - 2)
    rows = [_row(int(b), foretold[each, label][band == b], (held.label == label)[band == b]) for b in np.unique(band)]
    return pa.Table.from_pylist(rows, schema=CALIBRATION)


def _row(band: int, foretold: Floats, same: Floats) -> dict[str, float | int | None]:
    share = wilson_interval(int(same.sum()), len(same))
    return {
        "from": _ENDS[band],
        "to": _ENDS[band + 1],
        "answers": len(same),
        "foretold": float(foretold.mean()),
        "agreed": share.value,
        "low": share.low,
        "high": share.high,
    }
