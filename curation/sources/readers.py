"""Readers: a file in, rows with their line or row numbers out, one at a time."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.errors import TwofoldError, suggest

LARGEST_CELL = 64 * 1024 * 1024  # characters; a guard against unclosed quotes, not the limit for a text


@dataclass(frozen=True)
class Row:
    """One row of a file: its number as an editor shows it, and its cells by column name."""

    number: int
    cells: Mapping[str, Any]


def read_rows(path: Path, *, encoding: str = "utf-8") -> Iterator[Row]:
    """Read CSV, TSV, JSON lines, Parquet, or a folder made by `datasets.save_to_disk`.

    Raises:
        TwofoldError: No such file, nothing in it, another format or encoding, or a malformed row.
    """
    reader = _reader_for(path)
    try:
        yield from reader(path, encoding)
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise TwofoldError(
            f"{path}: expected {encoding} text, came byte 0x{byte:02x} {_line_of(path, encoding)}"
            "; save it as UTF-8 or name its encoding with --encoding"
        ) from None
    except LookupError:
        raise TwofoldError(f"--encoding {encoding}: not an encoding that Python knows") from None


def _reader_for(path: Path) -> Callable[[Path, str], Iterator[Row]]:
    if not path.exists():
        raise TwofoldError(f"{path}: no such file")
    if path.is_dir():
        if not (path / "dataset_info.json").exists():
            raise TwofoldError(f"{path}: expected a file, or a folder saved by datasets.save_to_disk")
        return _saved_dataset
    if path.stat().st_size == 0:
        raise TwofoldError(f"{path}: the file is empty")
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise TwofoldError(f"{path}: expected one of {', '.join(READERS)}, came {suffix or 'no ending'!r}")
    return READERS[suffix]


def _line_of(path: Path, encoding: str) -> str:
    with path.open("rb") as handle:
        for number, line in enumerate(handle, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return f"in line {number}"
    return "at its end"


def _delimited(path: Path, encoding: str, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(LARGEST_CELL)
    with path.open(encoding=_with_bom(encoding), newline="") as handle:
        rows = csv.reader(handle, delimiter=delimiter, strict=True)
        try:
            header = next(rows, [])
            _check_header(path, header)
            for cells in rows:
                if not cells:
                    continue  # a blank line
                if len(cells) != len(header):
                    raise TwofoldError(
                        f"{path}, line {rows.line_num}: expected {len(header)} columns, came {len(cells)}"
                    )
                yield Row(rows.line_num, dict(zip(header, cells, strict=True)))
        except csv.Error as error:
            raise TwofoldError(f"{path}, line {rows.line_num}: not readable as a table ({error})") from None


def _check_header(path: Path, header: list[str]) -> None:
    if not any(name.strip() for name in header):
        raise TwofoldError(f"{path}, line 1: expected a header with column names, came an empty line")
    twice = {name for name in header if header.count(name) > 1}
    if twice:
        raise TwofoldError(f"{path}, line 1: column {min(twice)!r} stands there twice")


def _with_bom(encoding: str) -> str:
    return "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding


def _csv(path: Path, encoding: str) -> Iterator[Row]:
    return _delimited(path, encoding, ",")


def _tsv(path: Path, encoding: str) -> Iterator[Row]:
    return _delimited(path, encoding, "\t")


def _json_lines(path: Path, encoding: str) -> Iterator[Row]:
    with path.open(encoding=_with_bom(encoding)) as handle:
        for number, line in enumerate(handle, start=1):
            if not line.strip():
                continue
            try:
                cells = json.loads(line)
            except ValueError as error:
                raise TwofoldError(f"{path}, line {number}: expected a JSON object ({error})") from None
            if not isinstance(cells, dict):
                raise TwofoldError(f"{path}, line {number}: expected a JSON object, came {type(cells).__name__}")
            yield Row(number, cells)


def _parquet(path: Path, encoding: str) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise TwofoldError(f"{path}: expected a Parquet file ({error})") from None
    number = 0
    for batch in file.iter_batches():
        for cells in batch.to_pylist():
            number += 1
            yield Row(number, cells)


def _saved_dataset(path: Path, encoding: str) -> Iterator[Row]:
    import datasets

    try:
        saved = datasets.load_from_disk(str(path))
    except (OSError, ValueError) as error:
        raise TwofoldError(f"{path}: expected a saved dataset ({error})") from None
    if isinstance(saved, datasets.DatasetDict):
        raise TwofoldError(f"{path}: holds several splits{suggest('', saved)}; name one of these folders")
    names = {
        name: feature.names for name, feature in saved.features.items() if isinstance(feature, datasets.ClassLabel)
    }
    for number, cells in enumerate(saved, start=1):
        yield Row(number, {**cells, **_named(cells, names)})


def _named(cells: Mapping[str, Any], names: Mapping[str, list[str]]) -> dict[str, str | None]:
    return {
        column: None if cells[column] is None or cells[column] < 0 else labels[cells[column]]
        for column, labels in names.items()
    }


READERS: Mapping[str, Callable[[Path, str], Iterator[Row]]] = {
    ".csv": _csv,
    ".tsv": _tsv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
}
