"""Columns into groups: which records belong to which group, and which groups are too small to speak of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from curation.quality.input_checks import IntArray
from evaluation.columns import Column, column, is_missing

MISSING = "(missing)"
MENTIONED = "yes"


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The groups that are large enough.

    Attributes:
        names: What each was grouped by, and its value.
        members: (n, groups) which record belongs to which.
        sizes: (groups,) records of each.
        too_small: Size of every group that is left out, by its name.
    """

    names: list[tuple[str, str]]
    members: sp.csr_matrix
    sizes: IntArray
    too_small: dict[str, int]


def groups_of(by: Mapping[str, Column], n: int, minimum: int) -> Groups:
    """Return the groups of n records that have at least `minimum` records in them, and as many not in them.

    Args:
        by: Columns of n values by name. Each value is a group, `MISSING` for a missing one; of a column of truth
            values only those for which it is true are one.
        n: Number of records.
        minimum: Size of the smallest group about which something is said.

    Raises:
        ValueError: `by` is no mapping of columns, or one of another length.
    """
    if not isinstance(by, Mapping):
        raise ValueError(f"by: expected columns by name, got {type(by).__name__}")
    found = [(name, value, members) for name, given in by.items() for value, members in _split(given, name, n)]
    large = [min(len(members), n - len(members)) >= minimum for *_, members in found]
    kept = [each for each, is_large in zip(found, large, strict=True) if is_large]
    sizes = np.array([len(members) for *_, members in kept], dtype=np.intp)
    rows = np.concatenate([members for *_, members in kept]) if kept else np.empty(0, dtype=np.intp)
    at = np.repeat(np.arange(len(kept)), sizes)
    return Groups(
        names=[(name, value) for name, value, _ in kept],
        members=sp.csr_matrix((np.ones(len(rows), dtype=np.int64), (rows, at)), shape=(n, len(kept))),
        sizes=sizes,
        too_small={called(name, value): len(members) for name, value, members in found if len(members) < minimum},
    )


def called(name: str, value: str) -> str:
    """Return what a group is called in a sentence."""
    return str(name) if value == MENTIONED else f"{name} {value!r}"


def _split(given: Column, name: str, n: int) -> list[tuple[str, IntArray]]:
    """Return the records of every value, in the order of the values."""
    values = column(given, f"by[{name!r}]")
    if len(values) != n:
        raise ValueError(f"by[{name!r}]: expected {n} values, one per record, got {len(values)}")
    if values.dtype.kind == "b":
        return [(MENTIONED, np.flatnonzero(values))] if values.any() else []
    words = np.array([_in_words(value) for value in values.tolist()], dtype=str)
    names, codes = np.unique(words, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))[:-1]
    return list(zip(names.tolist(), np.split(order, ends), strict=True)) if n else []


def _in_words(value: Any) -> str:
    return MISSING if is_missing(value) or value is None or value == "" else str(value)
