"""Tables as CSV, JSON lines and Parquet."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, reduce
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from curation.exports.formula_guard import guarded
from curation.project import artifacts

_ROWS = 10_000  # turned into Python objects at once


def write_csv(found: pa.Table, to: IO[str], *, raw: bool = False, through: Callable[[str], str] = str) -> None:
    """Write a table as CSV: UTF-8, commas, a line feed after each row.

    Args:
        found: The table; lists and dictionaries are written as JSON, numbers with six digits.
        to: Where to.
        raw: Write texts as they are, formulas included; see `curation.exports.formula_guard`.
        through: What every text goes through last; see `curation.safety.shown_text.shown`.
    """
    steps = [*([] if raw else [guarded]), through]
    write_row(to, [as_cell(name, steps) for name in found.column_names])
    for row in rows(found):
        write_row(to, [as_cell(value, steps) for value in row.values()])


def write_jsonl(found: pa.Table, to: IO[str], *, raw: bool = False, through: Callable[[str], str] = str) -> None:
    """Write a table as one JSON object a line; no spreadsheet runs JSON, so `raw` makes no difference."""
    for row in rows(found):
        line = json.dumps({name: finite(value) for name, value in row.items()}, ensure_ascii=False, default=str)
        to.write(through(line) + "\n")


WRITERS: Mapping[str, Callable[..., None]] = {"csv": write_csv, "jsonl": write_jsonl}


def write_file(path: Path, found: pa.Table, form: str, *, raw: bool = False) -> None:
    """Write a table to a file, whole or not at all.

    Args:
        path: The file.
        found: The table.
        form: "csv", "jsonl" or "parquet".
        raw: See `write_csv`.

    Raises:
        TwofoldError: The file cannot be written.
    """
    if form == "parquet":
        artifacts.write_table(path, found)
    else:
        artifacts.write_atomically(path, partial(_write_text, found=found, form=form, raw=raw))


def _write_text(path: Path, *, found: pa.Table, form: str, raw: bool) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        WRITERS[form](found, handle, raw=raw)


def rows(found: pa.Table) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a table as dictionaries."""
    for batch in found.to_batches(max_chunksize=_ROWS):
        yield from batch.to_pylist()


def write_row(to: IO[str], cells: Sequence[Any]) -> None:
    """Write one row of CSV; `csv` quotes a carriage return only where it is part of the line's end."""
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    to.write(line.getvalue().removesuffix("\r\n") + "\n")


def as_cell(value: Any, steps: Sequence[Callable[[str], str]]) -> Any:
    """Return what is written: texts after all steps, numbers as they are, nothing for what is missing."""
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else None
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
    return reduce(lambda so_far, step: step(so_far), steps, text) if isinstance(text, str) else text


def finite(value: Any) -> Any:
    """Return a value that JSON has: nothing in place of a number that is none."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
