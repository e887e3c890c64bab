"""How often a number of one group is above one of another, with an interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtri

from evaluation.intervals import Interval

Floats = npt.NDArray[np.floating[Any]]


def superiority(values: Floats, others: Floats, confidence: float = 0.95) -> Interval:
    """Return the probability that one of `values` is above one of `others`, ties counted half, with its interval."""
    from scipy.stats import rankdata  # takes most of a second to import

    m, n, z = len(values), len(others), float(ndtri((1 + confidence) / 2))
    ranks = rankdata(np.concatenate([values, others]))
    above = (ranks[:m] - rankdata(values)) / n
    below = 1 - (ranks[m:] - rankdata(others)) / m
    share = float(above.mean())
    variance = float(above.var(ddof=1) / m + below.var(ddof=1) / n) if min(m, n) > 1 else 0.0
    if not 0 < share < 1 or variance <= 0:
        return _without_overlap(share, m, n, z)
    half = z * variance**0.5 / (share * (1 - share))
    return Interval(value=share, low=float(expit(logit(share) - half)), high=float(expit(logit(share) + half)))


def _without_overlap(share: float, m: int, n: int, z: float) -> Interval:
    """Return Newcombe's interval: the probabilities from which the share is at most z standard errors away."""
    grid = np.linspace(0, 1, 100_001)
    spread = grid * (1 - grid) * (1 + ((m + n) / 2 - 1) * ((1 - grid) / (2 - grid) + grid / (1 + grid))) / (m * n)
    kept = grid[(grid - share) ** 2 <= z**2 * spread + 1e-15]
    return Interval(value=share, low=float(kept.min()), high=float(kept.max()))
