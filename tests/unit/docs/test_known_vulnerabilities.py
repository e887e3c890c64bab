"""The table of known vulnerabilities against what is pinned; no network is asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| ([\w.-]+) \| ([\w.]+) \| (CVE-\d{4}-\d{4,}|GHSA-[\w-]+) \| (.+) \| (.+) \|$")
VERDICTS = ("**guarded**", "does not matter", "little")


def rows() -> list[tuple[str, ...]]:
    told, _, _ = (ROOT / "docs" / "known-vulnerabilities.md").read_text(encoding="utf-8").partition("\n## ")
    table = [line for line in told.splitlines() if line.startswith("|")][2:]
    found = [ROW.match(line) for line in table]
    assert all(found), [line for line, match in zip(table, found, strict=True) if match is None]
    return [match.groups() for match in found if match is not None]


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {name.lower(): version for name, _, version in (line.partition("==") for line in lines) if version}


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]}-{row[2]}")
def test_an_entry_is_of_the_version_that_is_pinned_and_says_whether_it_matters(row: tuple[str, ...]) -> None:
    package, version, _, what, here = row
    assert pinned()[package] == version, f"{package} is pinned anew: look its entries up, and correct the table"
    assert "; " in what
    assert here.startswith(VERDICTS)


@pytest.mark.parametrize("row", [row for row in rows() if "`" in row[4]], ids=lambda row: row[2])
def test_what_guards_us_is_there(row: tuple[str, ...]) -> None:
    sources = [path.relative_to(ROOT / "curation" / "embedded") for path in _python("curation")]
    tests = "\n".join(path.read_text(encoding="utf-8") for path in _python("tests"))
    for named in re.findall(r"`([\w/.]+)`", row[4]):
        if named.endswith(".py"):
            assert Path(named) in sources or (ROOT / named).is_file()
        elif named.startswith("test_"):
            assert f"def {named}(" in tests


def test_no_vulnerability_is_told_twice() -> None:
    told = [row[2] for row in rows()]
    assert len(told) == len(set(told))


def _python(folder: str) -> list[Path]:
    inside = ROOT / "curation" / "embedded" if folder == "curation" else ROOT / folder
    return sorted(inside.rglob("*.py"))
