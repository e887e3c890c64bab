"""Numbers that steer a computation, refused in one line where they make no sense."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any


def check_whole(value: Any, where: str, *, least: int = 0, most: int | None = None, of: str = "") -> None:
    """Raise a ValueError unless `value` is a whole number from `least` to `most` (`of` says of what)."""
    fits = isinstance(value, Integral) and not isinstance(value, bool)
    if not fits or value < least or (most is not None and value > most):
        wanted = f"at least {least}" if most is None else f"{least} to {most}"
        kind = "" if fits else ", a whole number"
        raise ValueError(f"{where}: expected {wanted}{of}{kind}, got {value!r}")


def check_number(value: Any, where: str, wanted: str, *, above: float = -math.inf, most: float = math.inf) -> None:
    """Raise a ValueError that says `wanted` unless `value` is a number above `above` and at most `most`."""
    fits = isinstance(value, Real) and not isinstance(value, bool)
    if not fits or not above < value <= most:
        raise ValueError(f"{where}: expected {wanted}, got {value!r}")
