"""From numbers to pixels: round tick marks, and the straight line between a number and its place."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Maps [low, high] linearly onto [start, end] in pixels; on an upright axis `start` is the larger."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of `value`, to a tenth of a pixel."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A mark on an axis: where, and what is written there."""

    at: float
    text: str


def round_steps(low: float, high: float, *, about: int = 5) -> list[float]:
    """Return about `about` round numbers (steps of 1, 2 or 5 times a power of ten) that enclose both ends.

    >>> round_steps(0.71, 0.93)
    [0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    """
    low, high = _ends(low, high)
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(size * power for size in (1, 2, 5, 10, 20) if size * power >= raw * (1 - 1e-9))
    first = math.floor(low / step + 1e-9)
    last = max(math.ceil(high / step - 1e-9), first + 1)
    return [round(i * step, 12) for i in range(first, last + 1)]


def _ends(low: float, high: float) -> tuple[float, float]:
    """Return the ends of what is to be divided; numbers that hardly differ get an axis that begins at zero."""
    size = max(abs(low), abs(high))
    if high - low > max(1e-6 * size, 1e-9):
        return low, high
    return (min(low, 0.0), max(high, 0.0)) if size > 1e-9 else (0.0, 1.0)


def axis(values: Iterable[float], *, start: float, end: float) -> tuple[Scale, list[Tick]]:
    """Return a scale that encloses `values`, of which there is at least one, and its ticks."""
    known = list(values)
    steps = round_steps(min(known), max(known))
    scale = Scale(low=steps[0], high=steps[-1], start=start, end=end)
    return scale, [Tick(at=scale(step), text=f"{step:g}") for step in steps]
