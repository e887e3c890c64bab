"""Readers: a file in, rows with their numbers out, one at a time; which reader goes by the file's ending."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from curation.errors import TwofoldError
from curation.sources.columnar import read_parquet, read_saved_dataset
from curation.sources.delimited import read_delimited
from curation.sources.json_records import read_json, read_json_lines
from curation.sources.rows import Reading, Row
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


def read_rows(path: Path, reading: Reading | None = None, *, columns: Collection[str] = ()) -> Iterator[Row]:
    """Read a file of `READERS`, or a folder made by `datasets.save_to_disk`.

    Args:
        path: The file or folder.
        reading: How text is to be read; UTF-8, and what the ending says, by default.
        columns: The columns to give; every one of the file by default.

    Raises:
        TwofoldError: No such file, nothing in it, another format or encoding, a column that is missing or there
            twice, or a malformed row.
    """
    reading = reading or Reading()
    reader = _reader_for(path, reading)
    try:
        yield from reader(path, reading, dict.fromkeys(columns))
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


def _reader_for(path: Path, reading: Reading) -> Reader:
    if not path.exists():
        raise TwofoldError(f"{path}: no such file")
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
