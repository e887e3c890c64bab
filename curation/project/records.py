"""The tables of the tool, as Arrow schemas: one row is one thing that happened to one record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from curation.errors import TwofoldError, suggest
from curation.tasks.shapes import Shape, Shaped

TIMESTAMP = pa.timestamp("us", tz="UTC")

QUESTION = b"question"
"""Metadata of a queue, and of the batch taken from it: the question that its suggestions answer."""

LABEL_NAMES = b"labels"
"""Metadata of a table whose rows hold one number per label: the labels' names, in order, as JSON."""


def votes_schema(value: pa.DataType) -> pa.Schema:
    """Return the schema of votes whose answers have this type."""
    return pa.schema(
        {
            "record_id": pa.string(),
            "reviewer": pa.string(),
            "role": pa.string(),  # a Role
            "status": pa.string(),  # a Status
            "value": value,  # null unless there is an answer
            "submitted_at": TIMESTAMP,
            "gone": pa.bool_(),  # pulled once, and not on the server any more, or only in an older form
        }
    )


def labels_schema(value: pa.DataType) -> pa.Schema:
    """Return the schema of what is known of every record."""
    return pa.schema(
        {
            "record_id": pa.string(),
            "value": value,  # null: nobody has said yet
            "source": pa.string(),  # a Method
            "round": pa.int32(),  # the round that settled it
            "confidence": pa.float64(),
        }
    )


def decisions_schema(value: pa.DataType) -> pa.Schema:
    """Return the schema of a round's decisions."""
    return pa.schema(
        {
            "record_id": pa.string(),
            "value": value,  # null: nobody has settled it yet
            "method": pa.string(),  # a Method
            "confidence": pa.float64(),
            "votes": pa.int32(),
            "reason": pa.string(),
        }
    )


def consensus_schema(value: pa.DataType) -> pa.Schema:
    """Return the schema of what the readers' votes alone make of every record."""
    return pa.schema({"record_id": pa.string(), "value": value, "confidence": pa.float64()})


SOFT = pa.schema(  # how likely an answer is, or a part of one, given the readers' votes
    {"record_id": pa.string(), "answer": pa.string(), "probability": pa.float64()}
)


def queue_schema(value: pa.DataType) -> pa.Schema:
    """Return the schema of a queue, and of the batch taken from it."""
    return pa.schema(
        {
            "record_id": pa.string(),
            "kind": pa.string(),  # a Queued
            "reason": pa.string(),
            "priority": pa.float64(),  # in [0, 1], 1 = look here first; of a label `p_wrong`
            "suggested": value,
            "suggested_prob": pa.float64(),
        }
    )


QUALITY = pa.schema(  # a row for every unit of every label that was checked
    {
        "record_id": pa.string(),
        "unit": pa.string(),  # ANSWER where an answer is one choice
        "choice": pa.string(),  # what the label says of that unit
        "p_wrong": pa.float64(),  # probability that it is wrong, in [0, 1]
        "answer_p_wrong": pa.float64(),  # that the whole answer is; None where it is of this one unit
        "suggested": pa.string(),  # the choice that is likeliest: the same one where nothing is wrong with it
        "suggested_prob": pa.float64(),
        "is_issue": pa.bool_(),
        "reason": pa.string(),
        "evidence": pa.list_(pa.string()),  # the nearest records whose own labels are trusted, nearest first
        "cleanlab_p_wrong": pa.float64(),  # 1 less cleanlab's score of the whole answer; None where it was not asked
    }
)
FLAGS = pa.schema(
    {
        "record_id": pa.string(),
        "check": pa.string(),
        "score": pa.float64(),  # in (0, 1], low = worse: the share of records that look as bad to the check
        "reason": pa.string(),
        "suggested": pa.string(),
        "suggested_prob": pa.float64(),
        "value": pa.float64(),  # what the check measured
        "measure": pa.string(),  # and what that is
        "cleanlab_p_wrong": pa.float64(),  # of a label, as in QUALITY
    }
)
SPLIT = pa.schema({"record_id": pa.string(), "part": pa.string(), "reason": pa.string()})  # a Part


def records_schema(fields: Sequence[str], value: pa.DataType, shapes: Mapping[str, Shape]) -> pa.Schema:
    """Return the schema of the record table of a task with these text fields, and answers of this type.

    Fields that are more than a text are there as texts, and as they are in `shaped`.
    """
    texts = pa.struct([pa.field(name, pa.string()) for name in fields])
    shaped = pa.struct([pa.field(name, shape.type()) for name, shape in shapes.items()])
    return pa.schema(
        {
            "record_id": pa.string(),
            "fields": texts,
            "value": value,
            "source_row": pa.int64(),
            **({"shaped": shaped} if shapes else {}),
        }
    )


def shaped_by_id(records: pa.Table) -> dict[str, dict[str, Shaped]]:
    """Return the fields of every record that are more than a text, as they are."""
    return by_id(records, "shaped") if "shaped" in records.column_names else {}


def table(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Build a table of exactly `schema`.

    Raises:
        TwofoldError: A row holds a column that the schema does not name.
    """
    listed = list(rows)
    for row in listed:
        for name in row:
            if name not in schema.names:
                raise TwofoldError(f"column {name!r} is not in this table{suggest(name, schema.names)}")
    return pa.Table.from_pylist(listed, schema=schema)


def question_of(queue: pa.Table) -> str | None:
    """Return the question that the suggestions of a queue answer; None where that was not kept."""
    name = (queue.schema.metadata or {}).get(QUESTION)
    return None if name is None else str(name.decode())


def texts(records: pa.Table, field: str) -> list[str]:
    """Return one text field of every record."""
    return records["fields"].combine_chunks().field(field).to_pylist()  # type: ignore[no-any-return]


def joined_texts(records: pa.Table, fields: Sequence[str]) -> list[str]:
    """Return every record as one text: its fields in order, a line each."""
    columns = [texts(records, field) for field in fields]
    return ["\n".join(parts) for parts in zip(*columns, strict=True)]


def column(records: pa.Table, name: str) -> list[Any]:
    """Return a column as a Python list."""
    return records[name].to_pylist()  # type: ignore[no-any-return]


def by_id(records: pa.Table, name: str) -> dict[str, Any]:
    """Return `{record_id: value}` for one column."""
    return dict(zip(column(records, "record_id"), column(records, name), strict=True))
