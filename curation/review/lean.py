"""What the records themselves tell about their labels before any vote: a model learnt from the votes.

Learning from crowds (Raykar et al. 2010, JMLR 11, 1297-1322): a classifier on the records' features is fitted to the
labels as far as the votes tell them, and what it says of each record, when that record is left out, is the prior.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from curation.review.votes import Floats

_PENALTIES = np.logspace(-3, 3, 13)  # of the ridge, in units of the mean square of the features
_STEEPEST = 40.0


def lean(posterior: Floats, blocks: Sequence[Floats]) -> Floats:
    """Return how much likelier each label is in each record than in general, judged by all other records.

    Ridge regression of the posterior on the features, each record's own posterior left out exactly (Allen 1974,
    Technometrics 16, 125-127), the penalty chosen by the squared error of these predictions; then one slope, fitted
    by likelihood, turns predictions into log odds. Features that tell nothing get a slope near 0, so no lean.

    Args:
        posterior: Shape (N, K), probability of each label of each record.
        blocks: Feature matrices, each (N, d); tried as the first alone, the first two, and so on.

    Returns:
        Shape (N, K), log of the ratio of the label's probability to its overall share, up to a constant per row.
    """
    predictions = [_left_out(np.hstack(blocks[: i + 1]), posterior) for i in range(len(blocks))]
    errors = [float(((posterior - p) ** 2).sum()) for p in predictions]
    best = predictions[int(np.argmin(errors))]
    return sloped(posterior, best - posterior.mean(axis=0), steepest=_STEEPEST)


def sloped(posterior: Floats, scores: Floats, *, steepest: float) -> Floats:
    """Return scores of labels, shape (N, K), times the slope under which they foretell the posterior best."""
    share = np.log(posterior.mean(axis=0) + 1e-9)

    def loss(slope: float) -> float:
        return -float((posterior * log_softmax(share + slope * scores, axis=1)).sum())

    slope = minimize_scalar(loss, bounds=(0.0, steepest), method="bounded").x
    return np.asarray(slope * scores)


def _left_out(features: Floats, target: Floats) -> Floats:
    """Return ridge predictions of every row of `target` from all other rows, at the best penalty."""
    n = len(features)
    left, size, _ = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    mean = target.mean(axis=0)
    along = left.T @ (target - mean)
    best, least = np.tile(mean, (n, 1)), np.inf
    for penalty in _PENALTIES * (size**2).mean():
        kept = size**2 / (size**2 + penalty)
        own = np.minimum((left**2) @ kept + 1 / n, 0.999)[:, None]
        fitted = mean + left @ (kept[:, None] * along)
        without = (fitted - own * target) / (1 - own)
        error = float(((target - without) ** 2).sum())
        if error < least:
            best, least = without, error
    return best
