"""Readers: a file in, rows with their numbers out, one at a time; which reader goes by the file's ending."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from curation.errors import TwofoldError
from curation.sources.columnar import read_parquet, read_saved_dataset
from curation.sources.delimited import read_delimited
from curation.sources.json_records import read_json, read_json_lines
from curation.sources.rows import Reading, Row
from curation.sources.shapes.every import NAMED, Survey, shape_of, shaped_rows, survey
from curation.sources.shapes.shape import Shape
from curation.sources.workbook import read_workbook

Reader = Callable[[Path, Reading, Collection[str]], Iterator[Row]]

TEXT: Mapping[str, Reader] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
}
READERS: Mapping[str, Reader] = {
    **TEXT,
    **{f"{ending}.gz": reader for ending, reader in TEXT.items()},
    ".parquet": read_parquet,
    ".xlsx": read_workbook,
}


def read_rows(
    path: Path, reading: Reading | None = None, *, columns: Collection[str] = (), alone: bool = False
) -> Iterator[Row]:
    """Read a file of `READERS`, or a folder made by `datasets.save_to_disk`.

    Args:
        path: The file or folder.
        reading: How text is to be read; UTF-8, and what the ending says, by default.
        columns: The columns to give; every one of the file by default.
        alone: Whether a list of one, in a file of `reading.format`, is that one: answers of one label each.

    Raises:
        TwofoldError: No such file, nothing in it, another format or encoding, a column that is missing or there
            twice, or a malformed row.
    """
    reading = reading or Reading()
    wanted = dict.fromkeys(columns)
    try:
        if reading.format is None:
            yield from _reader_for(path, reading)(path, reading, wanted)
        else:
            yield from shaped_rows(path, reading, NAMED[reading.format], read_objects, wanted, alone=alone)
    except OSError as error:
        raise TwofoldError(f"{path}: cannot be read ({error.strerror or error})") from error


def read_objects(path: Path, reading: Reading) -> Iterator[Row]:
    """Read all that stands in a file of `READERS`, as the tool wrote it that made the file."""
    return _reader_for(path, reading)(path, reading, ())


def shape_in(path: Path, reading: Reading) -> Shape | None:
    """Return the shape of a file, by `reading.format` or what is in it; None for a table of columns.

    Raises:
        TwofoldError: As `read_rows`.
    """
    if reading.format is not None:
        return NAMED[reading.format]
    _check_there(path)
    return shape_of(path, reading, read_objects)


def survey_of(path: Path, reading: Reading, shape: Shape) -> Survey:
    """Look through a file of a shape once; raises as `read_rows` does."""
    _check_there(path)
    try:
        return survey(path, reading, shape, read_objects)
    except OSError as error:
        raise TwofoldError(f"{path}: cannot be read ({error.strerror or error})") from error


def column_names(path: Path, reading: Reading | None = None) -> list[str]:
    """Return the columns of a file, as its first row has them.

    Raises:
        TwofoldError: As `read_rows`, or there is no row.
    """
    for row in read_rows(path, reading):
        return list(row.cells)
    raise TwofoldError(f"{path}: expected at least one row, came none")


def _check_there(path: Path) -> None:
    if not path.exists():
        raise TwofoldError(f"{path}: no such file")


def _reader_for(path: Path, reading: Reading) -> Reader:
    _check_there(path)
    if path.is_dir():
        return read_saved_dataset
    if path.stat().st_size == 0:
        raise TwofoldError(f"{path}: the file is empty")
    name = path.name.lower()
    for ending, reader in READERS.items():
        if name.endswith(ending):
            return reader
    if reading.delimiter is not None:
        return read_delimited
    raise TwofoldError(
        f"{path}: expected one of {', '.join(READERS)}, came {path.suffix or 'no ending'!r}"
        "; a table of another ending can be read with --delimiter"
    )
