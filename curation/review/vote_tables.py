"""Votes in whatever people keep them, as Arrow columns: tables, frames, rows, `datasets`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.columns import from_library, is_missing

VoteTable: TypeAlias = Any
"""An Arrow table, a pandas or polars frame, a data set of `datasets`, a mapping of columns, dicts, or tuples."""

POSITIONS = ("record_id", "reviewer", "label", "submitted_at", "status")
_KINDS = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_temporal)


def vote_columns(votes: VoteTable, name: str) -> dict[str, Any]:
    """Return the columns of a vote table by name, as they are.

    Raises:
        ValueError: Nothing that holds votes, or two columns of one name.
    """
    if hasattr(votes, "read_all") or hasattr(votes, "collect"):
        votes = votes.read_all() if hasattr(votes, "read_all") else votes.collect()
    if from_library(votes, "datasets") and hasattr(votes, "features"):
        return _of_dataset(votes)
    if isinstance(votes, pa.Table | pa.RecordBatch):
        return _named(votes.column_names, votes.columns, name)
    if from_library(votes, "pandas") and hasattr(votes, "columns"):
        return _named([str(c) for c in votes.columns], [votes.iloc[:, i] for i in range(votes.shape[1])], name)
    if from_library(votes, "polars") and hasattr(votes, "columns"):
        return _named(votes.columns, votes.get_columns(), name)
    if isinstance(votes, Mapping) and not from_library(votes, "datasets"):
        return _of_equal_length({str(key): _listed(values, name) for key, values in votes.items()}, name)
    if isinstance(votes, Iterable) and not isinstance(votes, str | bytes | Mapping):
        return _of_rows(list(votes), name)
    raise ValueError(f"{name}: expected a table, a data frame or a list of rows, found {type(votes).__name__}")


def without_empty(votes: VoteTable) -> dict[str, Any]:
    """Return the columns of a vote table; an empty text is no answer."""
    columns = vote_columns(votes, "votes")
    name = "value" if "label" not in columns and "value" in columns else "label"
    if name not in columns:
        return columns
    texts = as_text(columns[name], f"votes, column {name!r}").to_pylist()
    return {**columns, name: [text if text is None or text.strip() else None for text in texts]}


def as_text(values: Any, where: str) -> pa.Array:
    """Return a column as Arrow text, null for what is missing.

    Raises:
        ValueError: Text beside numbers, or neither of both.
    """
    found = _as_arrow(values, where)
    text = pa.types.is_string(found.type) or pa.types.is_large_string(found.type)
    text = text or pa.types.is_null(found.type)
    if not text and not any(kind(found.type) for kind in _KINDS):
        raise ValueError(f"{where}: expected text or numbers, found {found.type}")
    if pa.types.is_floating(found.type):
        found = pc.if_else(pc.is_null(found, nan_is_null=True), pa.scalar(None, found.type), found)
    return found.cast(pa.string())


def as_ticks(values: Any, where: str) -> npt.NDArray[np.int64]:
    """Return whole numbers that grow with the times of a column; what has no time comes first.

    Args:
        values: Times as text (ISO 8601; without a zone: UTC), dates, datetimes, or numbers (seconds since 1970, say).
        where: What messages call it.

    Raises:
        ValueError: Something that is no time.
    """
    rows = values.tolist() if hasattr(values, "dtype") and values.dtype == object else values
    if isinstance(rows, list) and any(isinstance(value, date) for value in rows):
        rows = [value.isoformat() if isinstance(value, date) and not is_missing(value) else value for value in rows]
    found = _as_arrow(rows, where)
    if pa.types.is_timestamp(found.type) or pa.types.is_date(found.type):
        whole = pa.int32() if pa.types.is_date32(found.type) else pa.int64()
        return _filled(found.cast(whole).cast(pa.int64()))
    if pa.types.is_integer(found.type) or pa.types.is_null(found.type):
        return _filled(found.cast(pa.int64()))
    if pa.types.is_floating(found.type) or pa.types.is_decimal(found.type):
        return _ranks(found.cast(pa.float64()), where)
    if not (pa.types.is_string(found.type) or pa.types.is_large_string(found.type)):
        raise ValueError(f"{where}: expected times (ISO 8601 text, dates or numbers), found {found.type}")
    return _parsed(found, where)


def _parsed(found: pa.Array, where: str) -> npt.NDArray[np.int64]:
    import pandas as pd

    texts = pd.Series(found.to_pylist(), dtype=object)
    times = pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce")
    wrong = np.flatnonzero(times.isna() & texts.notna() & (texts.str.strip() != ""))
    if wrong.size:
        said = f"expected a time such as 2024-05-01T10:00:00Z, found {texts.iloc[wrong[0]]!r}"
        raise ValueError(f"{where}: row {wrong[0]}: {said}")
    return _filled(pa.array(times, from_pandas=True).cast(pa.int64()))


def _ranks(found: pa.Array, where: str) -> npt.NDArray[np.int64]:
    numbers = np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.float64)
    if np.isinf(numbers).any():
        raise ValueError(f"{where}: row {int(np.isinf(numbers).argmax())}: expected a time, found infinity")
    return np.asarray(np.unique(np.where(np.isnan(numbers), -np.inf, numbers), return_inverse=True)[1], dtype=np.int64)


def _filled(ticks: pa.Array) -> npt.NDArray[np.int64]:
    filled = pc.fill_null(ticks, np.iinfo(np.int64).min)
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.int64)


def _as_arrow(values: Any, where: str) -> pa.Array:
    try:
        if isinstance(values, pa.Array | pa.ChunkedArray):
            found = values
        elif from_library(values, "polars"):
            found = values.to_arrow()
        else:
            found = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise ValueError(_mixed(list(values), where)) from None
    if pa.types.is_dictionary(found.type):
        found = found.cast(found.type.value_type)
    if pa.types.is_string_view(found.type):
        found = found.cast(pa.string())
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _mixed(values: list[Any], where: str) -> str:
    """Say which value is of another kind than those before it."""
    there = [(row, value) for row, value in enumerate(values) if not is_missing(value)]
    first = there[0][1] if there else None
    other = next(((row, value) for row, value in there if isinstance(value, str) != isinstance(first, str)), None)
    if other is None:
        return f"{where}: expected text or numbers, found {type(first).__name__} ({first!r:.60})"
    return f"{where}: row {other[0]}: expected all text or all numbers, found {other[1]!r:.60} after {first!r:.60}"


def _named(names: Iterable[str], columns: Iterable[Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column_name, values in zip(names, columns, strict=True):
        if column_name in found and column_name in (*POSITIONS, "value"):
            raise ValueError(f"{name}: expected one column {column_name!r}, found two")
        found[column_name] = values
    return found


def _of_dataset(votes: Any) -> dict[str, Any]:
    """Return the columns of a data set in the order of its rows, class numbers as class names."""
    table = votes.with_format("arrow")[:]
    columns = dict(zip(table.column_names, table.columns, strict=True))
    for column_name, feature in votes.features.items():
        names = getattr(feature, "names", None)
        if names:
            codes = columns[column_name].to_pylist()
            columns[column_name] = [None if code is None or code < 0 else names[code] for code in codes]
    return columns


def _listed(values: Any, name: str) -> Any:
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise ValueError(f"{name}: expected columns by name, or a list of rows, found a {type(values).__name__}")
    return values if hasattr(values, "__len__") and not isinstance(values, tuple) else list(values)


def _of_equal_length(columns: dict[str, Any], name: str) -> dict[str, Any]:
    lengths = {column_name: len(values) for column_name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{column_name} {n}" for column_name, n in lengths.items())
        raise ValueError(f"{name}: expected columns of one length, found {said}")
    return columns


def _of_rows(rows: list[Any], name: str) -> dict[str, Any]:
    """Return dicts by their keys, and tuples by position."""
    listed = [row._asdict() if hasattr(row, "_asdict") else row for row in rows]
    if all(isinstance(row, Mapping) for row in listed):
        names = dict.fromkeys(str(key) for row in listed for key in row) if listed else dict.fromkeys(POSITIONS[:3])
        return {key: [row.get(key) for row in listed] for key in names}
    for number, row in enumerate(listed):
        if not isinstance(row, tuple | list) or not 3 <= len(row) <= len(POSITIONS):
            expected = f"expected a dict, or a tuple ({', '.join(POSITIONS[:3])}[, {', '.join(POSITIONS[3:])}])"
            raise ValueError(f"{name}: row {number}: {expected}, found {row!r:.60}")
    width = max(len(row) for row in listed)
    padded = [(*row, *[None] * (width - len(row))) for row in listed]
    return {key: [row[i] for row in padded] for i, key in enumerate(POSITIONS[:width])}
