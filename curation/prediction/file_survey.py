"""A first look through a file that a model is to read: its columns, the texts, and that none of them is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from curation.errors import TwofoldError, suggest
from curation.exports.row_files import ColumnTypes
from curation.prediction.chosen_model import ChosenModel
from curation.sources.readers import read_rows
from curation.sources.rows import Reading, Row
from curation.sources.values import as_text, is_missing
from evaluation.words import words

T = TypeVar("T")

AT_ONCE = 2_000
"""Rows that are held in memory, and that a model reads at once."""

_LOOKED_AT = 100  # rows by which columns of texts are told from others
_SEVERAL = 3  # words of a cell that hardly is an id, a number or a label


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a file holds.

    Attributes:
        rows: How many.
        columns: Every column that a row has, in the order in which they come.
        texts: The columns that the model reads, by what it calls them.
        types: The types of the columns, where they were asked for.
        doubts: What a reader should know of some rows, in words, and of how many.
    """

    rows: int
    columns: tuple[str, ...]
    texts: Mapping[str, str]
    types: Mapping[str, pa.DataType]
    doubts: Mapping[str, int]


def survey(
    path: Path, reading: Reading, model: ChosenModel, named: Sequence[str] = (), *, typed: bool = False
) -> Survey:
    """Look through a file, row by row.

    Args:
        path: The file.
        reading: How text is to be read.
        model: The model that is to read it.
        named: The columns of texts that somebody named; by default those that the model was trained on.
        typed: Whether to find the types of all columns.

    Raises:
        TwofoldError: There is no row; which columns are texts cannot be told; a text is missing, or is none.
    """
    columns, doubts, n, texts = dict[str, None](), Counter[str](), 0, dict[str, str]()
    types = ColumnTypes()
    for some in in_chunks(read_rows(path, reading), AT_ONCE):
        texts = texts or _texts(path, some, model, named)
        for row in some:
            columns |= dict.fromkeys(row.cells)
            for name in texts.values():
                text_of(path, row, name, chats=model.writes)
        if typed:
            types.add([row.cells for row in some])
        doubts.update(row.doubt for row in some if row.doubt)
        n += len(some)
    if not n:
        raise TwofoldError(f"{path}: expected at least one row, came none")
    kinds = types.found(list(columns)) if typed else {}
    return Survey(rows=n, columns=tuple(columns), texts=texts, types=kinds, doubts=doubts)


def in_chunks(found: Iterator[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size`, the last one of what is left."""
    while some := list(islice(found, size)):
        yield some


def text_of(path: Path, row: Row, column: str, *, chats: bool) -> Any:
    """Return the text in a cell; a list of messages as it is, for a model that reads chats.

    Raises:
        TwofoldError: It is missing, or no text.
    """
    cell = row.cells.get(column)
    if chats and isinstance(cell, list) and cell:
        return cell
    try:
        text = as_text(cell)
    except ValueError as error:
        raise TwofoldError(f"{path}, row {row.number}, column {column!r}: {error}") from None
    if not text.strip():
        came = "nothing" if is_missing(cell) or not text else "blanks alone"
        raise TwofoldError(f"{path}, row {row.number}, column {column!r}: expected a text, came {came}")
    return text


def _texts(path: Path, rows: Sequence[Row], model: ChosenModel, named: Sequence[str]) -> dict[str, str]:
    columns, known = list(dict.fromkeys(name for row in rows for name in row.cells)), model.text_columns
    for name in named:
        if name not in columns:
            raise TwofoldError(f"{path}: no column {name!r}{suggest(name, columns)}, named with --text")
    if known is None:
        read = list(named) or [_only_texts(path, rows, columns)]
        return dict(zip(read, read, strict=True))
    shown = ", ".join(map(repr, known))
    if named and len(named) != len(known):
        raise TwofoldError(f"--text: expected {len(known)}, for the columns {shown} of the training; came {len(named)}")
    for name in named or known:
        if name not in columns:
            raise TwofoldError(
                f"{path}: no column {name!r}{suggest(name, columns)}; the model was trained on {shown}"
                ": name the columns that it is to read here with --text"
            )
    return dict(zip(known, named or known, strict=True))


def _only_texts(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> str:
    """Return the one column of texts; of several, the one whose cells are of several words."""
    cells = {name: [row.cells.get(name) for row in rows[:_LOOKED_AT]] for name in columns}
    found = [name for name, each in cells.items() if all(isinstance(cell, str) for cell in each)]
    if len(found) > 1:
        found = [name for name in found if _of_several_words(cells[name])]
    if len(found) == 1:
        return found[0]
    told = "nothing tells which column the model reads"
    raise TwofoldError(f"{path}: {told}; name it with --text, one of {', '.join(map(repr, columns[:20]))}")


def _of_several_words(cells: Sequence[Any]) -> bool:
    return sum(len(words(str(cell))) >= _SEVERAL for cell in cells) > len(cells) / 2
