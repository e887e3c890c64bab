"""What a record says of each of many labels, each a question of its own: evidence out of fold, for all labels at once.

Every view is (n, k), 0 where it says no more than how frequent the label is. Labels that one record in a hundred
carries are the rule, so no view is fitted label by label: one factorisation, one product of matrices serves all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import expit, logit

from curation.quality.folds import split
from curation.quality.input_checks import BoolArray, FloatArray, IntArray
from curation.quality.nearest import NearestNeighbours

# Penalties of the ridge that are tried, of rows of unit length: the one that predicts left-out records best is taken.
_PENALTIES = 2.0 ** np.arange(-3, 9)
# Tf-idf mass added to what a label's words weigh, spread as the words of all records are.
_SMOOTHING = 20.0
# Cosine that divides the weight of a vote by e, and votes of no label in particular, in votes of the tenth neighbour.
_BANDWIDTH, _PRIOR_VOTES = 0.05, 0.5


def frequency_without(ones: BoolArray) -> FloatArray:
    """Return (n, k) how frequent each label is among the other records: a record's own label would betray itself."""
    n = len(ones)
    return np.asarray((ones.sum(axis=0) - ones + 0.5) / n)


def ridge_views(vectors: FloatArray, ones: BoolArray) -> list[FloatArray]:
    """Return two views by ridge regression of all labels on the embeddings, every record left out of its own fit.

    Leaving one out is exact for a linear fit (Allen 1974, the PRESS residual): one factorisation of d by d gives the
    predictions for all records, labels and penalties. A least-squares fit of ones and zeros is a linear discriminant;
    its distance from the mean divided by the variance of the label is log-odds up to a factor (Hastie, Tibshirani &
    Friedman, The Elements of Statistical Learning, 4.3). That factor falls for rare labels, whose fits are weaker:
    the second view is the same one times the root of the frequency.
    """
    target = ones.astype(np.float64)
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    values, basis = np.linalg.eigh(centred.T @ centred)
    turned = centred @ basis
    pulled, mean = turned.T @ target, target.mean(axis=0)
    spread = np.maximum(mean * (1 - mean), 1e-12)
    best, least = target, np.inf
    for penalty in _PENALTIES:
        weighed = turned / (np.maximum(values, 0) + penalty)
        own = np.minimum((turned * weighed).sum(axis=1, keepdims=True) + 1 / len(ones), 1 - 1e-6)
        without = (weighed @ pulled + mean - own * target) / (1 - own)
        loss = float((((without - target) ** 2).mean(axis=0) / spread).mean())
        best, least = (without, loss) if loss < least else (best, least)
    rate = frequency_without(ones)
    distance = (best - rate) / (rate * (1 - rate))
    return [distance, distance * np.sqrt(mean)]


def word_view(words: sp.csr_matrix, ones: BoolArray, fold: IntArray) -> FloatArray:
    """Return how much likelier the words are with each label than without it, in nats (naive Bayes, out of fold)."""
    found = np.empty(ones.shape)
    for train, held_out in split(fold):
        with_label = np.asarray(words[train].T @ ones[train].astype(np.float32), dtype=np.float64)
        in_all = np.asarray(words[train].sum(axis=0), dtype=np.float64).T
        prior = _SMOOTHING * (in_all + 0.1) / (in_all + 0.1).sum()
        without = np.maximum(in_all - with_label, 0)
        odds = np.log((with_label + prior) / (with_label.sum(axis=0) + _SMOOTHING))
        odds -= np.log((without + prior) / (without.sum(axis=0) + _SMOOTHING))
        found[held_out] = words[held_out] @ odds
    return found


def vote_view(graph: NearestNeighbours, ones: BoolArray) -> FloatArray:
    """Return the log-odds of each label among the nearest records, the closer the more, beyond its frequency."""
    weight = np.exp((graph.similarity.astype(np.float64) - 1) / _BANDWIDTH)
    prior = _PRIOR_VOTES * weight[:, min(9, weight.shape[1] - 1)][:, None]
    rate = frequency_without(ones)
    votes = prior * rate
    for rank in range(weight.shape[1]):
        votes += weight[:, rank, None] * ones[graph.index[:, rank]]
    share = votes / (weight.sum(axis=1, keepdims=True) + prior)
    return np.asarray(logit(np.clip(share, 1e-6, 1 - 1e-6)) - logit(rate))


def pooled_log_odds(views: Sequence[FloatArray], ones: BoolArray, truth: BoolArray | FloatArray) -> FloatArray:
    """Return (n, k) log-odds of every label by all views, each with the weight at which they predict `truth` best.

    A weight is of a view, not of a label: what ten records with a rare label say of it would be chance. No weight is
    below 0; a record left out of its own fit leaves a trace that points the other way, and would be read otherwise.
    A label has an offset of its own, drawn to that of its frequency by one unit of a normal prior.
    """
    target = truth.astype(np.float64)
    base, m = logit(frequency_without(ones)), len(views)

    def log_odds(at: FloatArray) -> FloatArray:
        found: FloatArray = base + at[m:]
        for weight, view in zip(at[:m], views, strict=True):
            found = found + weight * view
        return found

    def loss(at: FloatArray) -> tuple[float, FloatArray]:
        odds = log_odds(at)
        off = expit(odds) - target
        total = (np.logaddexp(0, odds) - target * odds).sum() + 0.5 * (at[m:] ** 2).sum()
        return float(total), np.array([*((off * view).sum() for view in views), *(off.sum(axis=0) + at[m:])])

    start = np.array([*[0.3] * m, *[0.0] * ones.shape[1]])
    bounds = [(0, None)] * m + [(None, None)] * ones.shape[1]
    return log_odds(np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x))
