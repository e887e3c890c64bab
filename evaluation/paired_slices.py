"""Where one model is better or worse than another, and how many records it takes to see a difference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from evaluation.columns import Column
from evaluation.intervals import Interval, check_confidence
from evaluation.predictions import check_length
from evaluation.requirements import paired_difference
from evaluation.settings import check_number
from evaluation.shown import Listed, Shown
from evaluation.slicing import named_columns, shown_values


@dataclass(frozen=True, kw_only=True, repr=False)
class SliceDifference(Shown):
    """Two models on the records that share one value.

    Attributes:
        by: What the records were sliced by.
        value: The shared value, as text.
        support: Number of records.
        before: Accuracy of the first model there, in [0, 1].
        difference: Accuracy of the second less that of the first, in [-1, 1].
        adjusted_p: p-value of McNemar's exact test, adjusted for the number of slices, in [0, 1].
        flagged: Whether the models differ there.
        reason: The finding in words; empty unless flagged.
    """

    by: str
    value: str
    support: int
    before: float
    difference: Interval
    adjusted_p: float
    flagged: bool
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {**vars(self), "difference": self.difference.to_dict()}


@dataclass(frozen=True)
class _Counted:
    by: str
    value: str
    support: int
    right: int
    gained: int
    lost: int


def compare_slices(
    is_right_before: Column,
    is_right_after: Column,
    *,
    by: Mapping[str, Sequence[Any]],
    confidence: float = 0.95,
) -> Listed[SliceDifference]:
    """Compare two models on every value of every column of `by`, the slice with the greatest loss first.

    A slice is flagged where McNemar's exact test (1947) stays below 1 - `confidence` after the adjustment of Benjamini
    and Hochberg (1995) over all slices: a model that is better on the whole may be worse for some.

    Args:
        is_right_before: (n,) whether the first model is right.
        is_right_after: (n,) whether the second one is.
        by: Column name to (n,) values.
        confidence: Coverage of the intervals, in (0, 1).

    Raises:
        ValueError: Columns of different lengths, or a confidence out of range.

    Example:
        >>> before, after = [True] * 8 + [False] * 8, [False] * 8 + [True] * 8
        >>> found = compare_slices(before, after, by={"city": ["Oslo"] * 8 + ["Rome"] * 8})
        >>> [(part.value, part.difference.value, part.flagged) for part in found]
        [('Oslo', -1.0, True), ('Rome', 1.0, True)]
    """
    check_confidence(confidence)
    before, after = np.asarray(is_right_before, dtype=bool), np.asarray(is_right_after, dtype=bool)
    check_length("is_right_after", after, len(before))
    counted = [each for name, values in named_columns(by) for each in _counts(name, values, before, after)]
    if not counted:
        return Listed()
    from scipy.stats import binomtest, false_discovery_control  # takes most of a second to import

    p = [binomtest(c.gained, c.gained + c.lost).pvalue if c.gained + c.lost else 1.0 for c in counted]
    adjusted = false_discovery_control(p)
    found = [_difference(each, float(p), confidence) for each, p in zip(counted, adjusted, strict=True)]
    return Listed(sorted(found, key=lambda each: (each.difference.numbers[0], -each.support, each.by, each.value)))


def _counts(name: str, values: Any, before: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_]) -> list[_Counted]:
    names, codes = np.unique(shown_values(name, values, len(before)), return_inverse=True)
    sums = [
        np.bincount(codes, weights=each, minlength=len(names)).astype(int)
        for each in (np.ones(len(before)), before, after & ~before, before & ~after)
    ]
    return [_Counted(name, str(value), *map(int, row)) for value, *row in zip(names, *sums, strict=True)]


def _difference(counted: _Counted, adjusted_p: float, confidence: float) -> SliceDifference:
    difference = paired_difference(counted.gained, counted.lost, counted.support, confidence=confidence)
    flagged = adjusted_p < 1 - confidence
    way = "better" if counted.gained > counted.lost else "worse"
    said = f"{way} where {counted.by} is {counted.value}: {counted.gained} put right, {counted.lost} broken"
    return SliceDifference(
        by=counted.by,
        value=counted.value,
        support=counted.support,
        before=counted.right / counted.support,
        difference=difference,
        adjusted_p=adjusted_p,
        flagged=flagged,
        reason=f"{said}, of {counted.support}" if flagged else "",
    )


def records_needed(disagreement: float, difference: float, *, power: float = 0.8, confidence: float = 0.95) -> int:
    """Return how many records a test part needs for a difference of two models to be seen (Connor 1987).

    Args:
        disagreement: Share of the records where one of the two is right and the other is not, in (0, 1].
        difference: Of their accuracies that is to be seen, in (0, `disagreement`].
        power: The chance of seeing it, in (0, 1).
        confidence: Of the test, two-sided, in (0, 1).

    Raises:
        ValueError: A number out of range.

    Example:
        >>> records_needed(0.1, 0.02)
        1960
    """
    check_confidence(confidence)
    check_number(disagreement, "disagreement", "above 0, at most 1", above=0, most=1)
    check_number(difference, "difference", f"above 0, at most {disagreement:g}", above=0, most=disagreement)
    check_number(power, "power", "in (0, 1)", above=0, most=math.nextafter(1, 0))
    by_chance, seen = float(ndtri((1 + confidence) / 2)), float(ndtri(power))
    spread = math.sqrt(disagreement - difference**2)
    return math.ceil(((by_chance * math.sqrt(disagreement) + seen * spread) / difference) ** 2)
