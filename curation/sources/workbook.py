"""Excel workbooks (.xlsx): the first sheet, whose first row names the columns."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from curation.errors import TwofoldError
from curation.safety.packed_files import bomb, is_bomb
from curation.sources.rows import Reading, Row, check_names


def read_workbook(path: Path, reading: Reading, wanted: Collection[str]) -> Iterator[Row]:
    """Read the first sheet; formulas give the values that the spreadsheet program saved with them.

    Raises:
        TwofoldError: Not a workbook, no header, a wanted column is missing, or a cell stands beside the columns.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        _refuse_bomb(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions of Excel, which are not read
            book = load_workbook(path, read_only=True, data_only=True)
        with closing(book):
            yield from _rows(path, _first_sheet(path, book), wanted, _other_sheets(book))
    except (
        InvalidFileException,
        BadZipFile,
        ParseError,
        zlib.error,
        KeyError,
        ValueError,
        RecursionError,
        OSError,
    ) as error:
        raise TwofoldError(f"{path}: expected an Excel workbook, as its name says ({error})") from None


def _refuse_bomb(path: Path) -> None:
    with ZipFile(path) as packed:
        if is_bomb(path.stat().st_size, sum(part.file_size for part in packed.infolist())):
            raise bomb(path)


def _first_sheet(path: Path, book: Any) -> Any:
    if not book.worksheets:
        raise TwofoldError(f"{path}: expected a workbook with a sheet of cells, came none")
    return book.worksheets[0]


def _other_sheets(book: Any) -> str | None:
    others = len(book.sheetnames) - 1
    return f"only its first sheet was read, {book.sheetnames[0]!r}; it has {others} more" if others else None


def _rows(path: Path, sheet: Any, wanted: Collection[str], doubt: str | None) -> Iterator[Row]:
    sheet.reset_dimensions()  # some programs write wrong ones
    rows = sheet.iter_rows(values_only=True)
    header = ["" if name is None else str(name) for name in next(rows, ())]
    if not any(name.strip() for name in header):
        raise TwofoldError(f"{path}, row 1: expected a header with column names, came an empty row")
    check_names(f"{path}, row 1", header, wanted)
    columns = [(header.index(name), name) for name in wanted or header]
    for number, cells in enumerate(rows, start=2):
        if all(cell is None for cell in cells):
            continue
        if any(cell is not None for cell in cells[len(header) :]):
            raise TwofoldError(f"{path}, row {number}: expected {len(header)} columns, came {len(cells)}")
        yield Row(number, {name: cells[i] if i < len(cells) else None for i, name in columns}, doubt)
        doubt = None  # of the workbook, and said once
