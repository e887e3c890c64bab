"""What a discard means: an opinion that no label fits, which decides only together with others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa

from curation.project.readings import Complete, Readings
from curation.project.records import table
from curation.project.standing import Method
from curation.review.confidence import discard_confidence
from curation.review.decide import DECISIONS


def with_discards(decided: pa.Table, batch: Collection[str], seen: Readings) -> pa.Table:
    """Add the records that nobody labelled, and what discards decide about those that the votes leave open.

    Args:
        decided: What `decide` made of the votes.
        batch: All record ids of the round, in order.
        seen: Who read and discarded what.

    Returns:
        One decision per record of the batch, in its order.
    """
    found = {row["record_id"]: row for row in decided.to_pylist()}
    rows = (found.get(record_id) or _unread(record_id, seen.needed(record_id)) for record_id in batch)
    return table((row if row["label"] is not None else {**row, **_decided(row, seen)} for row in rows), DECISIONS)


def _unread(record_id: str, needed: int) -> dict[str, Any]:
    return {
        "record_id": record_id,
        "label": None,
        "method": Method.UNDECIDED,
        "confidence": None,
        "votes": 0,
        "reason": f"0 of {needed} votes are in",
    }


def _decided(row: Mapping[str, Any], seen: Readings) -> dict[str, Any]:
    record_id, votes = row["record_id"], row["votes"]
    discards = len(seen.discarded.get(record_id, ()))
    sure = discard_confidence(discards, votes, by_adjudicator=record_id in seen.ruled_out)
    if record_id in seen.ruled_out:
        return {"method": Method.DISCARDED, "confidence": sure, "reason": "discarded by an adjudicator"}
    match seen.complete(record_id):
        case Complete.LABELS:
            return {}
        case Complete.DISCARDS:
            return {"method": Method.DISCARDED, "confidence": sure, "reason": f"discarded by {discards} reviewers"}
        case Complete.BOTH:
            return {"method": Method.DISPUTED, "reason": f"{discards} discarded it, {votes} gave it a label"}
    said = f"{row['reason']}, {discards} discarded it" if discards else row["reason"]
    if seen.still_to_read(record_id) or seen.readers is None:
        return {"reason": said}
    return {"reason": f"{said}; nobody is left to read it"}
