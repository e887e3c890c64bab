"""One view of a label: would a linear classifier, trained on the other folds, give it to the text?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curation.quality.folds import split
from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.spread_sample import stands_for
from training.vectors.linear import fit_linear

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

# scikit-learn's C. Rows of unit length are short: its default of 1 suits weak signs and many errors, 10 many labels.
FOR_WEAK_SIGNS, FOR_MANY_LABELS = 1.0, 10.0
# Records trusted less than this are left out of the fit, which saves time and changes nothing.
_TOO_DOUBTFUL = 0.02
# Records from which a model is learnt at most: of more, some stand for all.
_ENOUGH = 100_000
# Steps of the solver. It need not have converged: guesses out of fold are wanted, not coefficients.
_STEPS = 60


def linear_log_odds(
    vectors: FloatArray,
    codes: IntArray,
    trust: FloatArray,
    fold: IntArray,
    *,
    k: int,
    inverse_regularization: float,
) -> FloatArray:
    """Score labels by multinomial logistic regression, out of fold, each record weighted by its trust.

    The view that cleanlab starts from (Northcutt, Jiang & Chuang, Confident Learning, JAIR 2021). Weighting
    by trust and refitting is iterated cross-validation in the manner of Chen et al., ICML 2019 (INCV).

    Args:
        vectors: (n, d) of unit length.
        codes: (n,) labels.
        trust: (n,) weights of the records in the fit, in [0, 1].
        fold: (n,) fold numbers.
        k: number of labels.
        inverse_regularization: scikit-learn's C, such as `FOR_MANY_LABELS`.

    Returns:
        (n, k) log-probabilities; -inf where a label has no trusted record.
    """
    logits = np.full((len(vectors), k), -np.inf)
    for train, held_out in split(fold):
        present = np.unique(codes[train & (trust >= _TOO_DOUBTFUL)])
        if len(present) < 2:
            logits[np.ix_(held_out, present)] = 0.0
            continue
        model = fitted(vectors, codes, np.where(train, trust, 0), inverse_regularization=inverse_regularization)
        logits[np.ix_(held_out, present)] = np.log(np.maximum(model.predict_proba(vectors[held_out]), 1e-30))
    return logits


def fitted(
    vectors: FloatArray, codes: IntArray, trust: FloatArray, *, inverse_regularization: float
) -> LogisticRegression:
    """Fit multinomial logistic regression to records that are trusted at all, at least two labels among them."""
    trusted = np.flatnonzero(trust >= _TOO_DOUBTFUL)
    times = stands_for(codes[trusted], _ENOUGH)
    fit = trusted[times > 0]
    return fit_linear(
        vectors[fit],
        codes[fit],
        weights=trust[fit] * times[times > 0],
        inverse_regularization=inverse_regularization,
        tolerance=1e-3,
        steps=_STEPS,
        quiet=True,
    )
