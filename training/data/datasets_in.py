"""Tables of any library as Hugging Face `datasets`, which is what training reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from evaluation.columns import from_library

if TYPE_CHECKING:
    from datasets import Dataset

Table: TypeAlias = Any
"""A data set of `datasets`, an Arrow table, a pandas or polars frame, a mapping of columns, or a list of dicts."""


def as_dataset(data: Table, where: str) -> Dataset:
    """Return a table as a data set, in the order of its rows.

    Raises:
        ValueError: Not a table, or one whose columns mix text and numbers.
    """
    import datasets

    if isinstance(data, datasets.Dataset):
        return data
    try:
        if from_library(data, "pandas") and hasattr(data, "columns"):
            return datasets.Dataset.from_pandas(data, preserve_index=False)
        if from_library(data, "polars") and hasattr(data, "columns"):
            return datasets.Dataset.from_polars(data)
        if isinstance(data, pa.Table):
            return datasets.Dataset(data)
        if isinstance(data, Mapping) and not isinstance(data, datasets.DatasetDict):
            return datasets.Dataset.from_dict(dict(data))
        if isinstance(data, list) and data and all(isinstance(row, Mapping) for row in data):
            return datasets.Dataset.from_list(data)
    except (pa.ArrowException, TypeError, ValueError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{where}: expected columns that hold one kind of value each: {said}") from None
    raise ValueError(f"{where}: expected a data set, a table or a data frame, got {type(data).__name__}")


def with_class_names(train: Dataset, validation: Dataset, column: str) -> tuple[Dataset, Dataset]:
    """Return both parts with label names turned into a `ClassLabel` of the names that stand in `train`, sorted.

    Lists of names become lists of one.

    Raises:
        ValueError: A label of `validation` that does not stand in `train`.
    """
    import datasets

    parts = (train, validation)
    if not all(_is_text(part, column) for part in parts):
        return parts
    several = _holds_lists(train, column)
    known, others = ({name for each in part[column] for name in _named(each) if name is not None} for part in parts)
    unknown, names = sorted(others - known), sorted(known)
    if unknown:
        raise ValueError(f"{column}: expected labels that stand in train, got {unknown[0]!r} in validation")
    if not names:
        return parts
    place = {name: code for code, name in enumerate(names)}
    one = datasets.ClassLabel(names=names)

    def coded(value: Any) -> Any:
        return [place.get(name) for name in value] if several and value is not None else place.get(value)

    train, validation = (
        part.remove_columns(column).add_column(
            column, [coded(value) for value in part[column]], feature=datasets.List(one) if several else one
        )
        for part in parts
    )
    return train, validation


def with_known_names(data: Dataset, column: str, names: Sequence[str]) -> Dataset:
    """Return a part with label names turned into a `ClassLabel` of these names, whether it has each of them or not.

    Raises:
        ValueError: There is no such column, or a label has another name.
    """
    import datasets

    if column not in data.column_names:
        raise ValueError(f"{column}: no such column, there are {', '.join(data.column_names)}")
    place = {name: code for code, name in enumerate(names)}
    several, values = _holds_lists(data, column), names_in(data, column)
    for row, value in enumerate(values):
        for name in _named(value) if several or isinstance(value, str) else (value,):
            if name not in place:
                raise ValueError(f"{column}: expected one of {', '.join(names)}, got {name!r} at row {row}")
    one = datasets.ClassLabel(names=list(names))
    coded = [[place[name] for name in value] if several else place[value] for value in values]
    return data.remove_columns(column).add_column(column, coded, feature=datasets.List(one) if several else one)


def names_in(data: Dataset, column: str) -> list[Any]:
    """Return the names in a column of labels or lists of them, written out or numbers of a `ClassLabel`.

    A number that is none of a label stays as it is.
    """
    feature = data.features[column]
    names = getattr(getattr(feature, "feature", feature), "names", None)

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(each) for each in value]
        return names[value] if names and isinstance(value, int) and 0 <= value < len(names) else value

    return [named(value) for value in data[column]]


def _named(value: Any) -> Iterable[str]:
    return () if value is None else (value,) if isinstance(value, str) else value


def _holds_lists(data: Dataset, column: str) -> bool:
    return getattr(data.features.get(column), "feature", None) is not None


def _is_text(data: Dataset, column: str) -> bool:
    feature = data.features.get(column)
    return getattr(getattr(feature, "feature", feature), "dtype", None) in ("string", "large_string")
