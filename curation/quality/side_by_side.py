"""Several smooth problems of one shape minimised side by side, each as if it were alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Steps that are remembered, and how much of the descent that is foretold a step has to bring.
_REMEMBERED, _OF_FORETOLD = 10, 1e-4
# A step that was halved so often goes nowhere.
_SHORTEST = 2.0**-20


@dataclass(frozen=True, kw_only=True)
class _Step:
    """How far problems went, how their gradients changed, (m, p) each, and 1 over their product, 0 where they stood."""

    far: Floats
    change: Floats
    curve: Floats


def minimised(of: Callable[[Floats], tuple[Floats, Floats]], start: Floats, *, steps: int, little: float) -> Floats:
    """Return (m, p): where m convex functions of p numbers are least, by L-BFGS (Nocedal & Wright 2006, algorithm 7.5).

    Every problem has its own steps, which depend on no other problem; they share calls of `of`, nothing else.

    Args:
        of: From places (m, p) to values (m,) and gradients (m, p).
        start: (m, p) where to begin; the first step is a whole gradient long.
        steps: Calls of `of` at most.
        little: A problem is done where a step lowers its value v by less than this times max(v, 1).

    Example:
        >>> aims = np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> def bowls(at):
        ...     return 2 * ((at - aims) ** 2).sum(axis=1), 4 * (at - aims)
        >>> minimised(bowls, np.zeros((2, 2)), steps=20, little=1e-9).round(3).tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """
    at, (value, slope) = start, of(start)
    before: deque[_Step] = deque(maxlen=_REMEMBERED)
    ahead, length, open_ = -slope, np.ones(len(start)), np.full(len(start), True)
    for _ in range(steps - 1):
        tried = at + length[:, None] * ahead
        found, steep = of(tried)
        moved = open_ & (found <= value + _OF_FORETOLD * length * _dots(slope, ahead))
        before.append(_step(tried - at, steep - slope, moved))
        open_ &= np.where(moved, value - found > little * np.maximum(value, 1), length > _SHORTEST)
        at, slope = (np.where(moved[:, None], new, old) for new, old in ((tried, at), (steep, slope)))
        value, length = np.where(moved, found, value), np.where(moved, 1.0, length / 2)
        if not open_.any():
            break
        ahead = np.where(moved[:, None], _downhill(slope, before), ahead) * open_[:, None]
    return at


def _dots(left: Floats, right: Floats) -> Floats:
    return np.asarray(np.einsum("mp,mp->m", left, right))


def _step(far: Floats, change: Floats, moved: npt.NDArray[np.bool_]) -> _Step:
    product = _dots(far, change)
    curved = moved & (product > 1e-10 * _dots(change, change))
    curve = np.where(curved, 1 / np.where(curved, product, 1), 0)
    return _Step(far=far, change=change, curve=curve)


def _downhill(slope: Floats, before: deque[_Step]) -> Floats:
    """Return (m, p): the gradient turned and scaled by what the steps before say of the curvature, pointing down."""
    turned, parts = slope, []
    for step in reversed(before):
        parts.append(step.curve * _dots(step.far, turned))
        turned = turned - parts[-1][:, None] * step.change
    turned = turned * _scale(before)[:, None]
    for step, part in zip(before, reversed(parts), strict=True):
        turned = turned + (part - step.curve * _dots(step.change, turned))[:, None] * step.far
    return -turned


def _scale(before: deque[_Step]) -> Floats:
    """Return (m,): the inverse curvature along the last step of each problem that has one, 1 before."""
    scale = np.ones(len(before[0].curve))
    for step in before:
        known = step.curve > 0
        scale[known] = 1 / (step.curve * _dots(step.change, step.change))[known]
    return scale
