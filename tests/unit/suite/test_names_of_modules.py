"""Modules of tests are imported by their bare names, so no two may share one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[2]


def test_no_two_modules_share_a_name() -> None:
    found = Counter(path.name for path in TESTS.rglob("*.py"))
    del found["conftest.py"]  # known to pytest by its folder
    assert [name for name, times in found.items() if times > 1] == []
