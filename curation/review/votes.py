"""The vote table as whole numbers: validated, one vote for each reviewer and record, in a canonical order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pandas as pd

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
VoteTable: TypeAlias = "pa.Table | pd.DataFrame"

_NEEDED = ("record_id", "reviewer", "label")


@dataclass(frozen=True, kw_only=True)
class Votes:
    """The votes that count, coded.

    Attributes:
        records: Record ids, sorted. Length N.
        reviewers: Reviewer names, sorted. Length R.
        labels: Labels, in the order given or else sorted. Length K.
        record: Shape (V,), each vote's position in `records`, ascending.
        reviewer: Shape (V,), its position in `reviewers`, ascending within a record.
        label: Shape (V,), its position in `labels`.
        when: Shape (V,), a number that grows with `submitted_at` (or, without that column, with the row).
    """

    records: list[str]
    reviewers: list[str]
    labels: list[str]
    record: Ints
    reviewer: Ints
    label: Ints
    when: Ints

    def counts(self) -> Ints:
        """Return how many votes each label has in each record, shape (N, K)."""
        n, k = len(self.records), len(self.labels)
        return np.bincount(self.record * k + self.label, minlength=n * k).reshape(n, k)


def read_votes(votes: VoteTable, labels: Sequence[str] | None = None, *, name: str = "votes") -> Votes:
    """Validate a vote table and code it.

    Votes without an answer are left out: a null `label`, or, where the table has a `status` column, a status
    other than `submitted`. Where one reviewer voted twice on one record the last by `submitted_at` counts,
    never both (equal times: the later label in sorted order; no such column: the last row).

    Args:
        votes: Columns `record_id`, `reviewer`, `label` and, if there, `submitted_at` and `status`.
        labels: All possible labels, in order; by default those that were used, sorted.
        name: What to call the table in an error.

    Raises:
        ValueError: A column is missing, an id is null, or a label is not one of `labels`.
    """
    table = _answers(_as_arrow(votes, name))
    records, record = _coded(table, "record_id")
    reviewers, reviewer = _coded(table, "reviewer")
    used, label = _coded(table, "label")
    if labels is not None:
        label = _recoded(used, label, list(labels), name)
        used = list(labels)
    when = _when(table)
    last = _last_votes(record, reviewer, label, when)
    return Votes(
        records=records,
        reviewers=reviewers,
        labels=used,
        record=record[last],
        reviewer=reviewer[last],
        label=label[last],
        when=when[last],
    )


def _as_arrow(votes: Any, name: str) -> pa.Table:
    table = votes if isinstance(votes, pa.Table) else pa.Table.from_pandas(votes, preserve_index=False)
    for column in _NEEDED:
        if column not in table.column_names:
            raise ValueError(f"{name}: expected a column {column!r}, found {', '.join(table.column_names)}")
    for column in ("record_id", "reviewer"):
        nulls = np.flatnonzero(table[column].is_null(nan_is_null=True).to_numpy())
        if nulls.size:
            raise ValueError(f"{name}: row {nulls[0]}: expected a {column}, found none")
    return table


def _answers(table: pa.Table) -> pa.Table:
    keep = pc.invert(table["label"].is_null(nan_is_null=True))
    if "status" in table.column_names:
        keep = pc.and_(keep, pc.fill_null(pc.equal(table["status"], "submitted"), False))
    return table.filter(keep)


def _coded(table: pa.Table, column: str) -> tuple[list[str], Ints]:
    values = table[column].cast(pa.string()).combine_chunks()
    names = sorted(values.unique().to_pylist())
    codes = pc.index_in(values, pa.array(names, pa.string()))
    return names, codes.to_numpy(zero_copy_only=False).astype(np.int64)


def _recoded(used: list[str], codes: Ints, labels: list[str], name: str) -> Ints:
    place = {label: i for i, label in enumerate(labels)}
    for label in used:
        if label not in place:
            raise ValueError(f"{name}: expected a label of {', '.join(map(repr, labels))}, found {label!r}")
    return np.array([place[label] for label in used], dtype=np.int64)[codes]


def _when(table: pa.Table) -> Ints:
    if "submitted_at" not in table.column_names:
        return np.arange(table.num_rows)
    times = table["submitted_at"]
    if pa.types.is_string(times.type) or pa.types.is_large_string(times.type):
        times = times.cast(pa.timestamp("us", tz="UTC"))
    ticks = pc.fill_null(times.cast(pa.int64()), np.iinfo(np.int64).min)
    return np.asarray(ticks.to_numpy(), dtype=np.int64)


def _last_votes(record: Ints, reviewer: Ints, label: Ints, when: Ints) -> Ints:
    order = np.lexsort((label, when, reviewer, record))
    same = (np.diff(record[order]) == 0) & (np.diff(reviewer[order]) == 0)
    return order[np.append(~same, True)] if len(order) else order
