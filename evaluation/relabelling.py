"""Chance, by trying it: which of two samples a record is of is drawn anew, as often as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_CELLS_AT_ONCE = 4_000_000  # 16 MB of ones and zeros, whatever the number of records


@dataclass(frozen=True, kw_only=True)
class Relabelled:
    """A statistic of two samples beside what it is where chance alone says which record is of which.

    Attributes:
        value: The statistic as it is.
        by_chance: (draws,) the same where the samples are drawn anew from the records of both.
    """

    value: float
    by_chance: npt.NDArray[np.float64]

    @property
    def p_value(self) -> float:
        """How often chance reaches the value, this once counted: exact (Phipson and Smyth 2010), in (0, 1]."""
        return float((1 + (self.by_chance >= self.value - 1e-9).sum()) / (1 + len(self.by_chance)))


def relabelled(
    statistic: Callable[[Floats], npt.NDArray[np.float64]], n: int, m: int, *, draws: int, seed: int
) -> Relabelled:
    """Compute a statistic of two samples as they are, and for `draws` ways to choose the second from both.

    Args:
        statistic: Takes (b, n + m) ones where a record is of the second sample and zeros elsewhere; returns (b,).
        n: Records of the first sample, which come first.
        m: Records of the second.
        draws: How many ways.
        seed: Same seed, same ways.
    """
    found = np.concatenate([statistic(ways) for ways in _ways(n, m, draws, seed)])
    return Relabelled(value=float(found[0]), by_chance=found[1:])


def _ways(n: int, m: int, draws: int, seed: int) -> Iterator[Floats]:
    """Yield blocks of ways, the one that is there first."""
    rng, there = np.random.default_rng(seed), np.repeat(np.array([0, 1], dtype=np.float32), [n, m])
    yield there[None]
    block = max(1, _CELLS_AT_ONCE // (n + m))
    for start in range(0, draws, block):
        yield rng.permuted(np.tile(there, (min(block, draws - start), 1)), axis=1)
