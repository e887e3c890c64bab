"""Tables as text, one character between cells: CSV, TSV and their relatives."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import IO

from curation.errors import TwofoldError
from curation.sources.opening import open_text
from curation.sources.rows import Quoting, Reading, Row, check_names

LARGEST_CELL = 64 * 1024 * 1024  # characters; a guard against unclosed quotes, not the limit for a text
_DELIMITERS = {",": "','", ";": "';'", "\t": "tab", "|": "'|'"}
_QUOTES_KEPT = "a cell stands in double quotes, which were kept; if they are no part of it, --quoting csv"
_SWALLOWED = "a quoted cell holds what look like rows of their own; if its quotes are part of the text, --quoting none"


def read_delimited(path: Path, reading: Reading, wanted: Collection[str]) -> Iterator[Row]:
    """Read a table whose first line names the columns.

    Raises:
        TwofoldError: No header, a wanted column that is missing or there twice, a row with more or fewer cells than
            the header, or quotes that do not match.
    """
    tabs = path.name.lower().removesuffix(".gz").endswith(".tsv")
    csv.field_size_limit(LARGEST_CELL)
    with open_text(path, reading.encoding) as handle:
        named = _named_by_excel(handle)
        delimiter = reading.delimiter or named or ("\t" if tabs else ",")
        quoting = reading.quoting or ("none" if delimiter == "\t" else "csv")
        table = _Table(path, handle, delimiter, quoting)
        header = table.header(wanted)
        columns = [(header.index(name), name) for name in wanted or dict.fromkeys(header)]
        told = reading.quoting is not None
        for number, cells in table.body(len(header)):
            row = {name: cells[i] for i, name in columns}
            yield Row(number, row, None if told and quoting == "none" else table.doubt(cells, row.values()))


def _named_by_excel(handle: IO[str]) -> str | None:
    """Return the delimiter that a line such as `sep=;` names before the header, which Excel writes and reads."""
    line = handle.readline().rstrip("\r\n").strip('"')
    handle.seek(0)
    return line[-1] if len(line) == 5 and line.startswith("sep=") else None


class _Table:
    """An open table: `csv.reader`, and which lines its current row stands in."""

    def __init__(self, path: Path, handle: IO[str], delimiter: str, quoting: Quoting) -> None:
        self._path = path
        self._delimiter = delimiter
        self._quoted = quoting == "csv"
        self._rows = csv.reader(
            handle,
            delimiter=delimiter,
            quoting=csv.QUOTE_MINIMAL if self._quoted else csv.QUOTE_NONE,
            strict=True,
        )
        self._before = 0  # last line of the row before
        self._first_line = handle.readline().rstrip("\r\n")
        handle.seek(0)
        if _named_by_excel(handle):
            next(self._rows)

    def header(self, wanted: Collection[str]) -> list[str]:
        names = self._next(hint=self._other_delimiter(wanted)) or []
        where = f"{self._path}, line {self._rows.line_num or 1}"
        if not any(name.strip() for name in names):
            raise TwofoldError(f"{where}: expected a header with column names, came an empty line")
        check_names(where, names, wanted, self._other_delimiter(wanted))
        return names

    def body(self, width: int) -> Iterator[tuple[int, list[str]]]:
        while (cells := self._next()) is not None:
            if not cells or (width > 1 and len(cells) == 1 and not cells[0].strip()):
                continue  # a blank line
            if len(cells) != width:
                raise TwofoldError(
                    f"{self._path}, {self._lines()}: expected {width} columns, came {len(cells)}{self._why(cells)}"
                )
            yield self._rows.line_num, cells

    def doubt(self, cells: Sequence[str], shown: Collection[str]) -> str | None:
        """Say what is odd about a row that can be read all the same."""
        if not self._quoted:
            return _QUOTES_KEPT if any(len(c) > 1 and c[0] == c[-1] == '"' for c in shown) else None
        if self._rows.line_num - self._before < 2 or len(cells) < 2:
            return None
        lines = self._delimiter.join(cells).splitlines()
        return _SWALLOWED if all(line.count(self._delimiter) == len(cells) - 1 for line in lines) else None

    def _next(self, hint: str = "") -> list[str] | None:
        self._before = self._rows.line_num
        try:
            return next(self._rows, None)
        except csv.Error as error:
            raise TwofoldError(
                f"{self._path}, {self._lines()}: not readable as a table ({error})"
                f"{hint or '; if double quotes are part of the text, read it with --quoting none'}"
            ) from None

    def _lines(self) -> str:
        first, last = self._before + 1, self._rows.line_num
        return f"line {last}" if first >= last else f"lines {first} to {last}"

    def _why(self, cells: Sequence[str]) -> str:
        if not self._quoted and any('"' in cell for cell in cells):
            return "; if double quotes hold its cells together, read it with --quoting csv"
        if self._quoted and self._rows.line_num - self._before > 1:
            return "; if a double quote in it is part of the text, read it with --quoting none"
        return ""

    def _other_delimiter(self, wanted: Collection[str]) -> str:
        """Say which delimiter the header seems to have, where it is not the one that it was read with."""
        for other, shown in _DELIMITERS.items():
            apart = [name.strip(' "') for name in self._first_line.split(other)]
            alone = self._delimiter not in self._first_line
            if other != self._delimiter and len(apart) > 1 and (alone or set(wanted) <= set(apart)):
                return f"; if {shown} separates its cells, --delimiter {shown}"
        return ""
