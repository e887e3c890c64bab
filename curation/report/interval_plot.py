"""Dots with their intervals on one axis, one row per number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from curation.report.parts import Measurement
from curation.report.scales import Scale, Tick, axis
from curation.report.wording import clip, interval

WIDTH, ROW, TOP, BOTTOM = 720, 34, 10, 34
_LEFT, _RIGHT = 235, 535  # the names stand left of the axis, the numbers right of it
STRIP_WIDTH = 140


@dataclass(frozen=True, kw_only=True)
class Dot:
    """One row: pixel places, and the name and number written beside it; `old` is drawn hollow."""

    name: str
    written: str
    y: float
    x: float
    low_x: float
    high_x: float
    old: bool


@dataclass(frozen=True, kw_only=True)
class IntervalPlot:
    """Everything that the picture needs, in pixels."""

    dots: Sequence[Dot]
    ticks: Sequence[Tick]
    height: float
    floor: float
    left: float = _LEFT
    right: float = _RIGHT
    width: float = WIDTH


@dataclass(frozen=True, kw_only=True)
class Strip:
    """A dot with its interval in a table cell, `STRIP_WIDTH` pixels wide; `zero` is where 0 lies."""

    x: float
    low_x: float
    high_x: float
    zero: float


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A row of a table and the strip in it, None where nothing was measured."""

    row: Any
    strip: Strip | None


def interval_plot(rows: Sequence[tuple[str, Measurement | None, bool]]) -> IntervalPlot | None:
    """Place rows of name, measure and whether it is the old one; None when nothing was measured."""
    measured = [(name, measure, old) for name, measure, old in rows if measure is not None]
    if not measured:
        return None
    ends = [end for _, measure, _ in measured for end in measure.ends]
    scale, ticks = axis(ends, start=_LEFT, end=_RIGHT)
    dots = [_dot(*row, y=TOP + ROW * (i + 0.5), scale=scale) for i, row in enumerate(measured)]
    floor = TOP + ROW * len(dots)
    return IntervalPlot(dots=dots, ticks=ticks, height=floor + BOTTOM, floor=floor)


def beside(rows: Iterable[Any], measure: str, *, lowest_first: bool = False) -> list[Beside]:
    """Put a strip beside every row, all on one axis that holds 0 and 1.

    Args:
        rows: Parts of the report.
        measure: Name of the attribute with the interval; where it is None there is no strip.
        lowest_first: Order by value, rows without one last; otherwise the order stays.
    """
    listed = list(rows)
    low, high = _span(listed, measure)
    if lowest_first:
        listed.sort(key=lambda row: value.value if (value := getattr(row, measure)) else math.inf)
    scale = Scale(low=low, high=high, start=6, end=STRIP_WIDTH - 6)
    return [Beside(row=row, strip=_strip(getattr(row, measure), scale)) for row in listed]


def scale(rows: Iterable[Any], measure: str) -> str:
    """Name the axis that `beside` draws on: `From 0 to 1`, or from the lowest end where that is below 0."""
    low, high = _span(rows, measure)
    return f"From {low:.2g} to {high:.2g}"


def _span(rows: Iterable[Any], measure: str) -> tuple[float, float]:
    known = [interval for row in rows if (interval := getattr(row, measure)) is not None]
    ends = [end for interval in known for end in interval.ends]
    return min([0.0, *ends]), max([1.0, *ends])


def _strip(measure: Measurement | None, scale: Scale) -> Strip | None:
    if measure is None:
        return None
    low, high = measure.ends
    return Strip(x=scale(measure.value), low_x=scale(low), high_x=scale(high), zero=scale(0))


def _dot(name: str, measure: Measurement, old: bool, *, y: float, scale: Scale) -> Dot:
    low, high = measure.ends
    return Dot(
        name=clip(name, 30),
        written=interval(measure),
        y=y,
        x=scale(measure.value),
        low_x=scale(low),
        high_x=scale(high),
        old=old,
    )
