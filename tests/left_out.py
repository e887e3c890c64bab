"""What a machine lacks: tests that need it are left out and counted at the end, with how to install it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import Any, NoReturn

import pytest

CHROMIUM = "Chromium is not installed (Debian: apt-get install chromium fonts-dejavu-core)"
POSTGRESQL = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
REAL_DATA = "TWOFOLD_DATA is not set (export TWOFOLD_DATA=FOLDER, the folder of the real data sets)"


def leave_out(lacking: str) -> NoReturn:
    """End a test that cannot run here; in CI, where nothing may be lacking, it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(lacking, pytrace=False)
    pytest.skip(lacking)


def lines(skipped: Iterable[Any]) -> list[str]:
    """A line for each reason for which tests were skipped, and how many: from pytest's reports of them."""
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    return [f"left out: {n} {'test' if n == 1 else 'tests'}, as {reason}" for reason, n in sorted(reasons.items())]
