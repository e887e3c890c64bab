"""The vote table as whole numbers: validated, one vote for each reviewer and record, in a canonical order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.project.standing import Status
from curation.review.vote_tables import VoteTable, as_text, as_ticks, vote_columns
from evaluation.columns import column

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
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


def read_votes(votes: VoteTable, labels: Iterable[Any] | None = None, *, name: str = "votes") -> Votes:
    """Validate a vote table and code it.

    Votes without an answer are left out: a missing `label`, or, where the table has a `status` column, a status
    other than `submitted`. Where one reviewer voted twice on one record the last by `submitted_at` counts,
    never both (equal times: the later label in sorted order; no such column: the last row).

    Args:
        votes: Columns `record_id`, `reviewer`, `label` (or `value`) and, if there, `submitted_at` and `status`: an
            Arrow table, a pandas or polars frame, a data set of `datasets`, a mapping of columns, dicts, or
            tuples in this order. Ids, names and labels are text or numbers; times are ISO 8601 text (UTC where
            it names no zone), dates, datetimes or numbers.
        labels: All possible labels, in order; by default those that were used, sorted.
        name: What to call the table in an error.

    Raises:
        ValueError: A column is missing or mixes text and numbers, an id or a label is empty, a status or a time
            is none, `labels` has two alike, or a label is not one of `labels`.
    """
    columns = vote_columns(votes, name)
    if "label" not in columns and "value" in columns:
        columns["label"] = columns["value"]
    for needed in _NEEDED:
        if needed not in columns:
            raise ValueError(f"{name}: expected a column {needed!r}, found {', '.join(columns) or 'none'}")
    text = {needed: as_text(columns[needed], f"{name}, column {needed!r}") for needed in _NEEDED}
    kept = np.flatnonzero(_answered(text["label"], columns.get("status"), name))
    records, record = _coded(text["record_id"], kept, "record_id", name)
    reviewers, reviewer = _coded(text["reviewer"], kept, "reviewer", name)
    used, label = _coded(text["label"], kept, "label", name)
    if labels is not None:
        names = label_names(labels)
        used, label = names, _recoded(used, label, names, name)
    when = kept
    if "submitted_at" in columns:
        when = as_ticks(columns["submitted_at"], f"{name}, column 'submitted_at'")[kept]
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


def label_names(labels: Iterable[Any]) -> list[str]:
    """Return all possible labels as text.

    Raises:
        ValueError: None, a missing or an empty one, two alike, or text beside numbers.
    """
    names: list[Any] = as_text(column(labels, "labels"), "labels").to_pylist()
    if not names or any(label is None or not label.strip() for label in names):
        raise ValueError(f"labels: expected names of labels, found {names}")
    twice = next((label for i, label in enumerate(names) if label in names[:i]), None)
    if twice is not None:
        raise ValueError(f"labels: expected no label twice, found {twice!r} again")
    return names


def _answered(label: pa.Array, status: Any, name: str) -> npt.NDArray[np.bool_]:
    """Return which rows are answers.

    Raises:
        ValueError: A status that is none, or an answer without one.
    """
    given: npt.NDArray[np.bool_] = np.asarray(pc.is_valid(label).to_numpy(zero_copy_only=False))
    if status is None:
        return given
    where = f"{name}, column 'status'"
    states = as_text(status, where)
    unknown = pc.and_(pc.invert(pc.is_in(states, pa.array(list(Status)))), pc.or_(label.is_valid(), states.is_valid()))
    wrong = np.flatnonzero(unknown.to_numpy(zero_copy_only=False))
    if wrong.size:
        found = states[int(wrong[0])].as_py()
        raise ValueError(f"{where}: row {wrong[0]}: expected one of {', '.join(Status)}, found {found!r}")
    submitted = pc.fill_null(pc.equal(states, Status.SUBMITTED), False)
    return np.asarray(given & submitted.to_numpy(zero_copy_only=False))


def _coded(values: pa.Array, kept: Ints, column: str, name: str) -> tuple[list[str], Ints]:
    """Return the different texts among the rows that are kept, sorted, and each row's place among them."""
    if column != "label" and values.null_count:
        row = int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0])
        raise ValueError(f"{name}: row {row}: expected a {column}, found none")
    values = values.take(pa.array(kept)) if len(kept) < len(values) else values
    names = sorted(values.unique().to_pylist())
    empty = [text for text in names if not text.strip()]
    codes = pc.index_in(values, pa.array(names, pa.string())).to_numpy(zero_copy_only=False).astype(np.int64)
    if empty:
        row = int(kept[np.flatnonzero(codes == names.index(empty[0]))[0]])
        raise ValueError(f"{name}: row {row}: expected a {column}, found an empty text")
    return names, codes


def _recoded(used: list[str], codes: Ints, labels: list[str], name: str) -> Ints:
    place = {label: i for i, label in enumerate(labels)}
    for label in used:
        if label not in place:
            raise ValueError(f"{name}: expected a label of {', '.join(map(repr, labels))}, found {label!r}")
    return np.array([place[label] for label in used], dtype=np.int64)[codes]


def _last_votes(record: Ints, reviewer: Ints, label: Ints, when: Ints) -> Ints:
    order = np.lexsort((label, when, reviewer, record))
    same = (np.diff(record[order]) == 0) & (np.diff(reviewer[order]) == 0)
    return order[np.append(~same, True)] if len(order) else order
