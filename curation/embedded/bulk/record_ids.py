"""Ids in the order of their making, so that a database puts new rows beside each other."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from uuid import UUID

_VERSION_AND_VARIANT = 7 << 76 | 2 << 62


def ordered_ids() -> Iterator[UUID]:
    """Yield UUIDs of version 7, each the one after the one before.

    Argilla's own are random: every row then goes to another page of each of five indexes, all of which have to be
    written, and read first once the database has outgrown its cache.

    The layout is RFC 9562's: 48 bits of milliseconds, then 74 bits that start at random and are counted up (its
    method 2 of section 6.2).
    """
    milliseconds = time.time_ns() // 1_000_000
    count = secrets.randbits(73)  # the highest of the 74 bits is left free to count into
    while True:
        high, low = count >> 62, count & (2**62 - 1)
        yield UUID(int=milliseconds << 80 | _VERSION_AND_VARIANT | high << 64 | low)
        count += 1
