"""Rows of a file as they were, with columns added, written part by part: as CSV, JSON lines and Parquet.

Only a part is held in memory, however long the file is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from curation.exports.formula_guard import guarded
from curation.exports.table_files import as_cell, finite, write_row
from curation.project.artifacts import write_atomically

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)  # what is no formula, sign or not


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some rows.

    Attributes:
        given: n rows as they came, by column.
        added: n values for every column that is added.
        types: The types of these columns.
    """

    given: Sequence[Mapping[str, Any]]
    added: Mapping[str, Sequence[Any]]
    types: Mapping[str, pa.DataType]

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[list[Any], list[Any]]]:
        """Yield the cells of every row: those that it had, and those that are added."""
        for row, *more in zip(self.given, *self.added.values(), strict=True):
            yield [row.get(name) for name in columns], more


def write_csv_parts(
    parts: Iterator[Part],
    columns: Sequence[str],
    to: IO[str],
    *,
    raw: bool = False,
    through: Callable[[str], str] = str,
) -> None:
    """Write parts as CSV; `columns` are those of the given rows, the rest is as in `table_files.write_csv`."""
    steps = [*([] if raw else [guarded]), through]
    for number, part in enumerate(parts):
        if number == 0:
            write_row(to, [as_cell(name, steps) for name in (*columns, *part.added)])
        for given, added in part.rows(columns):
            said = (_added(cell, part.types[name], steps) for name, cell in zip(part.added, added, strict=True))
            write_row(to, [*(_as_it_was(cell, steps, through) for cell in given), *said])


def _added(cell: Any, kind: pa.DataType, steps: Sequence[Callable[[str], str]]) -> Any:
    """Return a cell that was added: a number with all digits where it is the answer, with some if it is a chance."""
    return repr(cell) if kind == pa.float64() and cell is not None else as_cell(cell, steps)


def _as_it_was(cell: Any, steps: Sequence[Callable[[str], str]], through: Callable[[str], str]) -> Any:
    """Return a cell of which nothing is lost: a number with all digits, and no guard before one that is text."""
    if isinstance(cell, float):
        return repr(cell) if cell == cell else None
    if isinstance(cell, str) and _NUMBER.fullmatch(cell):
        return through(cell)
    return as_cell(cell, steps)


def write_jsonl_parts(parts: Iterator[Part], columns: Sequence[str], to: IO[str]) -> None:
    """Write parts as one JSON object a line; a column that a row does not have is null."""
    for part in parts:
        names = (*columns, *part.added)
        for given, added in part.rows(columns):
            row = {name: finite(cell) for name, cell in zip(names, (*given, *added), strict=True)}
            to.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


def write_parquet_parts(parts: Iterator[Part], types: Mapping[str, pa.DataType], to: Path) -> None:
    """Write parts as Parquet; `types` are those of the columns of the given rows, as `ColumnTypes` found them."""
    import pyarrow.parquet as pq

    first = next(parts)
    schema = pa.schema({**types, **first.types})
    with pq.ParquetWriter(to, schema, compression="zstd") as file:
        file.write_table(_table(first, types, schema))
        for part in parts:
            file.write_table(_table(part, types, schema))


def _table(part: Part, types: Mapping[str, pa.DataType], schema: pa.Schema) -> pa.Table:
    given = {name: [_fitting(row.get(name), kind) for row in part.given] for name, kind in types.items()}
    return pa.table({**given, **part.added}, schema=schema)


def _fitting(cell: Any, kind: pa.DataType) -> Any:
    """Return a cell of a column of texts as text, whatever it is."""
    if kind != pa.string() or cell is None or isinstance(cell, str):
        return cell
    return json.dumps(cell, ensure_ascii=False, default=str)


class ColumnTypes:
    """What Parquet is to call the columns of rows that come one part after the other.

    A column that holds what has no type in common is one of texts: strings as they are, all else as JSON.
    """

    def __init__(self) -> None:
        self._found: dict[str, pa.DataType] = {}

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Look at some further rows."""
        for name in dict.fromkeys(name for row in rows for name in row):
            here = _type([row.get(name) for row in rows])
            before = self._found.get(name, here)
            self._found[name] = here if here == before else _in_common(before, here)

    def found(self, columns: Sequence[str]) -> dict[str, pa.DataType]:
        """Return the type of every column."""
        return {name: _written(self._found[name]) for name in columns}


def _type(cells: Sequence[Any]) -> pa.DataType:
    try:
        return pa.array(cells).type
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.string()


def _in_common(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    schemas = [pa.schema({"cells": kind}) for kind in (one, other)]
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").field("cells").type
    except pa.ArrowException:
        return pa.string()


def _written(kind: pa.DataType) -> pa.DataType:
    """Return the type itself, or texts for objects without a key, which Parquet does not have."""
    return pa.string() if "struct<>" in str(kind) else kind


def write_parts(
    path: Path,
    parts: Iterator[Part],
    form: str,
    *,
    columns: Sequence[str],
    types: Mapping[str, pa.DataType],
    raw: bool = False,
) -> None:
    """Write parts to a file, whole or not at all.

    Args:
        path: The file.
        parts: At least one.
        form: "csv", "jsonl" or "parquet".
        columns: The columns of the given rows, in their order.
        types: Their types; of no account but for Parquet.
        raw: As in `table_files.write_csv`.

    Raises:
        TwofoldError: The file cannot be written.
    """

    def write(to: Path) -> None:
        if form == "parquet":
            write_parquet_parts(parts, types, to)
            return
        with to.open("w", encoding="utf-8", errors="backslashreplace", newline="") as handle:
            if form == "csv":
                write_csv_parts(parts, columns, handle, raw=raw)
            else:
                write_jsonl_parts(parts, columns, handle)

    write_atomically(path, write)
