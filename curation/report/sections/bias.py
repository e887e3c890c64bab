"""Where labels, style, doubts and coverage differ by group, as the report shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation.project.folder import Round
from curation.report.sections.lists import listed

MOST = 60
PARTS = ("labels", "style", "doubts", "stream")


def bias(round_: Round) -> dict[str, Any] | None:
    """Return what was found by group; None where nobody has looked."""
    if not round_.has("bias.json"):
        return None
    found = round_.json("bias.json")
    asked = [found[name] for name in PARTS if found[name] is not None]
    sizes = [part["smallest"] for part in asked if part["smallest"] is not None]
    datalab = found["datalab"]
    return {
        **{name: found[name] for name in ("grouped_by", "terms", "remedies", "not_checked")},
        **{name: _shown(round_, found[name], name) for name in PARTS},
        "readers": _readers(round_, found["readers"]),
        "compared": sum(part["compared"] for part in asked),
        "smallest": min(sizes, default=None),
        "datalab": None if datalab.get("reason") else datalab,
    }


def _shown(round_: Round, part: Mapping[str, Any] | None, name: str) -> dict[str, Any] | None:
    if part is None:
        return None
    rows = [_row(row) for row in part["found"] if name in ("style", "stream") or row["difference"]["value"] > 0]
    hidden = len(part["found"]) - len(rows)  # what a group has less of is what others have more of
    return listed(rows, MOST, _all_in(round_), dict) | {"total": part["total"] - hidden}


def _readers(round_: Round, part: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the whole table, found or not; of labels, what a group gives more often."""
    if part is None:
        return None
    rows = [row for row in part["rows"] if row["label"] is None or (row["difference"]["value"] or 0) > 0]
    shown = listed(rows, MOST, _all_in(round_), dict)
    return {**shown, **{name: part[name] for name in ("compared", "smallest", "too_small")}}


def _all_in(round_: Round) -> str:
    return f"rounds/{round_.folder.name}/bias.json"


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "text": next(iter(row["examples"]), None)} if "examples" in row else dict(row)
