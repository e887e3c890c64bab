"""The only module that imports cleanlab."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from curation.quality.input_checks import BoolArray, FloatArray, IntArray

Method = Literal["self_confidence", "normalized_margin", "confidence_weighted_entropy"]


def cleanlab_score(codes: IntArray, probs: FloatArray, *, method: Method = "self_confidence") -> FloatArray:
    """Return cleanlab's label quality score, (n,) in [0, 1], low = likely wrong (Northcutt, JAIR 2021).

    `confidence_weighted_entropy` does not take the correction of class thresholds; the other two do, which is
    cleanlab's own recommendation for imbalanced data, but off by default there and here.
    """
    from cleanlab.rank import get_label_quality_scores

    return np.asarray(get_label_quality_scores(codes, probs, method=method), dtype=np.float64)


def cleanlab_issues(codes: IntArray, probs: FloatArray, **options: Any) -> BoolArray:
    """Return cleanlab's own yes or no per record, (n,), by confident learning (`prune_by_noise_rate`)."""
    from cleanlab.filter import find_label_issues

    return np.asarray(find_label_issues(codes, probs, n_jobs=1, **options), dtype=bool)
