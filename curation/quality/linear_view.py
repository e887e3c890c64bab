"""One view of a label: would a linear classifier, trained on the other folds, give it to the text?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curation.quality.folds import split
from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.softmax_folds import Fits, Spread, fit_folds
from curation.quality.spread_sample import stands_for
from training.vectors.linear import fit_linear

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

# scikit-learn's C. Rows of unit length are short: its default of 1 suits weak signs and many errors, 10 many labels.
FOR_WEAK_SIGNS, FOR_MANY_LABELS = 1.0, 10.0
# Records trusted less than this are left out of the fit, which saves time and changes nothing.
_TOO_DOUBTFUL = 0.02
# Records from which a model is learnt at most: of more, some stand for all. Of those, a fold leaves out its own.
_ENOUGH, _ENOUGH_FOR_FOLDS = 100_000, 125_000
# Records from which each fold learns by itself at first; where there are more, all folds go on from there together.
_FIRST = 2_000
# Steps of the solver of one model. It need not have converged: guesses out of fold are wanted, not coefficients.
_STEPS = 60
# Least probability of a label that has a trusted record.
_LEAST = 1e-30


def linear_log_odds(
    vectors: FloatArray,
    codes: IntArray,
    trust: FloatArray,
    fold: IntArray,
    *,
    k: int,
    inverse_regularization: float,
    spread: Spread,
) -> FloatArray:
    """Score labels by multinomial logistic regression, out of fold, each record weighted by its trust.

    The view that cleanlab starts from (Northcutt, Jiang & Chuang, Confident Learning, JAIR 2021). Weighting
    by trust and refitting is iterated cross-validation in the manner of Chen et al., ICML 2019 (INCV). Of many records
    each fold learns from some first, as it would if there were no more, and goes on from there with all.

    Args:
        vectors: (n, d) of unit length.
        codes: (n,) labels.
        trust: (n,) weights of the records in the fit, in [0, 1].
        fold: (n,) fold numbers.
        k: number of labels.
        inverse_regularization: scikit-learn's C, such as `FOR_MANY_LABELS`.
        spread: How the vectors lie.

    Returns:
        (n, k) log-probabilities; -inf where a label has no trusted record.
    """
    c, logits, left_out = inverse_regularization, np.full((len(vectors), k), -np.inf), False
    start = Fits.unknown(folds=int(fold.max()) + 1, d=vectors.shape[1], k=k)
    for number, (train, held_out) in enumerate(split(fold)):
        taught = np.where(train & (trust >= _TOO_DOUBTFUL), trust, 0)
        few = np.where(_times(codes, taught, _FIRST) > 0, taught, 0)
        left_out = left_out or bool(np.count_nonzero(few) < np.count_nonzero(taught))
        present = np.unique(codes[few > 0])
        if len(present) < 2:
            logits[np.ix_(held_out, present)] = 0.0
            continue
        model = fitted(vectors, codes, few, inverse_regularization=c)
        start.take_in(number, present, model.coef_, model.intercept_)
        logits[np.ix_(held_out, present)] = np.log(np.maximum(model.predict_proba(vectors[held_out]), _LEAST))
    return _gone_on(vectors, codes, trust, fold, start, c, spread) if left_out else logits


def _gone_on(
    vectors: FloatArray, codes: IntArray, trust: FloatArray, fold: IntArray, start: Fits, c: float, spread: Spread
) -> FloatArray:
    """Return (n, k) log-probabilities by models that learn from all from where they are."""
    times = _times(codes, trust, _ENOUGH_FOR_FOLDS)
    rows = np.flatnonzero(times)
    weights = np.where(fold[rows, None] == np.arange(len(start.slope)), 0, (trust * times)[rows, None])
    found = fit_folds(vectors[rows], codes[rows], weights, start=start, inverse_regularization=c, spread=spread)
    logits = np.empty((len(vectors), start.slope.shape[2]))
    for number, (_, held_out) in enumerate(split(fold)):
        said = found.log_chances(number, vectors[held_out])
        logits[held_out] = np.where(said > -np.inf, np.maximum(said, np.log(_LEAST)), said)
    return logits


def _times(codes: IntArray, trust: FloatArray, most: int) -> FloatArray:
    """Return (n,) for how many records each one stands where about `most` teach; 0 for those that do not."""
    trusted, times = np.flatnonzero(trust >= _TOO_DOUBTFUL), np.zeros(len(codes))
    times[trusted] = stands_for(codes[trusted], most)
    return times


def fitted(
    vectors: FloatArray, codes: IntArray, trust: FloatArray, *, inverse_regularization: float
) -> LogisticRegression:
    """Fit multinomial logistic regression to records that are trusted at all, at least two labels among them."""
    times = _times(codes, trust, _ENOUGH)
    fit = np.flatnonzero(times)
    return fit_linear(
        vectors[fit],
        codes[fit],
        weights=trust[fit] * times[fit],
        inverse_regularization=inverse_regularization,
        tolerance=1e-3,
        steps=_STEPS,
        quiet=True,
    )
