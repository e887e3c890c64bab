"""Work that does not fit in memory, done again with batches in twice as many parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from accelerate.utils.memory import should_reduce_batch_size

T = TypeVar("T")


def in_parts(work: Callable[[int], T], *, parts: int, most: int) -> T:
    """Return what comes of work, begun again with twice as many parts as often as memory is short.

    Args:
        work: takes the number of parts.
        parts: with how many to begin.
        most: how many there can be; where memory is short with those, the error is raised.
    """
    while True:
        try:
            return work(parts)
        except RuntimeError as error:
            if not should_reduce_batch_size(error) or parts >= most:
                raise
        parts *= 2
