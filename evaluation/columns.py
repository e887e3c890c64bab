"""One way in for the values of records: any column, by position, whatever library it comes from.

A pandas Series is read in the order of its rows, never by its index; so are polars Series, Arrow arrays, columns of
`datasets`, numpy arrays, lists, tuples, and whatever else can be gone through once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Array = npt.NDArray[Any]
Column: TypeAlias = Iterable[Any]
"""Values by position: a list, a generator, an array, or a column of pandas, polars, Arrow or `datasets`."""

_NO_COLUMN = (str, bytes, bytearray, Mapping, set, frozenset)
_MISSING = ("NoneType", "NAType", "NaTType")
_ONE_OF = "expected one value per record"


def column(values: Any, where: str) -> Array:
    """Return (n,) the values by position.

    Args:
        values: pandas, polars, Arrow, `datasets`, numpy, or anything that can be gone through.
        where: What messages call it.

    Returns:
        Numbers, truth values and times in numpy's own types; everything else as `object`, None for what is missing
        (None, NaN, NaT, `pandas.NA`, masked). In a column of fractions a missing value stays NaN.

    Raises:
        ValueError: No column (a single text, a set, a table, several dimensions), or bytes.
    """
    if isinstance(values, _NO_COLUMN) or not _can_be_read(values):
        raise ValueError(f"{where}: {_ONE_OF}, such as a list, got {_called(values)}")
    found = _raw(values, where)
    if isinstance(found, list):
        return _typed(found, where)
    if found.ndim != 1:
        raise ValueError(f"{where}: {_ONE_OF}, shape (n,), got shape {found.shape}")
    if found.dtype.kind == "c":
        raise ValueError(f"{where}: {_ONE_OF}, as text or a number, got complex numbers")
    return _typed(found.tolist(), where) if found.dtype.kind in "OSV" else found


def matrix(values: Any, where: str) -> Array:
    """Return the numbers of n records, (n, d) if every record has d of them; missing ones as NaN.

    Args:
        values: A two-dimensional array, a table of d columns, or n rows of d numbers in any kind of column.
        where: What messages call it.

    Raises:
        ValueError: Text, rows of different lengths, or nothing that holds numbers.
    """
    if isinstance(values, _NO_COLUMN) or not _can_be_read(values):
        raise ValueError(f"{where}: expected numbers of shape (n, d), got {_called(values)}")
    if hasattr(values, "tocsr"):
        raise ValueError(f"{where}: expected a dense array, got a sparse one (pass .toarray())")
    found = _from_table(values, where) if _is_table(values) else _raw(values, where)
    if isinstance(found, list) or found.dtype.kind == "O":
        found = _stacked(list(found), where)
    if found.dtype.kind not in "biuf":
        raise ValueError(f"{where}: expected numbers, got {found.dtype}")
    return found


def check_order(values: Any, label_names: Sequence[Any], where: str) -> None:
    """Raise a ValueError if `values` is a table whose columns bear the names of the labels in another order."""
    found = [str(name) for name in _column_names(values)] if _is_table(values) else []
    expected = [str(name) for name in label_names]
    if found != expected and sorted(found) == sorted(expected):
        raise ValueError(f"{where}: expected columns in the order of the labels, {expected}, got {found}")


def read_texts(values: Any, where: str = "texts") -> list[str]:
    """Return the n texts as a list.

    Raises:
        ValueError: A single text, or something that is no text.
    """
    if isinstance(values, str):
        raise ValueError(f"{where}: expected a sequence of strings, got a single string")
    found = list(values) if isinstance(values, list | tuple | bytes) else column(values, where).tolist()
    if not set(map(type, found)) <= {str}:
        wrong = next((i for i, text in enumerate(found) if not isinstance(text, str)), None)
        if wrong is not None:
            raise ValueError(f"{where}: expected strings, got {type(found[wrong]).__name__} at record {wrong}")
    return found


def in_any_order(values: Any) -> Any:
    """Return a set as a list, where only what is in it counts; anything else as it is."""
    return list(values) if isinstance(values, set | frozenset) else values


def numbers(values: Any, where: str) -> npt.NDArray[np.float64]:
    """Return (n,) float64, NaN for what is missing.

    Raises:
        ValueError: Not a column, or not of numbers.
    """
    found = column(values, where)
    if found.dtype.kind == "O":
        found = _typed([np.nan if value is None else value for value in found.tolist()], where)
    if found.dtype.kind not in "iuf" and found.size:
        raise ValueError(f"{where}: expected numbers, got {_kind(found)}")
    return found.astype(np.float64)


def whole_numbers(values: Any, where: str, *, missing: int | None = None) -> npt.NDArray[np.int64]:
    """Return (n,) int64, `missing` for what is missing.

    Raises:
        ValueError: Not a column, not of whole numbers, or a missing value where none is expected.
    """
    found = column(values, where)
    if found.dtype.kind in "iu":
        return found.astype(np.int64)
    if found.size and (found.dtype.kind == "b" or isinstance(next(filter(_is_there, found.tolist()), 0), str)):
        raise ValueError(f"{where}: expected whole numbers, got {_kind(found)}")
    fractions = numbers(found, where)
    gone = np.isnan(fractions)
    if missing is None and gone.any():
        raise ValueError(f"{where}: expected whole numbers, got a missing value at record {int(gone.argmax())}")
    broken = np.flatnonzero(~gone & ~(np.isfinite(fractions) & (fractions == np.round(fractions))))
    if broken.size:
        raise ValueError(f"{where}: expected whole numbers, got {fractions[broken[0]]} at record {broken[0]}")
    return np.where(gone, 0 if missing is None else missing, np.where(gone, 0, fractions)).astype(np.int64)


def flags(values: Any, where: str) -> npt.NDArray[np.bool_]:
    """Return (n,) truth values.

    Raises:
        ValueError: Not a column, or something that is neither true nor false (nor 1, nor 0).
    """
    found = column(values, where)
    for row, value in enumerate(found.tolist() if found.dtype.kind != "b" else []):
        if not isinstance(value, bool | int | float) or value not in (0, 1):
            said = "a missing value" if value is None or value != value else repr(value)
            raise ValueError(f"{where}: expected true or false for each record, got {said} at record {row}")
    return found.astype(bool)


def keys(values: Any, where: str, *, missing: Any = None) -> list[Any]:
    """Return n values that only have to be told apart: ids, names, groups.

    Args:
        values: A column.
        where: What messages call it.
        missing: What stands for a missing value; None where none may be missing.

    Raises:
        ValueError: Not a column, a missing value, infinity, or values of several kinds, such as 1 beside "1".
    """
    found: list[Any] = column(values, where).tolist()
    if set(map(type, found)) <= {str}:
        return found
    there = [(row, value) for row, value in enumerate(found) if not is_missing(value)]
    if missing is None and len(there) < len(found):
        row = next(row for row, value in enumerate(found) if is_missing(value))
        raise ValueError(f"{where}: expected a value for each record, got a missing value at record {row}")
    for row, value in there:
        if value in (float("inf"), -float("inf")):
            raise ValueError(f"{where}: expected a value for each record, got infinity at record {row}")
        if type(value) is not type(there[0][1]):
            said = f"{value!r} at record {row}, {there[0][1]!r} at {there[0][0]}"
            raise ValueError(f"{where}: expected values of one kind, got {said}")
    return [missing if is_missing(value) else value for value in found]


def names(values: Any, where: str, *, missing: str | None = None) -> list[str]:
    """Return n values of one kind as text.

    Raises:
        ValueError: As in `keys`, or an empty text where `missing` is none.
    """
    found = [str(value) for value in keys(values, where, missing=missing)]
    if "" in found and missing != "":
        raise ValueError(f"{where}: expected a text for each record, got an empty one at record {found.index('')}")
    return found


def codes(values: Any, where: str) -> npt.NDArray[np.int64]:
    """Return (n,) numbers that are equal where the values are, in the order in which they first come up.

    Raises:
        ValueError: As in `keys`.
    """
    found = column(values, where)
    if found.dtype.kind in "iub":
        _, first, inverse = np.unique(found, return_index=True, return_inverse=True)
        return np.asarray(np.argsort(np.argsort(first))[inverse], dtype=np.int64)
    place: dict[Any, int] = {}
    return np.array([place.setdefault(value, len(place)) for value in keys(found, where)], dtype=np.int64)


def kept(values: Any) -> Any:
    """Return values that can be gone through again: a list of what can be gone through only once."""
    return list(values) if isinstance(values, Iterator) else values


def rows_of_lists(values: Any) -> list[list[Any]] | None:
    """Return n records with any number of values each as lists; None where the first record is one value."""
    if isinstance(values, _NO_COLUMN) or not _can_be_read(values) or _is_table(values):
        return None
    found = list(_raw(values, "labels"))
    if not found or not isinstance(found[0], list | tuple | set | frozenset | np.ndarray):
        return None
    return [list(row) for row in found]


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, NaT or `pandas.NA`."""
    if type(value).__name__ in _MISSING:
        return True
    return isinstance(value, float | Decimal | np.generic) and bool(value != value)


def from_library(values: Any, name: str) -> bool:
    """Whether an object is one of a library's own, told without importing it."""
    return any(kind.__module__.split(".")[0] == name for kind in type(values).__mro__)


def _can_be_read(values: Any) -> bool:
    return isinstance(values, Iterable) or hasattr(values, "__array__") or hasattr(values, "__arrow_c_array__")


def _raw(values: Any, where: str) -> Array | list[Any]:
    """Return the values as a numpy array where they are one, else as a list."""
    if _is_table(values):
        raise ValueError(f"{where}: {_ONE_OF}, got a table ({_called(values)}); name one of its columns")
    if isinstance(values, np.ma.MaskedArray):
        return np.asarray(np.ma.filled(values.astype(object), None))
    if isinstance(values, np.ndarray | list | tuple):
        return values if isinstance(values, np.ndarray) else list(values)
    if from_library(values, "pandas"):
        return _from_pandas(values)
    if from_library(values, "polars"):
        plain = values.dtype.is_numeric() and not values.null_count()
        return np.asarray(values.to_numpy()) if plain else list(values.to_list())
    if from_library(values, "datasets"):
        return list(values[:])  # one by one takes a hundred times as long
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__"):
        return _from_arrow(values)
    return np.asarray(values) if hasattr(values, "__array__") else list(values)


def _from_pandas(values: Any) -> Array | list[Any]:
    if hasattr(values, "dtype") and isinstance(values.dtype, np.dtype) and values.dtype.kind != "O":
        return np.asarray(values)
    return list(values.astype(object))


def _from_arrow(values: Any) -> Array | list[Any]:
    chunked = pa.chunked_array([values] if isinstance(values, pa.Array) else values)
    if pa.types.is_dictionary(chunked.type):
        chunked = chunked.cast(chunked.type.value_type)
    plain = pa.types.is_integer(chunked.type) or pa.types.is_floating(chunked.type) or pa.types.is_boolean(chunked.type)
    if plain and not chunked.null_count:
        return np.asarray(chunked.to_numpy())
    if pa.types.is_fixed_size_list(chunked.type) and not chunked.null_count:
        flat = chunked.combine_chunks().flatten()
        if not flat.null_count:
            return np.asarray(flat.to_numpy(zero_copy_only=False)).reshape(len(chunked), -1)
    return list(chunked.to_pylist())


def _is_table(values: Any) -> bool:
    return isinstance(values, pa.Table | pa.RecordBatch) or (
        hasattr(values, "columns") and (from_library(values, "pandas") or from_library(values, "polars"))
    )


def _from_table(values: Any, where: str) -> Array:
    found = _column_names(values)
    if from_library(values, "pandas"):
        parts = [values.iloc[:, i] for i in range(len(found))]
    else:
        parts = [values[name] for name in found]
    columns = [numbers(part, f"{where}, column {name!r}") for name, part in zip(found, parts, strict=True)]
    return np.column_stack(columns) if columns else np.empty((len(values), 0))


def _column_names(values: Any) -> list[Any]:
    return list(values.column_names if isinstance(values, pa.Table | pa.RecordBatch) else values.columns)


def _stacked(rows: list[Any], where: str) -> Array:
    lengths = [len(row) if hasattr(row, "__len__") and not isinstance(row, str) else None for row in rows]
    for row, length in enumerate(lengths):
        if length != lengths[0] or (length is None and isinstance(rows[row], str | bytes)):
            said = f"one with {length} numbers" if length is not None else type(rows[row]).__name__
            raise ValueError(f"{where}: expected rows of one length, as record 0 has, got {said} at record {row}")
    try:
        found = np.asarray(rows)
        return found if found.dtype.kind != "O" else np.asarray(rows, dtype=np.float64)
    except (ValueError, TypeError):
        raise ValueError(f"{where}: expected n rows of d numbers, got something else in between") from None


def _typed(items: list[Any], where: str) -> Array:
    """Return a list as an array of the one type that holds it."""
    if any(issubclass(kind, np.generic) for kind in set(map(type, items))):
        items = [item.item() if isinstance(item, np.generic) else item for item in items]
    kinds = set(map(type, items))
    if kinds == {bool}:
        return np.array(items, dtype=bool)
    if kinds <= {int, float, bool} and items:
        return _numeric(items, where)
    if not kinds <= {str}:
        items = [_plain(item, row, where) for row, item in enumerate(items)]
    found = np.empty(len(items), dtype=object)
    found[:] = items
    return found


def _numeric(items: list[Any], where: str) -> Array:
    found = np.array(items)
    if found.dtype.kind == "O":
        raise ValueError(f"{where}: expected numbers of at most 64 bits, got {max(items, key=abs)}")
    return found


def _plain(item: Any, row: int, where: str) -> Any:
    if is_missing(item):
        return None
    if isinstance(item, str):
        return str.__str__(item)
    if isinstance(item, bytes | bytearray | list | dict | set | np.ndarray):
        raise ValueError(f"{where}: {_ONE_OF}, as text or a number, got {type(item).__name__} at record {row}")
    return item


def _is_there(value: Any) -> bool:
    return not is_missing(value)


def _kind(found: Array) -> str:
    if found.dtype.kind != "O":
        return "text" if found.dtype.kind == "U" else "true or false" if found.dtype.kind == "b" else str(found.dtype)
    row, value = next((row, value) for row, value in enumerate(found.tolist()) if not isinstance(value, int | float))
    return f"{value!r} at record {row}"


def _called(values: Any) -> str:
    if isinstance(values, str):
        return "a single string"
    return "nothing" if values is None else type(values).__name__
