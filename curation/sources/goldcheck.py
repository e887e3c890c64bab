"""Where gold labels exist, how good the labels were that came in, and what review made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.errors import TwofoldError, suggest
from curation.project.artifacts import read_table
from curation.project.folder import Project, Round
from curation.project.records import by_id
from curation.sources.cleaning import Cleaned, Columns
from evaluation.intervals import wilson_interval


def gold_columns(path: Path, names: Sequence[str], data: Columns, label: str | None = None) -> Columns:
    """Say which columns of a file of gold labels are what: they are known by their names, in any order.

    The id's column is called as in the data, or `id`; the label's is `label`, or called as in the data.

    Args:
        path: The file, for errors.
        names: Its columns.
        data: The columns of the data.
        label: The column of the label, where it is called otherwise.

    Raises:
        TwofoldError: The file has no such columns.
    """
    record_id = _first_there(path, names, data.record_id, "id", what="ids")
    options = ("label", data.label) if label is None else (label,)
    label = _first_there(path, names, *options, what="gold labels", hint="; name it with --gold-label")
    return Columns(fields={}, label=label, record_id=record_id)


def _first_there(path: Path, names: Sequence[str], *options: str | None, what: str, hint: str = "") -> str:
    wanted = list(dict.fromkeys(filter(None, options)))
    found = next((name for name in wanted if name in names), None)
    if found is None:
        expected = " or ".join(map(repr, wanted))
        raise TwofoldError(f"{path}: expected a column {expected} of {what}{suggest(wanted[0], names)}{hint}")
    return found


def gold_table(gold: Cleaned, value: pa.DataType) -> pa.Table:
    """Return gold labels, which only the report compares with: no step that decides or trains reads them."""
    schema = pa.schema({"record_id": pa.string(), "value": value})
    return pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in gold.kept], schema=schema)


def against_gold(project: Project, round_: Round) -> dict[str, Any] | None:
    """Compare labels with gold, stage by stage, on the records that this round settled (all, in round 0)."""
    if not project.has("gold.parquet"):
        return None
    known = gold = by_id(read_table(project.path("gold.parquet")), "value")
    stages: dict[str, Mapping[str, str | None]] = {
        "given labels": by_id(project.round(0).table("labels.parquet"), "value")
    }
    if round_.has("decisions.parquet"):
        decided = by_id(round_.table("decisions.parquet"), "value")
        gold = {i: label for i, label in gold.items() if decided.get(i) is not None}
        stages["labels before this round"] = by_id(project.before(round_).table("labels.parquet"), "value")
        stages["consensus before adjudication"] = by_id(round_.table("consensus.parquet"), "value")
        stages["decisions after adjudication"] = decided
    rows = [_accuracy(what, labels, gold) for what, labels in stages.items()]
    return {"known": len(known), "n": len(gold), "rows": [row for row in rows if row is not None]}


def _accuracy(what: str, labels: Mapping[str, str | None], gold: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the share of labels equal to gold with its 95% Wilson interval (Wilson 1927)."""
    right = [labels[i] == gold[i] for i in gold if labels.get(i) is not None]
    if not right:
        return None
    accuracy = wilson_interval(sum(right), len(right))
    return {"what": what, "accuracy": accuracy.to_dict(), "n": len(right)}
