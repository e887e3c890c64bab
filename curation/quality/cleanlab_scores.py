"""The only module that imports cleanlab."""

from __future__ import annotations

from typing import Literal

import numpy as np

from curation.quality.input_checks import FloatArray, IntArray

Method = Literal["self_confidence", "normalized_margin", "confidence_weighted_entropy"]


def cleanlab_score(codes: IntArray, probs: FloatArray, *, method: Method = "self_confidence") -> FloatArray:
    """Return cleanlab's label quality score, the baseline that `benchmarks.label_errors` compares with.

    Northcutt, Jiang & Chuang, Confident Learning, JAIR 2021; Kuan & Mueller, Model-agnostic label quality scoring,
    ICML DataPerf 2022.

    Args:
        codes: (n,) given labels.
        probs: (n, k) out-of-fold probabilities.
        method: which of cleanlab's three.

    Returns:
        (n,) in [0, 1], low = likely wrong.
    """
    from cleanlab.rank import get_label_quality_scores

    return np.asarray(get_label_quality_scores(codes, probs, method=method), dtype=np.float64)
