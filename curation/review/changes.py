"""Decisions that became others, and why: the history of a round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from curation.project.standing import Method


def changes_schema(value: pa.DataType) -> pa.Schema:
    """Return the schema of changed decisions about answers of this type."""
    return pa.schema(
        {
            "record_id": pa.string(),
            "before": value,  # the answer decided before; null where there was none
            "after": value,
            "method_before": pa.string(),
            "method_after": pa.string(),
            "reason": pa.string(),  # of the decision after
            "snapshot": pa.int32(),  # number of the vote snapshot that changed it
        }
    )


def changed_decisions(before: pa.Table, after: pa.Table, snapshot: int) -> pa.Table:
    """Return every record whose decision was settled and is another one now.

    Args:
        before: Decisions as they were, a table of `decisions_schema`.
        after: Decisions as they are.
        snapshot: Number of the vote snapshot that `after` rests on.

    Returns:
        A table of `changes_schema`, sorted by record id. Records that were not settled before are not in it: a first
        decision changes nothing.
    """
    now = {row["record_id"]: row for row in after.to_pylist()}
    rows = [
        {
            "record_id": then["record_id"],
            "before": then["value"],
            "after": now[then["record_id"]]["value"],
            "method_before": then["method"],
            "method_after": now[then["record_id"]]["method"],
            "reason": now[then["record_id"]]["reason"],
            "snapshot": snapshot,
        }
        for then in before.to_pylist()
        if then["record_id"] in now and _is_overturned(then, now[then["record_id"]])
    ]
    return pa.Table.from_pylist(
        sorted(rows, key=lambda row: row["record_id"]), schema=changes_schema(after["value"].type)
    )


def _is_overturned(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    was_settled = then["value"] is not None or then["method"] == Method.DISCARDED
    return was_settled and (then["value"], then["method"]) != (now["value"], now["method"])
