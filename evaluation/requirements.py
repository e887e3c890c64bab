"""What a model has to meet before it is released: shown by the whole interval of a measure, or not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scipy.special import ndtri

from evaluation.intervals import Interval, check_confidence
from evaluation.settings import check_number, check_whole
from evaluation.shown import Shown

Verdict = Literal["met", "not met", "not shown", "not known"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Requirement(Shown):
    """What `require` found.

    Attributes:
        name: What is measured.
        at_least: What it has to reach; None where there is no such bound.
        at_most: What it may not exceed, likewise.
        found: What was measured, with its interval.
        records: How many records it was measured on.
        verdict: `met` where the whole interval keeps to the bound; `not met` where all of it lies beyond; `not shown`
            where the bound lies within it; `not known` where there is no number.
        reason: The finding in one sentence.
    """

    name: str
    at_least: float | None
    at_most: float | None
    found: Interval
    records: int
    verdict: Verdict
    reason: str

    @property
    def is_met(self) -> bool:
        """Whether it is met; what is not shown is not."""
        return self.verdict == "met"

    def _columns(self) -> Mapping[str, Any]:
        return {"name": [self.name], "verdict": [self.verdict], "reason": [self.reason]}

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {**vars(self), "found": self.found.to_dict()}


def require(
    name: str,
    found: Interval,
    *,
    records: int,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Requirement:
    """Hold a measure with its interval against one bound.

    A model that reached .85 on 50 records has not shown that it reaches .8: a requirement is met where the whole
    interval keeps to the bound. Where it does not although the value itself does, the sentence says on how many records
    it would, if the value stayed: the width of an interval falls with the square root of their number.

    Args:
        name: What is measured.
        found: The measure; an interval without a width is taken for a number that is known exactly.
        records: How many records it was measured on.
        at_least: What it has to reach.
        at_most: What it may not exceed; either this or `at_least`.

    Raises:
        ValueError: Both bounds, or neither; a bound that is no number.

    Example:
        >>> found = require("accuracy", Interval(value=0.85, low=0.75, high=0.91), records=60, at_least=0.8)
        >>> found.verdict, found.is_met
        ('not shown', False)
    """
    if (at_least is None) == (at_most is None):
        raise ValueError(f"{name}: expected either at_least or at_most, got {at_least!r} and {at_most!r}")
    check_whole(records, "records")
    for bound in (at_least, at_most):
        if bound is not None:
            check_number(bound, name, "a number")
            verdict, reason = _verdict(found, float(bound), records, upwards=at_least is not None)
    return Requirement(
        name=name,
        at_least=at_least,
        at_most=at_most,
        found=found,
        records=records,
        verdict=verdict,
        reason=reason,
    )


def _verdict(found: Interval, bound: float, records: int, *, upwards: bool) -> tuple[Verdict, str]:
    value, low, high = found.numbers
    asked = f"at least {bound:.4g}" if upwards else f"at most {bound:.4g}"
    if math.isnan(value) or math.isnan(low) or math.isnan(high):
        return "not known", f"{asked} is asked; {found.reason or 'there is no interval'}"
    if not upwards:  # what is to be low is told by what is to be high
        value, low, high, bound = -value, -high, -low, -bound
    said = f"{_shown(found)} on {records} records, {asked} is asked"
    if low >= bound:
        return "met", said
    if high < bound:
        return "not met", said
    if value <= bound:
        return "not shown", f"{said}: the value itself falls short"
    more = math.ceil(records * ((value - low) / (value - bound)) ** 2)
    return "not shown", f"{said}: it would take about {more} records to show it, if the value stayed"


def _shown(found: Interval) -> str:
    value, low, high = found.numbers
    return f"{value:.4g}" if low == high else found.in_words()


def paired_difference(gained: int, lost: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Return the difference of two shares of the same n records (Agresti and Min 2005, doi:10.1002/sim.1781).

    Half a record is added to each cell of the table of both before the plain interval is taken, which is what makes it
    right for few records and for none lost, where a bootstrap has no width.

    Args:
        gained: Records that only the second has right.
        lost: Records that only the first has right.
        n: All records, at least 1.
        confidence: Coverage, in (0, 1).

    Raises:
        ValueError: Numbers that are no counts of n records.

    Example:
        >>> found = paired_difference(12, 2, 100)
        >>> round(found.value, 2), round(found.low, 3), round(found.high, 3)
        (0.1, 0.026, 0.17)
    """
    check_confidence(confidence)
    check_whole(n, "n", least=1)
    check_whole(gained, "gained", most=n)
    check_whole(lost, "lost", most=n - gained)
    size, up, down = n + 2.0, gained + 0.5, lost + 0.5
    middle = (up - down) / size
    half = float(ndtri((1 + confidence) / 2)) * math.sqrt(up + down - (up - down) ** 2 / size) / size
    value = (gained - lost) / n
    return Interval(value=value, low=max(-1.0, min(value, middle - half)), high=min(1.0, max(value, middle + half)))
