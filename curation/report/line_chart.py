"""Lines over epochs or rounds, with whiskers where a point has an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from curation.report.parts import Measurement
from curation.report.scales import Scale, Tick, axis

WIDTH, HEIGHT = 460, 270
_LEFT, _RIGHT, _TOP, _FLOOR = 52, 444, 40, 226
_DODGE = 7  # pixels between the whiskers of two series at the same x
_MOST_TICKS = 8


@dataclass(frozen=True, kw_only=True)
class Series:
    """A named line: positions on the x axis, and the values there; None leaves a gap."""

    name: str
    x: Sequence[float]
    y: Sequence[Measurement | None]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A point of a line with the ends of its whisker, in pixels."""

    x: float
    y: float
    low_y: float
    high_y: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """A drawn line: the `d` of its path, its points, and where its name stands in the legend."""

    name: str
    path: str
    marks: Sequence[Mark]
    legend_x: float


@dataclass(frozen=True, kw_only=True)
class LineChart:
    """Everything that the picture needs, in pixels; `best_x` is where the chosen epoch lies."""

    lines: Sequence[Line]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    best_x: float | None
    left: float = _LEFT
    right: float = _RIGHT
    top: float = _TOP
    floor: float = _FLOOR
    width: float = WIDTH
    height: float = HEIGHT


def plain(values: Sequence[float | None]) -> list[Measurement | None]:
    """Turn numbers without intervals into points without whiskers."""
    return [None if value is None else Measurement(value=value, low=None, high=None) for value in values]


def line_chart(series: Sequence[Series], *, best: float | None = None) -> LineChart | None:
    """Place lines on common axes; None when no series holds a number."""
    known = [one for one in series if any(measure is not None for measure in one.y)]
    if not known:
        return None
    y_scale, y_ticks = axis(
        (end for one in known for measure in one.y if measure for end in measure.ends),
        start=_FLOOR,
        end=_TOP,
    )
    xs = sorted({x for one in known for x in one.x})
    x_scale = _x_scale(xs, dodged=_DODGE * (len(known) - 1))
    lines = [_line(one, i, len(known), x_scale, y_scale) for i, one in enumerate(known)]
    return LineChart(
        lines=lines,
        x_ticks=_x_ticks(xs, x_scale),
        y_ticks=y_ticks,
        best_x=None if best not in xs else x_scale(best),
    )


def _x_scale(xs: Sequence[float], *, dodged: float) -> Scale:
    low, high = (xs[0], xs[-1]) if len(xs) > 1 else (xs[0] - 1, xs[0] + 1)
    return Scale(low=low, high=high, start=_LEFT + 14, end=_RIGHT - 14 - dodged)


def _x_ticks(xs: Sequence[float], scale: Scale) -> list[Tick]:
    every = math.ceil(len(xs) / _MOST_TICKS)
    return [Tick(at=scale(x), text=f"{x:g}") for x in xs[::every]]


def _line(series: Series, position: int, of: int, x_scale: Scale, y_scale: Scale) -> Line:
    whiskers = any(measure and measure.low is not None for measure in series.y)
    shift = _DODGE * position if whiskers else 0
    places = [_mark(x_scale(x) + shift, measure, y_scale) for x, measure in zip(series.x, series.y, strict=True)]
    return Line(
        name=series.name,
        path=_path(places),
        marks=[place for place in places if place],
        legend_x=_LEFT + position * (_RIGHT - _LEFT) / of,
    )


def _mark(x: float, measure: Measurement | None, y_scale: Scale) -> Mark | None:
    if measure is None:
        return None
    low, high = measure.ends
    return Mark(x=round(x, 1), y=y_scale(measure.value), low_y=y_scale(low), high_y=y_scale(high))


def _path(places: Sequence[Mark | None]) -> str:
    """Join the points, lifting the pen over gaps."""
    before = [None, *places]
    return "".join(
        f"{'M' if last is None else 'L'}{here.x:g},{here.y:g}"
        for last, here in zip(before, places, strict=False)
        if here
    )
