"""Arrays to whose end more is added."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class GrowingArray:
    """An array that grows at its end; the room ahead is not touched, so it takes no memory yet."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._room = np.empty(1024, dtype=dtype)
        self._size = 0

    @property
    def values(self) -> npt.NDArray[Any]:
        """What was added so far; a view, which the next `append` may leave behind."""
        return self._room[: self._size]

    def append(self, values: npt.NDArray[Any]) -> None:
        """Add values at the end."""
        size = self._size + len(values)
        if size > len(self._room):
            room = np.empty(max(size, 2 * len(self._room)), dtype=self._room.dtype)
            room[: self._size] = self.values
            self._room = room
        self._room[self._size : size] = values
        self._size = size

    def cut(self, size: int) -> None:
        """Forget what comes after the first `size`."""
        self._size = size
