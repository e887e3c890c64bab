"""Two shares beside each other: their ratio with its interval, and an exact test."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import false_discovery_control, hypergeom

from evaluation.intervals import FloatArray, Interval

_WIDEST, _HALVINGS = 40.0, 80  # natural logarithms of a ratio that are looked at, and steps until its end is known


def share_ratio(hits: int, n: int, other_hits: int, other_n: int, confidence: float = 0.95) -> Interval:
    """Return `(hits / n) / (other_hits / other_n)` with Koopman's score interval, in [0, infinity].

    Koopman, Confidence intervals for the ratio of two binomial proportions, Biometrics 1984: every ratio that the
    score test does not refuse. One of the counts may be 0; the ratio is then 0, or infinite.

    Args:
        hits: What counts, from 0 to `n`; not 0 where `other_hits` is.
        n: Of how many, at least 1.
        other_hits: The same of the others.
        other_n: Of how many others, at least 1.
        confidence: Coverage, in (0, 1).

    Example:
        >>> share_ratio(36, 40, 16, 80)
        Interval: value 4.5, low 2.94, high 7.152
    """
    value = hits * other_n / (n * other_hits) if other_hits else np.inf
    limit = float(ndtri((1 + confidence) / 2)) ** 2
    middle = float(np.clip(np.log(max(value, 1e-300)), -_WIDEST, _WIDEST))

    def end(outside: float) -> float:
        inside = middle
        for _ in range(_HALVINGS):
            half = (inside + outside) / 2
            kept = _score(np.exp(half), hits, n, other_hits, other_n) <= limit
            inside, outside = (half, outside) if kept else (inside, half)
        return float(np.exp(inside))

    low = end(-_WIDEST) if hits else 0.0
    return Interval(value=float(value), low=low, high=end(_WIDEST) if other_hits else np.inf)


def _score(ratio: float, hits: int, n: int, other_hits: int, other_n: int) -> float:
    """Return the score statistic of a ratio, chi-squared with one degree of freedom."""
    a, b, c = (n + other_n) * ratio, n * ratio + hits + other_n + other_hits * ratio, hits + other_hits
    q = 2 * c / (b + np.sqrt(max(b * b - 4 * a * c, 0.0)))  # the smaller root, without taking like from like
    p = min(ratio * q, 1.0)
    parts = ((hits, n, p), (other_hits, other_n, min(q, 1.0)))
    return float(sum((k - m * share) ** 2 / max(m * share * (1 - share), 1e-300) for k, m, share in parts))


def exact_p(hits: npt.ArrayLike, n: npt.ArrayLike, all_hits: npt.ArrayLike, all_n: npt.ArrayLike) -> FloatArray:
    """Return p-values of Fisher's exact test, two-sided: twice the smaller tail, at most 1.

    Args:
        hits: What counts in the group, of any shape.
        n: Records of the group.
        all_hits: What counts in the group and elsewhere.
        all_n: Records of the group and elsewhere.
    """
    hits = np.asarray(hits)
    tails = hypergeom.cdf(hits, all_n, all_hits, n), hypergeom.sf(hits - 1, all_n, all_hits, n)
    found: FloatArray = np.clip(2 * np.minimum(*tails), 0.0, 1.0)
    return found


def corrected(p_values: npt.ArrayLike) -> FloatArray:
    """Return q-values, p-values corrected by Benjamini & Hochberg (1995), in the same shape."""
    p = np.asarray(p_values, dtype=np.float64)
    found: FloatArray = false_discovery_control(p.ravel()).reshape(p.shape) if p.size else p
    return found
