"""Probabilities held against what people found: right where the sum of scores is to be a count of labels."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit

from curation.quality.input_checks import BoolArray, FloatArray

# Standard deviations, before the first review: of the shift in logits, and of the logarithm of the slope.
_SHIFT, _SLOPE = 2.0, 0.5
_CERTAIN = 1e-4


def recalibrated(right: FloatArray, *, reviewed: FloatArray, found_right: BoolArray) -> FloatArray:
    """Return (n,) probabilities in the same order, as the reviews so far say that they should be.

    Platt scaling (1999), drawn to no change: one review changes little, a hundred a lot. Which records were reviewed
    may hang on their scores, and on nothing else: in a queue of the most doubtful ones the rest is extrapolated.

    Args:
        right: (n,) probability that each label is right, in [0, 1].
        reviewed: (r,) the same of labels that people have reviewed, as scored without the review.
        found_right: (r,) whether the label was right.

    Example:
        >>> right, reviewed = np.array([0.2, 0.9]), np.full(100, 0.9)
        >>> recalibrated(right, reviewed=reviewed, found_right=np.arange(100) < 60).round(1).tolist()
        [0.1, 0.6]
    """
    if not len(reviewed):
        return right
    seen = logit(np.clip(reviewed, _CERTAIN, 1 - _CERTAIN))

    def loss(at: FloatArray) -> float:
        line = at[0] + np.exp(at[1]) * seen
        unlikely = log_expit(np.where(found_right, line, -line)).sum()
        return float((at[0] / _SHIFT) ** 2 / 2 + (at[1] / _SLOPE) ** 2 / 2 - unlikely)

    shift, slope = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-10, 10), (-3, 3)]).x
    return np.asarray(expit(shift + np.exp(slope) * logit(np.clip(right, _CERTAIN, 1 - _CERTAIN))))
