"""A sample of a stream whose length nobody knows, by chance alone."""

from __future__ import annotations

import random
from typing import Generic, TypeVar

T = TypeVar("T")


class Reservoir(Generic[T]):
    """At most `size` of all items that were offered, each with the same chance (Vitter 1985, algorithm R).

    Args:
        size: At least 1.
        seed: Same seed and stream, same sample.
    """

    def __init__(self, size: int, seed: int) -> None:
        self._size, self._rng, self._kept = size, random.Random(seed), list[tuple[int, T]]()  # noqa: S311
        self.offered = 0

    def offer(self, item: T) -> None:
        """Let an item take a place, or not."""
        at = self.offered if self.offered < self._size else self._rng.randrange(self.offered + 1)
        if at < self._size:
            self._kept[at : at + 1] = [(self.offered, item)]
        self.offered += 1

    def items(self) -> list[T]:
        """Return what is kept, in the order of the stream."""
        return [item for _, item in sorted(self._kept, key=lambda kept: kept[0])]
