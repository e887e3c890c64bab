"""CSV cells that a spreadsheet would run: written with an apostrophe in front, which can be taken away again.

A text such as `=HYPERLINK(...)` is a formula to Excel, LibreOffice and Google Sheets, and so is one that begins with
`+`, `-`, `@`, a tab or a carriage return, after blanks as well, or with the full-width forms of these signs (OWASP, CSV
Injection). The guard is one apostrophe. A text that begins with apostrophes and would be a formula without them gets
one more, so that `unguarded(guarded(text))` is the text, whatever it was.
"""

from __future__ import annotations

import csv
from pathlib import Path

import regex

from curation.project.artifacts import write_atomically

# The last rows are the forms that are signs to a spreadsheet of another locale: full-width, small, raised, lowered,
# and the minus of mathematics.
_SIGNS = (
    r"=+\-@\t\r\n"
    r"\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
    r"\u207c\u207a\u207b\u208c\u208a\u208b\u2212"
)
_FORMULA = regex.compile(rf"'*[\s\p{{Cc}}\p{{Cf}}]*[{_SIGNS}]")


def guarded(text: str) -> str:
    """Return a text as a CSV cell that no spreadsheet runs.

    >>> guarded("=1+1"), guarded("1+1"), guarded("'=1+1")
    ("'=1+1", '1+1', "''=1+1")
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """Return the text that `guarded` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def unguard_file(source: Path, to: Path) -> None:
    """Write a CSV file that was exported with the guard as it would be without.

    Raises:
        TwofoldError: `to` cannot be written.
    """

    def write(path: Path) -> None:
        with source.open(encoding="utf-8", newline="") as cells, path.open("w", encoding="utf-8", newline="") as plain:
            write_row = csv.writer(plain, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow
            for row in csv.reader(cells):
                write_row([unguarded(cell) for cell in row])

    write_atomically(to, write)
