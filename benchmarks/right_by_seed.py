"""Which test records runs got right, a row for each seed: mean accuracy, and its difference from another way's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.intervals import percentile_ends, resampled_sums

Right = npt.NDArray[Any]
"""(n,) True where it is right, or the share of several runs that are."""

_RESAMPLES = 2_000


def mean(right: Sequence[Right]) -> tuple[float, list[float]]:
    """Accuracy over (seeds, n) records, and its interval over records."""
    return _with_ends(np.mean(right, axis=0))


def difference(right: Sequence[Right], other: Sequence[Right]) -> tuple[float, list[float]]:
    """How much more is right than another way, on the same records, and its interval over them."""
    return _with_ends(np.mean(right, axis=0) - np.mean(other, axis=0))


def _with_ends(each: npt.NDArray[np.float64]) -> tuple[float, list[float]]:
    sums = resampled_sums(each[:, None], seed=0, resamples=_RESAMPLES)[:, 0] / len(each)
    return float(each.mean()), [round(end, 4) for end in percentile_ends(sums)]
