"""Records with any number of labels each, read as ones and zeros."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.quality.input_checks import BoolArray, IntArray
from evaluation.columns import Column, column, matrix, rows_of_lists

_FORMS = "a list of names or of positions for every record, or (n, k) ones and zeros"


@dataclass(frozen=True, kw_only=True)
class LabelSets:
    """Which labels each record has.

    Attributes:
        ones: (n, k) true where a record has a label.
        names: (k,) what each column is called; plain integers where no names were given.
    """

    ones: BoolArray
    names: tuple[Any, ...]

    @property
    def rarest(self) -> IntArray:
        """(n,) position of the rarest label of each record, k for a record without one."""
        count = np.append(self.ones.sum(axis=0), len(self.ones) + 1)
        with_none = np.column_stack([self.ones, ~self.ones.any(axis=1)])
        return np.asarray(np.where(with_none, count, len(self.ones) + 2).argmin(axis=1), dtype=np.intp)


def read_label_sets(labels: Column, label_names: Column | None = None) -> LabelSets:
    """Read labels.

    Args:
        labels: n lists, each of names or of positions; or a two-dimensional array (n, k) of ones and zeros. Rows of
            plain lists are always names or positions.
        label_names: The k names; by default those in use, in alphabetical order, or the positions.

    Raises:
        ValueError: Neither form; no record; a label that has no name, or stands twice in a record.
    """
    names = None if label_names is None else tuple(column(label_names, "label_names").tolist())
    if names is not None and len(set(names)) != len(names):
        raise ValueError(f"label_names: expected no two alike, got {list(names)}")
    if getattr(labels, "ndim", 1) == 2:
        return _of_matrix(labels, names)
    rows = rows_of_lists(labels)
    if rows is None:
        raise ValueError(f"labels: expected {_FORMS}, got {type(labels).__name__} of something else")
    return _of_rows(rows, names)


def _of_matrix(labels: Column, names: tuple[Any, ...] | None) -> LabelSets:
    given = matrix(labels, "labels")
    if not np.isin(given, (0, 1)).all():
        raise ValueError("labels: expected ones and zeros in an array of shape (n, k), got another number")
    names = tuple(range(given.shape[1])) if names is None else names
    if not len(given) or given.shape[1] != len(names):
        raise ValueError(f"labels: expected shape (n, {len(names)}), a column for every label, got {given.shape}")
    return LabelSets(ones=given.astype(bool), names=names)


def _of_rows(rows: list[list[Any]], names: tuple[Any, ...] | None) -> LabelSets:
    rows = [[item.item() if isinstance(item, np.generic) else item for item in row] for row in rows]
    used = {item for row in rows for item in row}
    by_name = any(isinstance(item, str) for item in used)
    if names is None:
        names = tuple(sorted(used, key=str)) if by_name else tuple(range(max(used, default=-1) + 1))
    place = {name: at for at, name in enumerate(names)} if by_name else {at: at for at in range(len(names))}
    ones = np.zeros((len(rows), len(names)), dtype=bool)
    for record, row in enumerate(rows):
        if unknown := [item for item in row if item not in place]:
            raise ValueError(f"labels: expected some of {list(place)[:20]}, got {unknown[0]!r} at record {record}")
        if len(set(row)) != len(row):
            raise ValueError(f"labels: expected no label twice in a record, got {row} at record {record}")
        ones[record, [place[item] for item in row]] = True
    return LabelSets(ones=ones, names=names)
