"""A machine without PostgreSQL, Chromium or the real data: the run passes, and says what it left out and why."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from left_out import CHROMIUM, POSTGRESQL, REAL_DATA

TESTS = Path(__file__).parents[2]
LACKING = {
    CHROMIUM: TESTS / "server" / "test_report_page.py",
    POSTGRESQL: TESTS / "server" / "test_cluster.py",
    REAL_DATA: TESTS / "unit" / "quality" / "test_label_errors.py",
}
PICKED = "report or migrated or news"  # a few tests of each file
RUN = f"""
import sys
sys.path.insert(0, {str(TESTS / "server")!r})
from pathlib import Path
import postgresql_server, pytest
postgresql_server.DEBIAN = Path("nowhere")
sys.exit(pytest.main(sys.argv[1:]))
"""


def run(empty: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run tests where no program is found and no data is named."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "TWOFOLD_DATA")}
    command = [sys.executable, "-c", RUN, "-p", "no:cacheprovider", "--basetemp", str(empty / "temporary"), *arguments]
    environment = {**kept, "PATH": str(empty), **more}
    return subprocess.run(command, env=environment, cwd=TESTS.parent, capture_output=True, text=True, check=False)


def test_what_is_lacking_is_left_out_and_named_once_at_the_end(tmp_path: Path) -> None:
    found = run(tmp_path, *map(str, LACKING.values()), "-k", PICKED)
    assert found.returncode == 0, found.stdout
    said = [line for line in found.stdout.splitlines() if line.startswith("left out: ")]
    assert sorted(line.split(", as ")[1] for line in said) == sorted(LACKING)
    assert all(int(line.split()[2]) >= 1 for line in said)


@pytest.mark.parametrize("lacking", LACKING)
def test_nothing_may_be_lacking_in_ci(tmp_path: Path, lacking: str) -> None:
    found = run(tmp_path, str(LACKING[lacking]), "-k", PICKED, "-x", CI="true")
    assert found.returncode == 1
    assert lacking in found.stdout
    assert "left out" not in found.stdout


def test_a_folder_of_data_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    found = run(tmp_path, str(LACKING[REAL_DATA]), "-k", PICKED, TWOFOLD_DATA=str(tmp_path / "typo"))
    assert found.returncode == 1
    assert f"expected a folder of real data sets, found none at {tmp_path / 'typo'}" in found.stdout
