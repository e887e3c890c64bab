"""Where gold labels exist, how good the labels were that came in, and what review made of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.stats import binomtest

from curation.artifacts import read_table
from curation.errors import TwofoldError, suggest
from curation.project import Project, Round
from curation.records import by_id
from curation.sources.readers import read_rows

GOLD = pa.schema({"record_id": pa.string(), "label": pa.string()})


def read_gold(path: Path, known: Collection[str], labels: Sequence[str]) -> pa.Table:
    """Read gold labels, which only the report compares with: no step that decides or trains reads them.

    Args:
        path: A file whose first column is the record id and whose second is the gold label.
        known: The record ids of the project; other rows are passed over.
        labels: The labels of the task.

    Raises:
        TwofoldError: Fewer than two columns, a label that is not in the task, or no record of the project.
    """
    rows = []
    for row in read_rows(path):
        if len(row.cells) < 2:
            raise TwofoldError(f"{path}, row {row.number}: expected two columns, an id and a label")
        record_id, label = (str(cell) for cell in list(row.cells.values())[:2])
        if not label:
            continue  # nobody knows
        if label not in labels:
            raise TwofoldError(f"{path}, row {row.number}: label {label!r} is not in the task{suggest(label, labels)}")
        if record_id in known:
            rows.append({"record_id": record_id, "label": label})
    if not rows:
        raise TwofoldError(f"{path}: none of its ids is in the project")
    return pa.Table.from_pylist(rows, schema=GOLD)


def against_gold(project: Project, round_: Round) -> dict[str, Any] | None:
    """Compare labels with gold, stage by stage, on the records that this round settled (all, in round 0)."""
    if not project.path("gold.parquet").exists():
        return None
    known = gold = by_id(read_table(project.path("gold.parquet")), "label")
    stages: dict[str, Mapping[str, str | None]] = {
        "given labels": by_id(project.round(0).table("labels.parquet"), "label")
    }
    if round_.has("decisions.parquet"):
        decided = by_id(round_.table("decisions.parquet"), "label")
        gold = {i: label for i, label in gold.items() if decided.get(i) is not None}
        stages["labels before this round"] = by_id(project.before(round_).table("labels.parquet"), "label")
        stages["consensus before adjudication"] = by_id(round_.table("consensus.parquet"), "label")
        stages["decisions after adjudication"] = decided
    rows = [_accuracy(what, labels, gold) for what, labels in stages.items()]
    return {"known": len(known), "n": len(gold), "rows": [row for row in rows if row is not None]}


def _accuracy(what: str, labels: Mapping[str, str | None], gold: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the share of labels equal to gold with its 95% Wilson interval (Wilson 1927)."""
    right = np.array([labels[i] == gold[i] for i in gold if labels.get(i) is not None])
    if len(right) == 0:
        return None
    interval = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    accuracy = {"value": float(right.mean()), "low": float(interval.low), "high": float(interval.high)}
    return {"what": what, "accuracy": accuracy, "n": len(right)}
