"""What is said of bias in a round, JSON-ready: the findings, how many comparisons were made, and what was left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from curation.bias.collection import balance_target
from curation.bias.findings import Findings
from curation.bias.weighting import Reweighting, reweighting
from evaluation.columns import Column
from evaluation.intervals import Interval

MOST = 200  # findings that are kept of one kind, and rows of a target; a whole table is kept whole


def told(found: Findings[Any], *, whole: bool = False) -> dict[str, Any]:
    """Return what was found, of a `whole` table also what was not; numbers that JSON does not have are None."""
    rows = found.found
    return {
        **({"rows": [_row(row) for row in found.rows]} if whole else {}),
        "compared": len(found.rows),
        "level": found.level,
        "smallest": found.smallest,
        "too_small": len(found.too_small),
        "total": len(rows),
        "found": [_row(row) for row in rows[:MOST]],
    }


def remedy(by: str, labels: Column, groups: Sequence[Any]) -> tuple[dict[str, Any], Reweighting]:
    """Return what would make the labels independent of a column: weights, and what to collect in their place."""
    weights, wanted = reweighting(labels, groups), balance_target(labels, groups)
    said = {
        "by": by,
        "before": weights.before,
        "after": weights.after,
        "effective": weights.effective,
        "records": len(weights.weights),
        "empty": len(weights.empty),
        "collect": sum(row.more for row in wanted),
        "targets": [_row(row) for row in wanted[:MOST]],
    }
    return said, weights


def _row(row: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(row, field.name)) for field in fields(row)}


def _plain(value: Any) -> Any:
    if isinstance(value, Interval):
        return {name: _plain(number) for name, number in value.to_dict().items()}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value
