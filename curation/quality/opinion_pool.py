"""Several views of the labels made into one: each calibrated, then averaged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from curation.quality.input_checks import FloatArray, IntArray

# Least share that a label keeps in each view. Without it one overconfident view vetoes all others.
_FLOOR = 1e-4
# Logarithms of the factors on the logits that are looked at first.
_GRID = tuple(np.arange(-5.0, 6.5, 0.5).tolist())


def logarithmic_pool(views: Sequence[FloatArray], codes: IntArray, trust: FloatArray) -> FloatArray:
    """Return the normalised geometric mean of the views, (n, k): for views whose evidence adds up.

    Genest & Zidek, Combining Probability Distributions, Statistical Science 1986.

    Args:
        views: (n, k) log-probabilities each, up to a constant per row; -inf for "never".
        codes: (n,) given labels, to which the temperature of each view is fitted.
        trust: (n,) weights of the records in that fit.
    """
    logs = [np.log(np.maximum(_tempered(view, codes, trust), _FLOOR)) for view in views]
    pooled: FloatArray = softmax(np.mean(logs, axis=0), axis=1)
    return pooled


def linear_pool(views: Sequence[FloatArray], codes: IntArray, trust: FloatArray) -> FloatArray:
    """Return the arithmetic mean of the views, (n, k): for views that look at the same evidence.

    Stone, The Opinion Pool, Annals of Mathematical Statistics 1961. Arguments as for `logarithmic_pool`.
    """
    pooled: FloatArray = np.mean([_tempered(view, codes, trust) for view in views], axis=0)
    return pooled


def _tempered(view: FloatArray, codes: IntArray, trust: FloatArray) -> FloatArray:
    """Temperature scaling (Guo et al., On Calibration of Modern Neural Networks, ICML 2017)."""
    logits = np.maximum(view - view.max(axis=1, keepdims=True), -1e3)
    own = np.arange(len(codes)), codes

    def loss(log_scale: float) -> float:
        # The floor keeps a few certain mistakes (which wrong labels look like) from flattening everything.
        likelihood = np.exp(log_softmax(logits * np.exp(log_scale), axis=1)[own])
        return float(-(trust * np.log(np.maximum(likelihood, _FLOOR))).sum())

    # That floor makes the loss flat far out, so the search starts from the best of a coarse grid.
    start = min(_GRID, key=loss)
    best = minimize_scalar(loss, bounds=(start - 0.5, start + 0.5), method="bounded", options={"xatol": 0.02})
    probs: FloatArray = softmax(logits * np.exp(best.x), axis=1)
    return probs
