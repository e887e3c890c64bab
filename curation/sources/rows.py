"""What every reader gives and is told: rows with their numbers, and how a text file is to be read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from curation.errors import TwofoldError, suggest

Quoting = Literal["csv", "none"]
_NAMED_DELIMITERS = {"tab": "\t", r"\t": "\t"}


@dataclass(frozen=True)
class Row:
    """One row of a file.

    Attributes:
        number: Its line in a text file, its row in a workbook, its position from 1 in everything else.
        cells: Values by column name, as the file holds them.
        doubt: What a reader should know who trusts this row, in words; None for nearly every row.
    """

    number: int
    cells: Mapping[str, Any]
    doubt: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How text files are read; none of it concerns Parquet, workbooks and saved data sets.

    Attributes:
        encoding: A name that Python knows.
        delimiter: The character between cells, or "tab"; None goes by the file's ending.
        quoting: "csv": a cell may stand in double quotes, and then hold delimiters and line breaks. "none": a quote
            is a character like any other, and a line is a row. None: "none" where tabs separate cells, else "csv".
        format: Name of the tool that wrote the file, one of `shapes.every.NAMED`; None for a table of columns.

    Raises:
        TwofoldError: A delimiter of several characters, or another quoting.
    """

    encoding: str = "utf-8"
    delimiter: str | None = None
    quoting: Quoting | None = None
    format: str | None = None

    def __post_init__(self) -> None:
        if self.delimiter is not None:
            one = _NAMED_DELIMITERS.get(self.delimiter, self.delimiter)
            if len(one) != 1 or one in '\r\n"\ufeff':
                raise TwofoldError(f"--delimiter {self.delimiter!r}: expected one character, such as ';' or tab")
            object.__setattr__(self, "delimiter", one)
        if self.quoting not in (None, *get_args(Quoting)):
            raise TwofoldError(f"--quoting {self.quoting}: expected one of {', '.join(get_args(Quoting))}")


def check_names(where: str, names: Sequence[str], wanted: Collection[str], hint: str = "") -> None:
    """Check that every wanted column is there, once; with none wanted, that no two have the same name.

    Raises:
        TwofoldError: One is missing or stands there twice.
    """
    for name in wanted or [name for name in names if name.strip()]:
        if name not in names:
            raise TwofoldError(f"{where}: no column {name!r}{suggest(name, names)}{hint}")
        if names.count(name) > 1:
            raise TwofoldError(f"{where}: column {name!r} stands there twice; give one of them another name")
