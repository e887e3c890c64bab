"""How many statements the requests around an answer send to SQLite: each keeps others waiting."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.server

MOST = {"page": 12, "answer": 7, "metrics": 4, "progress": 4, "taken back": 12, "deleted": 12}
"""Of the last, one for each of the six records that are deleted: whether anybody listens."""


def test_an_answer_sends_no_more_statements_than_it_did(tmp_path: Path) -> None:
    found = tmp_path / "statements.json"
    command = [sys.executable, "-m", "benchmarks.statements", "--answers", "6", "--json", str(found)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL)
    counts = json.loads(found.read_text(encoding="utf-8"))
    assert counts.keys() == MOST.keys()
    assert {name: number for name, number in counts.items() if number > MOST[name]} == {}
