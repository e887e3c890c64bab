"""Several views of the labels made into one: each calibrated, then averaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.spread_sample import spread_sample

# Least likelihood of a label in the fit of a temperature: one overconfident mistake must not flatten everything.
_FLOOR = 1e-4
# Logarithms of the factors on the logits that are looked at first.
_GRID = tuple(np.arange(-5.0, 6.5, 0.5).tolist())
_TURNS = 20
# Records to which a temperature is fitted at most: it is one number; and those for the grid, which is coarse.
_ENOUGH, _FOR_GRID = 50_000, 5_000


def tempered(view: FloatArray, codes: IntArray, trust: FloatArray) -> FloatArray:
    """Return probabilities (n, k): temperature scaling (Guo et al., On Calibration of Modern Neural Networks, 2017).

    Args:
        view: (n, k) log-probabilities, up to a constant per row; -inf for "never", in a whole row for "cannot tell".
        codes: (n,) given labels, to which the temperature is fitted.
        trust: (n,) weights of the records in that fit.
    """
    view = np.where((view > -np.inf).any(axis=1, keepdims=True), view, 0.0)
    logits = np.maximum(view - view.max(axis=1, keepdims=True), -1e3)

    def loss_of(most: int) -> Callable[[float], float]:
        few, labels, weights = (spread_sample(one, most) for one in (logits, codes, trust))
        return partial(_lost, few, labels, weights)

    # That floor makes the loss flat far out, so the search starts from the best of a coarse grid.
    start = min(_GRID, key=loss_of(_FOR_GRID))
    best = minimize_scalar(
        loss_of(_ENOUGH), bounds=(start - 0.5, start + 0.5), method="bounded", options={"xatol": 0.02}
    )
    possible = np.where(view > -np.inf, softmax(logits * np.exp(best.x), axis=1), 0)
    probs: FloatArray = possible / possible.sum(axis=1, keepdims=True)
    return probs


def _lost(logits: FloatArray, labels: IntArray, weights: FloatArray, log_scale: float) -> float:
    # The floor keeps a few certain mistakes (which wrong labels look like) from flattening everything.
    likelihood = np.exp(log_softmax(logits * np.exp(log_scale), axis=1)[np.arange(len(labels)), labels])
    return float(-(weights * np.log(np.maximum(likelihood, _FLOOR))).sum())


def with_shares(probs: FloatArray, shares: FloatArray) -> FloatArray:
    """Return `probs` (n, k) as they would be if labels occurred as often as `shares` (k,) says, in the mean.

    Saerens, Latinne & Decaestecker, Adjusting the Outputs of a Classifier to New a Priori Probabilities, Neural
    Computation 2002: one factor for each label, found by turns.
    """
    result, factor = probs, np.zeros(probs.shape[1])
    for _ in range(_TURNS):
        factor += np.clip(np.log(shares / np.maximum(result.mean(axis=0), 1e-9)), -2, 2)
        result = probs * np.exp(factor)
        result /= np.maximum(result.sum(axis=1, keepdims=True), 1e-300)
    return result


def linear_pool(opinions: Sequence[FloatArray]) -> FloatArray:
    """Return the arithmetic mean of the opinions, (n, k) (Stone, Annals of Mathematical Statistics 1961)."""
    pooled: FloatArray = np.mean(opinions, axis=0)
    return pooled
