"""The one linear classifier: multinomial logistic regression (scikit-learn), with each caller's own settings."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


def fit_linear(
    features: npt.NDArray[np.floating],
    labels: npt.NDArray[np.int64],
    *,
    inverse_regularization: float,
    steps: int,
    tolerance: float = 1e-4,
    weights: npt.NDArray[np.floating] | None = None,
    quiet: bool = False,
) -> LogisticRegression:
    """Fit multinomial logistic regression.

    Args:
        features: (n, d), for example the unit rows of `embed`.
        labels: (n,) integers, at least two different ones.
        inverse_regularization: scikit-learn's `C`, > 0; smaller trusts the labels less.
        steps: Most steps of the solver.
        tolerance: The solver stops where no slope is steeper than this.
        weights: (n,) weights of the records, at least 0; all alike without.
        quiet: Say nothing where the solver has not converged; for guesses that need no exact coefficients.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=inverse_regularization, tol=tolerance, max_iter=steps)
    with warnings.catch_warnings():
        if quiet:
            warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(features, labels, sample_weight=weights)
