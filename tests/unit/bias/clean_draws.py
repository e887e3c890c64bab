"""How many false alarms chance allows in so many clean draws, if the stated level holds."""

from __future__ import annotations

from collections.abc import Callable

from scipy.stats import binom

from curation.bias import Findings

CLEAN = 60


def alarms(draw: Callable[[int], Findings], draws: int = CLEAN) -> int:
    """Return in how many clean draws anything at all is found."""
    return sum(bool(draw(seed).found) for seed in range(draws))


def allowed(level: float, draws: int = CLEAN) -> int:
    """Return the most alarms that a rate of `level` gives in all but one of a hundred such tests."""
    return int(binom.ppf(0.99, draws, level))
