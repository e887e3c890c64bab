"""How many web processes serve one home."""

from __future__ import annotations

import os

MOST = 4
"""Each takes some 100 MB, and SQLite takes one writer at a time."""


def count_web_processes() -> int:
    """One per core, as Python keeps one core busy at a time."""
    return min(os.cpu_count() or 1, MOST)
