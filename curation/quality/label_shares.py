"""How often each label truly occurs: what is thought of it before the texts are read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from curation.quality.input_checks import FloatArray, IntArray

# Standard deviations of logarithms: people give a label a fifth too often or too seldom; true shares differ
# two- or threefold.
_MISUSED, _UNEQUAL = 0.2, 1.0
# The shares of one data set have few causes in common. They are no independent witnesses, and count as so many at most.
_WITNESSES = 3
# A possibility less likely than this is not looked at.
_LEAST = 0.01


@dataclass(frozen=True, kw_only=True)
class Shares:
    """One possibility.

    Attributes:
        of: (k,) share of each label among right labels, above 0, in all 1.
        weight: Probability that it is so, in (0, 1].
    """

    of: FloatArray
    weight: float


def possible_shares(codes: IntArray, trust: FloatArray, k: int) -> list[Shares]:
    """Say how often each label may truly occur: as often as it was given and is trusted, or all alike.

    Where people give one label for another, the labels that they overuse are too frequent, and every model that learns
    from them has learnt that too; a label that is given in error to an overused one then looks right. Most data sets
    are drawn with all labels alike or very unlike. So the shares as given are compared with both: are they as even
    labels look that are a bit misused, or as uneven ones (a Bayes factor of two normal models of their logarithms)?
    Of a few labels both are as likely at first; the more there are, the less likely it is that all are alike.

    Args:
        codes: (n,) labels.
        trust: (n,) how far each can be believed, in [0, 1].
        k: Number of labels.

    Returns:
        One or two possibilities; weights sum to one.

    Example:
        >>> [round(one.weight, 2) for one in possible_shares(np.arange(300) % 3, np.ones(300), 3)]
        [0.04, 0.96]
        >>> [round(one.weight, 2) for one in possible_shares(np.array([0] * 95 + [1] * 5), np.ones(100), 2)]
        [1.0]
    """
    given = (np.bincount(codes, weights=trust, minlength=k) + 1) / (trust.sum() + k)
    used = np.bincount(codes, minlength=k) > 0
    logs = np.log(given[used]) - np.log(given[used]).mean()
    near, far = _MISUSED**2, _MISUSED**2 + _UNEQUAL**2
    free = int(used.sum()) - 1
    odds = 0.5 * (free * np.log(far / near) - float(logs @ logs) * (1 / near - 1 / far))
    rarer = np.log(max(1, free / _WITNESSES))
    even = float(expit(odds * min(free, _WITNESSES) / free - rarer))
    alike = np.where(used, given[used].sum() / used.sum(), given)
    both = [Shares(of=given, weight=1 - even), Shares(of=alike, weight=even)]
    likely = [one for one in both if one.weight >= _LEAST]
    return [Shares(of=one.of, weight=one.weight / sum(each.weight for each in likely)) for one in likely]
