"""How common values are in what a sample was drawn from, which is not how common they are in the sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

Floats = npt.NDArray[np.float64]


def expected_shares(counts: npt.ArrayLike) -> Floats:
    """Return how common each of k values is expected to be, by how often it came up.

    What came up seldom was at times unlucky, so shares are drawn together: by a Dirichlet prior whose strength is that
    under which the counts are likeliest (empirical Bayes; Good 1965, Minka 2000). Where they differ no more than chance
    has it, all shares are about the same; where they differ more, or are large, they stay what was counted.

    Args:
        counts: (k,) whole numbers, at least one above 0.

    Returns:
        (k,) shares above 0 that sum to 1.

    Example:
        >>> expected_shares([6, 4, 5, 5]).round(2).tolist(), expected_shares([600, 200, 200]).round(2).tolist()
        ([0.25, 0.25, 0.25, 0.25], [0.6, 0.2, 0.2])
    """
    seen = np.asarray(counts, dtype=np.float64)
    n, k = seen.sum(), len(seen)

    def unlikeliness(log_strength: float) -> float:
        each = np.exp(log_strength)
        return float(gammaln(k * each + n) - gammaln(k * each) - (gammaln(seen + each) - gammaln(each)).sum())

    strength = np.exp(minimize_scalar(unlikeliness, bounds=(-5, 12), method="bounded").x)
    found: Floats = (seen + strength) / (n + k * strength)
    return found


def stream_weights(drawn: Sequence[str | None], known: Sequence[str | None]) -> Floats:
    """Return how many records of a stream each of n records stands for that were drawn value by value.

    Such a part has as many records of a value as its share of what is known allows; a stream has as many as come up,
    more of those that what is known happens to have few of. So each value counts as often as it is expected to come up.

    Args:
        drawn: (n,) the value of each record drawn; None where it has none, and counts once.
        known: The values of all that it was drawn from, itself among them.

    Returns:
        (n,) weights above 0, of mean 1.

    Example:
        >>> stream_weights(["a", "b"], ["a", "b"] * 50).tolist()
        [1.0, 1.0]
        >>> stream_weights(["a", "a", "b"], ["a"] * 12 + ["b"] * 8).round(2).tolist()
        [0.75, 0.75, 1.5]
    """
    counts, own = (Counter(value for value in values if value is not None) for values in (known, drawn))
    if not own:
        return np.ones(len(drawn))
    names = [*counts]
    shares = dict(zip(names, expected_shares([counts[name] for name in names]), strict=True))
    each = np.array([1.0 if value is None else shares[value] * own.total() / own[value] for value in drawn])
    weights: Floats = each / each.mean()
    return weights
