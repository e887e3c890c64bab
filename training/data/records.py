"""From a `datasets.Dataset` with text columns and a column of labels to token numbers and label indices."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from datasets import Dataset

IntArray = npt.NDArray[np.int64]
Tokenize = Callable[[Sequence[list[str]]], dict[str, list[list[int]]]]

WHOLE = "whole"
"""What `Tokenize` calls one list of the tokens that each text had before it was cut, where it knows them."""


@dataclass(frozen=True, kw_only=True)
class TokenizedRecords:
    """n records as the model reads them.

    Attributes:
        inputs: per input name (`input_ids`, for pairs also `token_type_ids`) n lists of whole numbers.
        lengths: (n,) tokens per record.
        labels: (n,) class index, or (n, k) ones and zeros where records have several labels each, or (n, t) tags of
            tokens, or (n, k) ranks of options, or (n,) numbers; `None` where they have none.
        others: what each record is compared with, where texts are; `lengths` are then those of the longest ones.
        states: n arrays (t, d), what layers that do not move say of each token: read in place of tokens.
        whole: (n,) tokens per record before it was cut; `None` where nothing is.
        origin: (n,) the row of the data set that each is of; `None` where they are those rows, or share some.
    """

    inputs: dict[str, list[list[int]]]
    lengths: IntArray
    labels: npt.NDArray[Any] | None
    others: tuple[TokenizedRecords, ...] = ()
    states: list[npt.NDArray[np.float32]] | None = None
    whole: IntArray | None = None
    origin: IntArray | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    def rows(self, batch: IntArray) -> dict[str, list[list[int]]]:
        """Inputs of the rows numbered in `batch`, not yet padded."""
        return {name: [values[row] for row in batch] for name, values in self.inputs.items()}

    def at(self, rows: IntArray) -> TokenizedRecords:
        """The records of these rows alone, without their labels."""
        return TokenizedRecords(
            inputs=self.rows(rows),
            lengths=self.lengths[rows],
            labels=None,
            others=tuple(other.at(rows) for other in self.others),
            states=None if self.states is None else [self.states[row] for row in rows],
        )

    def origins(self, rows: Sequence[int]) -> list[int]:
        """The rows of the data set from which these come, in their order, each once."""
        return sorted({int(row if self.origin is None else self.origin[row]) for row in rows})

    def digest(self) -> bytes:
        """SHA-256 over tokens and labels."""
        digest = hashlib.sha256(self.lengths.tobytes())
        for name, values in sorted(self.inputs.items()):
            digest.update(name.encode())
            digest.update(np.concatenate([np.asarray(row, dtype=np.int64) for row in values]).tobytes())
        if self.labels is not None:
            digest.update(self.labels.tobytes())
        for other in self.others:
            digest.update(other.digest())
        return digest.digest()


def label_names_of(data: Dataset, label_column: str) -> tuple[str, ...]:
    """Class names in the order of their indices.

    Raises:
        ValueError: the column is missing or holds neither a `ClassLabel` of two classes or more, nor lists of one.
    """
    feature = data.features.get(label_column)
    names = getattr(getattr(feature, "feature", feature), "names", None)
    if not names or len(names) < 2:
        raise ValueError(
            f"{label_column}: expected a ClassLabel column, or lists of one, with at least 2 names, "
            f"got {data.features.get(label_column, 'no such column')}"
        )
    return tuple(names)


def tokenized(
    data: Dataset, tokenize: Tokenize, *, text_columns: Sequence[str], label_column: str | None
) -> TokenizedRecords:
    """Tokenize the text columns of `data`, and read its labels unless `label_column` is `None`.

    Raises:
        ValueError: a column is missing, a text is not a string, a label is missing, or there is no record.
    """
    texts = [texts_of(data, column) for column in checked_columns(data, text_columns)]
    inputs = dict(tokenize(texts))
    whole = np.array(inputs.pop(WHOLE, [[]])[0], dtype=np.int64)
    lengths = np.array([len(ids) for ids in inputs["input_ids"]], dtype=np.int64)
    labels = None if label_column is None else labels_in(data, label_column)
    return TokenizedRecords(inputs=inputs, lengths=lengths, labels=labels, whole=whole if len(whole) else None)


def side_by_side(
    data: Dataset, tokenize: Tokenize, *, before: Sequence[str], columns: Sequence[str], label_column: str | None = None
) -> TokenizedRecords:
    """Tokenize columns of texts that are compared, each by itself behind what stands before all of them.

    Raises:
        ValueError: As `tokenized`.
    """
    first, *others = (
        tokenized(data, tokenize, text_columns=[*before, name], label_column=label_column if at == 0 else None)
        for at, name in enumerate(columns)
    )
    longest = np.max([each.lengths for each in (first, *others)], axis=0)
    whole = [each.lengths if each.whole is None else each.whole for each in (first, *others)]
    return replace(first, lengths=longest, others=tuple(others), whole=np.max(whole, axis=0))


def checked_columns(data: Dataset, text_columns: Sequence[str]) -> Sequence[str]:
    """Return the names of the text columns; raises `ValueError` as `tokenized` does."""
    if isinstance(text_columns, str) or not 1 <= len(text_columns) <= 2:
        raise ValueError(f"text_columns: expected a list of one or two columns, got {text_columns!r}")
    for column in text_columns:
        if column not in data.column_names:
            raise ValueError(f"text_columns: no column {column!r}, there are {', '.join(data.column_names)}")
    if not len(data):
        raise ValueError("data: expected at least one record, got none")
    return text_columns


def texts_of(data: Dataset, column: str) -> list[str]:
    """Return the texts of a column; raises `ValueError` as `tokenized` does."""
    values: list[Any] = list(data[column])
    for row, value in enumerate(values):
        if not isinstance(value, str):
            raise ValueError(f"{column}: expected a string, got {type(value).__name__} at row {row}")
    return values


def soft_labels_in(data: Dataset, column: str, names: Sequence[str], head: str) -> npt.NDArray[np.float32]:
    """Return (n, k) the probabilities of the labels that a column holds, rows summing to one.

    Raises:
        ValueError: There is no such column, a row holds no k probabilities, or records have no one label of several.
    """
    if head != "softmax":
        raise ValueError(f"soft_labels: expected none where there is not one label of several, got {column!r}")
    if column not in data.column_names:
        raise ValueError(f"soft_labels: no column {column!r}, there are {', '.join(data.column_names)}")
    for row, given in enumerate(data[column]):
        if given is None or len(given) != len(names) or not _are_probabilities(given):
            raise ValueError(f"{column}: expected {len(names)} probabilities that sum to 1, got {given} at row {row}")
    found = np.array(list(data[column]), dtype=np.float32)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def record_weights_in(data: Dataset, column: str, head: str) -> npt.NDArray[np.float32]:
    """Return (n,) what each record counts by a column of weights, 1 on average.

    Raises:
        ValueError: There is no such column, a row holds no finite number above 0, or records have no one label of
            several.
    """
    if head != "softmax":
        raise ValueError(f"record_weights: expected none where there is not one label of several, got {column!r}")
    if column not in data.column_names:
        raise ValueError(f"record_weights: no column {column!r}, there are {', '.join(data.column_names)}")
    for row, given in enumerate(data[column]):
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < float("inf"):
            raise ValueError(f"{column}: expected a finite number above 0, got {given!r} at row {row}")
    found = np.array(list(data[column]), dtype=np.float64)
    return np.asarray(found / found.mean(), dtype=np.float32)


def _are_probabilities(given: Any) -> bool:
    try:
        return all(0 <= each <= 1 for each in given) and abs(sum(given) - 1) < 1e-3
    except TypeError:
        return False


def labels_in(data: Dataset, column: str) -> IntArray:
    """Return (n,) positions of labels, or (n, k) ones and zeros; raises `ValueError` as `tokenized` does."""
    known = range(len(label_names_of(data, column)))
    values: list[Any] = list(data[column])
    if getattr(data.features[column], "feature", None) is not None:
        return _several(values, column, len(known))
    for row, value in enumerate(values):
        if value not in known:
            raise ValueError(f"{column}: expected a label in [0, {len(known)}), got {value} at row {row}")
    return np.array(values, dtype=np.int64)


def _several(values: list[Any], column: str, k: int) -> IntArray:
    found = np.zeros((len(values), k), dtype=np.int64)
    for row, labels in enumerate(values):
        if labels is None or any(label not in range(k) for label in labels):
            raise ValueError(f"{column}: expected a list of labels in [0, {k}), got {labels} at row {row}")
        found[row, labels] = 1
    return found
