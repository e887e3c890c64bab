"""Tables by their columns of today, whichever version wrote them: batches and votes are never written anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from curation.project.records import votes_schema
from curation.tasks.kind import ANSWER

_SUGGESTED = {"suggestion": "suggested", "suggestion_score": "suggested_prob"}
_NEW = "cleanlab_p_wrong"  # nobody asked cleanlab about single labels before
_OLD_NAMES: Mapping[str, Mapping[str, str]] = {
    "batch.parquet": {**_SUGGESTED, "score": "priority"},
    "queue.parquet": {**_SUGGESTED, "score": "priority"},
    "flags.parquet": _SUGGESTED,
    "quality.parquet": {"label": "choice"},
    "predictions.parquet": {"predicted": "value"},
}


def with_names_of_today(name: str, found: pa.Table) -> pa.Table:
    """Return a round's table, whichever version wrote it: a batch that was sent is never written anew."""
    if old := _OLD_NAMES.get(name, {}):
        names = [old.get(column, column) for column in found.column_names]
        found = found.rename_columns(names).replace_schema_metadata(found.schema.metadata)  # which renaming forgets
    if name == "quality.parquet" and "score" in found.column_names:  # the probability that a label is right
        p_wrong = pa.array([1.0 - right for right in found["score"].to_pylist()], pa.float64())
        unit = pa.array([ANSWER] * found.num_rows, pa.string())
        found = found.append_column("p_wrong", p_wrong).append_column("unit", unit).drop_columns(["score"])
    if name in ("quality.parquet", "flags.parquet") and _NEW not in found.column_names:
        found = found.append_column(_NEW, pa.nulls(found.num_rows, pa.float64()))
    return found


def read_as_votes(snapshot: pa.Table, decode: Callable[[Any], Any] | None = None) -> pa.Table:
    """Return a snapshot of votes, whichever version pulled it.

    Args:
        snapshot: As it was pulled: `value` (or `label`, once) holds what Argilla stores.
        decode: Gives the answer by its labels of today; None leaves it as it is stored.
    """
    votes = snapshot
    if "gone" not in votes.column_names:  # pulled by a version that kept nothing but the newest answers
        votes = votes.append_column("gone", pa.array([False] * votes.num_rows, pa.bool_()))
    stored = votes[value_column(votes)]
    votes = votes.drop_columns([value_column(votes)])
    if decode is not None:
        stored = pa.array([None if value is None else decode(value) for value in stored.to_pylist()], stored.type)
    schema = votes_schema(stored.type)
    return votes.append_column("value", stored).select(schema.names).cast(schema)


def value_column(votes: pa.Table) -> str:
    """Return the name of the column of answers in a snapshot."""
    return "value" if "value" in votes.column_names else "label"
