"""What is imported before a command has anything to do: the shell should answer at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from curation.cli import COMMANDS

HEAVY = {"argilla", "datasets", "httpx", "numpy", "pandas", "pyarrow", "pydantic", "rich", "scipy", "sklearn", "torch"}
LIST = "import sys, atexit; atexit.register(lambda: print('MODULES', *sys.modules, file=sys.stderr))\n"


def loaded_by(*arguments: str) -> set[str]:
    """The top-level modules that a command has imported when it ends."""
    code = f"{LIST}sys.argv[1:] = {list(arguments)!r}\nfrom curation.cli import main; main()"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    listed = ended.stderr.rsplit("MODULES", 1)[1].split()
    return {name.partition(".")[0] for name in listed}


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("-h",), (), ("relable",)])
def test_help_and_version_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert loaded_by(*arguments) & HEAVY == set()


def test_the_check_can_fail() -> None:
    assert loaded_by("export", "--help") & HEAVY


def test_help_names_every_command_with_its_line() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "from curation.cli import main; main()", "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    words = " ".join(said.split())
    for name, place in COMMANDS.items():
        assert f" {name} {place.line}" in words
