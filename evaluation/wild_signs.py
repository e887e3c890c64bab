"""A test of several means at once that asks nothing of how the values are spread: signs drawn for what is left over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.columns import Column, codes
from evaluation.intervals import FloatArray

_DRAWS, _AT_ONCE = 4999, 2_000_000


@dataclass(frozen=True, kw_only=True)
class WildSigns:
    """What `wild_signs` found.

    Attributes:
        p_value: That all k values are 0, in (0, 1].
        surest: Position of the value that is furthest from 0 in standard errors.
        errors: (k,) standard errors.
    """

    p_value: float
    surest: int
    errors: FloatArray


def wild_signs(values: FloatArray, parts: FloatArray, *, groups: Column, seed: int, draws: int = _DRAWS) -> WildSigns:
    """Test whether any of k values differs from 0, by the wild bootstrap of what each record adds to their error.

    Liu, Bootstrap procedures under some non-i.i.d. models, Annals of Statistics 1988, with the signs of Rademacher; one
    sign for all records of a group (Cameron, Gelbach and Miller 2008); the greatest of the k statistics, which takes
    their number and what they have in common into account (Westfall and Young 1993).

    Args:
        values: (k,) what is tested.
        parts: (n, k) what each record adds to the error of the values; their sum over the records is 0.
        groups: (n,) what belongs together.
        seed: Of the signs.
        draws: How many.
    """
    at = codes(groups, "groups")
    of_groups = np.zeros((int(at.max()) + 1, parts.shape[1]))
    np.add.at(of_groups, at, parts)
    m = len(of_groups)
    errors = np.sqrt((of_groups**2).sum(axis=0) * m / max(m - 1, 1))
    there = _in_errors(np.abs(values), errors)
    rng, batch, beyond = np.random.default_rng(seed), max(1, _AT_ONCE // m), 0
    for start in range(0, draws, batch):
        signs = rng.integers(2, size=(min(batch, draws - start), m)) * 2.0 - 1
        sums = np.abs(signs @ of_groups)
        left = np.sqrt(np.maximum((of_groups**2).sum(axis=0) - sums**2 / m, 0) * m / max(m - 1, 1))
        beyond += int((_in_errors(sums, left).max(axis=1) >= there.max() - 1e-9).sum())
    return WildSigns(p_value=(1 + beyond) / (1 + draws), surest=int(there.argmax()), errors=errors)


def _in_errors(values: FloatArray, errors: FloatArray) -> FloatArray:
    """Return values in standard errors: 0 for 0, and infinity for what has no error."""
    nowhere = np.where(values > 1e-12, np.inf, 0.0)
    return np.divide(values, errors, out=nowhere, where=errors > 1e-12)
