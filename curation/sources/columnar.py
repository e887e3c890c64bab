"""Typed tables: Parquet files, and folders made by `datasets.save_to_disk`; labels get the names the file knows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.errors import TwofoldError
from curation.sources.rows import Reading, Row, check_names

_AT_ONCE = 10_000  # rows turned into Python values at a time


def read_parquet(path: Path, reading: Reading, wanted: Collection[str]) -> Iterator[Row]:
    """Read the wanted columns of a Parquet file; a row's number is its position, from 1.

    Raises:
        TwofoldError: Not a Parquet file, damaged, or a wanted column is missing.
    """
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            check_names(str(path), schema.names, wanted)
            batches = file.iter_batches(batch_size=_AT_ONCE, columns=list(wanted) or None)
            yield from _rows(path, batches, wanted or schema.names, _label_names(schema))
    except (pa.ArrowException, OSError) as error:
        raise TwofoldError(f"{path}: expected a Parquet file ({_first_line(error)})") from None


def read_saved_dataset(path: Path, reading: Reading, wanted: Collection[str]) -> Iterator[Row]:
    """Read one split of a saved Hugging Face data set; a row's number is its position, from 1.

    Raises:
        TwofoldError: The folder holds something else, several splits, or lacks a wanted column.
    """
    import datasets

    if (path / "dataset_dict.json").exists():
        splits = sorted(inner.name for inner in path.iterdir() if (inner / "dataset_info.json").exists())
        raise TwofoldError(f"{path}: holds several splits; name one of its folders: {', '.join(splits)}")
    if not (path / "dataset_info.json").exists():
        raise TwofoldError(f"{path}: expected a file, or a folder saved by datasets.save_to_disk")
    try:
        saved = datasets.load_from_disk(str(path))
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
        raise TwofoldError(f"{path}: expected a saved dataset ({_first_line(error)})") from None
    check_names(str(path), saved.column_names, wanted)
    columns = list(wanted or saved.column_names)
    labels = {n: f.names for n, f in saved.features.items() if isinstance(f, datasets.ClassLabel)}
    tables = saved.select_columns(columns).with_format("arrow").iter(batch_size=_AT_ONCE)
    yield from _rows(path, tables, columns, labels)


def _rows(
    path: Path, batches: Iterator[Any], columns: Collection[str], labels: Mapping[str, Sequence[str]]
) -> Iterator[Row]:
    number = 0
    for batch in batches:
        values = [_values(path, batch, name, labels.get(name), number) for name in columns]
        for cells in zip(*values, strict=True):
            number += 1
            yield Row(number, dict(zip(columns, cells, strict=True)))


def _values(path: Path, batch: Any, name: str, labels: Sequence[str] | None, first: int) -> list[Any]:
    column = batch.column(name)
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:  # broken UTF-8; as bytes, each value is decoded by itself, and the bad one is named
        return column.cast(pa.large_binary()).to_pylist()  # type: ignore[no-any-return]
    except (ValueError, OverflowError) as error:
        raise TwofoldError(f"{path}, column {name!r}: holds values that Python cannot ({_first_line(error)})") from None
    if labels is None:
        return values
    return [_named(path, name, labels, value, first + i) for i, value in enumerate(values, start=1)]


def _named(path: Path, column: str, labels: Sequence[str], value: Any, row: int) -> Any:
    """Return the name of a label's number; a negative number stands for no label."""
    if not isinstance(value, int):
        return value
    if value >= len(labels):
        raise TwofoldError(
            f"{path}, row {row}, column {column!r}: expected a label number below {len(labels)}, came {value}"
        )
    return None if value < 0 else labels[value]


def _label_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Return the label names that Hugging Face writes into a Parquet file's metadata, by column."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        return {
            name: list(map(str, feature["names"]))
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
