"""Typed tables: Parquet files, and folders made by `datasets.save_to_disk`; labels get the names the file knows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import TwofoldError
from curation.safety.packed_files import bomb, is_bomb
from curation.sources.features import Declared, Names, names_of
from curation.sources.rows import Reading, Row, check_names

_AT_ONCE = 10_000  # rows turned into Python values at a time


def read_parquet(path: Path, reading: Reading, wanted: Collection[str]) -> Iterator[Row]:
    """Read the wanted columns of a Parquet file; a row's number is its position, from 1.

    Raises:
        TwofoldError: Not a Parquet file, damaged, or a wanted column is missing.
    """
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, read_dictionary=_texts(path)) as file:
            schema = file.schema_arrow
            check_names(str(path), schema.names, wanted)
            batches = _measured(path, file.iter_batches(batch_size=_AT_ONCE, columns=list(wanted) or None))
            yield from _rows(path, batches, wanted or schema.names, _names(_features(schema)))
    except (pa.ArrowException, OSError) as error:
        raise TwofoldError(f"{path}: expected a Parquet file ({_first_line(error)})") from None


def read_saved_dataset(path: Path, reading: Reading, wanted: Collection[str]) -> Iterator[Row]:
    """Read one split of a saved Hugging Face data set; a row's number is its position, from 1.

    Raises:
        TwofoldError: The folder holds something else, several splits, or lacks a wanted column.
    """
    saved = _saved(path)
    check_names(str(path), saved.column_names, wanted)
    columns = list(wanted or saved.column_names)
    tables = saved.select_columns(columns).with_format("arrow").iter(batch_size=_AT_ONCE)
    yield from _rows(path, tables, columns, _names(saved.features.to_dict()))


def _saved(path: Path) -> Any:
    import datasets

    if (path / "dataset_dict.json").exists():
        splits = sorted(inner.name for inner in path.iterdir() if (inner / "dataset_info.json").exists())
        raise TwofoldError(f"{path}: holds several splits; name one of its folders: {', '.join(splits)}")
    if not (path / "dataset_info.json").exists():
        raise TwofoldError(f"{path}: expected a file, or a folder saved by datasets.save_to_disk")
    _check_state(path)
    try:
        return datasets.load_from_disk(str(path))
    except Exception as error:  # whatever a file that anybody can have written makes of a library's reader
        raise TwofoldError(f"{path}: expected a saved dataset ({_first_line(error)})") from None


def declared(path: Path, column: str) -> Declared | None:
    """Return what a typed file says of a column; None where the file has no types, or no such column.

    Raises:
        TwofoldError: The file cannot be read.
    """
    if path.is_dir():
        saved = _saved(path)
        schema, features = saved.features.arrow_schema, saved.features.to_dict()
    elif path.name.lower().endswith(".parquet"):
        schema = _schema(path)
        features = _features(schema)
    else:
        return None
    if column not in schema.names or schema.names.count(column) > 1:
        return None
    return Declared(type=schema.field(column).type, feature=features.get(column))


def _schema(path: Path) -> pa.Schema:
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise TwofoldError(f"{path}: expected a Parquet file ({_first_line(error)})") from None


def _check_state(path: Path) -> None:
    """See that a saved data set names files of its own folder: the library would open any."""
    try:
        state = json.loads((path / "state.json").read_text(encoding="utf-8"))
        names = [each["filename"] for each in state["_data_files"]]
        strange = next((name for name in names if Path(name).name != name), None)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise TwofoldError(f"{path}: expected a saved dataset, its state.json is none ({_first_line(error)})") from None
    if strange is not None:
        raise TwofoldError(f"{path}: its state.json names {strange!r}, which lies elsewhere")


def _texts(path: Path) -> list[str]:
    """Return the columns of text, and see that the file is not packed a thousand times smaller than what is in it."""
    import pyarrow.parquet as pq

    size = path.stat().st_size
    with pq.ParquetFile(path) as file:
        meta, schema = file.metadata, file.schema_arrow
        unpacked = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
        if is_bomb(size, max(unpacked, meta.num_rows)):
            raise bomb(path)
        is_text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
        return [field.name for field in schema if any(is_(field.type) for is_ in is_text)]


def _measured(path: Path, batches: Iterator[Any]) -> Iterator[Any]:
    """Unfold texts that a file holds once for many rows, counting first what they become."""
    size, became = path.stat().st_size, 0
    for batch in batches:
        became += sum(_length(column) for column in batch.columns)
        if is_bomb(size, became):
            raise bomb(path)
        columns = [c.dictionary_decode() if isinstance(c, pa.DictionaryArray) else c for c in batch.columns]
        yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _length(column: pa.Array) -> int:
    """Bytes of a column once it is unfolded."""
    if not isinstance(column, pa.DictionaryArray):
        return int(column.nbytes)
    lengths = pc.binary_length(column.dictionary)
    return int(pc.sum(lengths.take(column.indices)).as_py() or 0)


def _rows(path: Path, batches: Iterator[Any], columns: Collection[str], labels: Mapping[str, Names]) -> Iterator[Row]:
    number = 0
    for batch in batches:
        values = [_values(path, batch, name, labels.get(name), number) for name in columns]
        for cells in zip(*values, strict=True):
            number += 1
            yield Row(number, dict(zip(columns, cells, strict=True)))


def _values(path: Path, batch: Any, name: str, labels: Names | None, first: int) -> list[Any]:
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


def _named(path: Path, column: str, labels: Names, value: Any, row: int) -> Any:
    try:
        return labels(value)
    except ValueError as error:
        raise TwofoldError(f"{path}, row {row}, column {column!r}: {error}") from None


def _names(features: Mapping[str, Any]) -> dict[str, Names]:
    """Return what gives the values of columns their names, for those that have names."""
    found = {name: names_of(feature) for name, feature in features.items()}
    return {name: names for name, names in found.items() if names is not None}


def _features(schema: pa.Schema) -> dict[str, Any]:
    """Return the features that Hugging Face writes into a Parquet file's metadata, by column."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return features if isinstance(features, dict) else {}


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
