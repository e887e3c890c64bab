"""Some rows of many, when the shape of the data is wanted and not each record."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from curation.quality.input_checks import FloatArray, IntArray

Number = TypeVar("Number", bound=np.number[Any])


def spread_sample(rows: npt.NDArray[Number], size: int) -> npt.NDArray[Number]:
    """Return at most `size` of n rows, evenly spread from the first to the last; all where there are fewer."""
    if len(rows) <= size:
        return rows
    return rows[np.linspace(0, len(rows) - 1, size).astype(np.intp)]


def stands_for(codes: IntArray, size: int) -> FloatArray:
    """Say for how many records of its label each one stands, where about `size` of n are to stand for all.

    A rare label keeps all of its records, the common ones as many as each other, evenly spread from the first to the
    last. A sum over the records, each as often as it stands there, is on average the sum over all.

    Args:
        codes: (n,) labels.
        size: Records that are kept at most; one of each label where there are more labels than that.

    Returns:
        (n,) at least 1, or 0 where the record is left out; in all, n.

    Example:
        >>> stands_for(np.array([0, 0, 0, 0, 1, 0, 0]), 4).tolist()
        [0.0, 2.0, 0.0, 2.0, 1.0, 0.0, 2.0]
    """
    if len(codes) <= size:
        return np.ones(len(codes))
    counts: IntArray = np.bincount(codes)
    most = bisect_right(range(1, int(counts.max()) + 1), size, key=lambda each: int(np.minimum(counts, each).sum()))
    kept = np.minimum(counts, max(1, most))
    order = np.argsort(codes, kind="stable")
    label = codes[order]
    rank = np.arange(len(codes)) - (np.cumsum(counts) - counts)[label]
    turn = (rank + 1) * kept[label] // counts[label] > rank * kept[label] // counts[label]
    found = np.empty(len(codes))
    found[order] = np.where(turn, counts[label] / kept[label], 0.0)
    return found
