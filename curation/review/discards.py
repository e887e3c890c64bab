"""What a discard means: an opinion that no label fits, which decides only together with others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from curation.project.owing import answered_by, as_votes
from curation.project.records import table
from curation.project.standing import ANSWERED, Method, Role, Status
from curation.review.confidence import discard_confidence
from curation.review.decide import DECISIONS


@dataclass(frozen=True, kw_only=True)
class Readings:
    """What readers and adjudicators did with the records of a batch, as far as it is no label.

    Attributes:
        read: Who labelled or discarded a record, by record id.
        discarded: Who discarded it.
        ruled_out: Records that an adjudicator who did not read them discarded.
        readers: Everybody who may read, None where that was not kept.
    """

    read: Mapping[str, Collection[str]] = field(default_factory=dict)
    discarded: Mapping[str, Collection[str]] = field(default_factory=dict)
    ruled_out: Collection[str] = ()
    readers: Collection[str] | None = None

    def still_to_read(self, record_id: str) -> set[str]:
        """Return who may read a record and has not."""
        return set(self.readers or ()) - set(self.read.get(record_id, ()))


def readings(votes: pa.Table, readers: Collection[str] | None) -> Readings:
    """Read off a vote table who read what."""
    said = as_votes(votes)
    reviewed, ruled = ([vote for vote in said if vote.role == role] for role in Role)
    read = answered_by(reviewed, *ANSWERED)
    return Readings(
        read=read,
        discarded=answered_by(reviewed, Status.DISCARDED),
        ruled_out={i for i, who in answered_by(ruled, Status.DISCARDED).items() if who - read.get(i, set())},
        readers=readers,
    )


def with_discards(decided: pa.Table, batch: Collection[str], seen: Readings, required: int) -> pa.Table:
    """Add the records that nobody labelled, and what discards decide about those that the votes leave open.

    Args:
        decided: What `decide` made of the votes.
        batch: All record ids of the round, in order.
        seen: Who read and discarded what.
        required: Answers that a record needs.

    Returns:
        One decision per record of the batch, in its order.
    """
    found = {row["record_id"]: row for row in decided.to_pylist()}
    rows = (found.get(record_id) or _unread(record_id, required) for record_id in batch)
    return table(
        (row if row["label"] is not None else {**row, **_decided(row, seen, required)} for row in rows), DECISIONS
    )


def _unread(record_id: str, required: int) -> dict[str, Any]:
    return {
        "record_id": record_id,
        "label": None,
        "method": Method.UNDECIDED,
        "confidence": None,
        "votes": 0,
        "reason": f"0 of {required} votes are in",
    }


def _decided(row: Mapping[str, Any], seen: Readings, required: int) -> dict[str, Any]:
    record_id, votes = row["record_id"], row["votes"]
    discards = len(seen.discarded.get(record_id, ()))
    ruled_out = record_id in seen.ruled_out
    sure = discard_confidence(discards, votes, by_adjudicator=ruled_out)
    if ruled_out:
        return {"method": Method.DISCARDED, "confidence": sure, "reason": "discarded by an adjudicator"}
    if row["method"] != Method.UNDECIDED:
        return {}
    if discards >= required:
        return {"method": Method.DISCARDED, "confidence": sure, "reason": f"discarded by {discards} reviewers"}
    said = f"{row['reason']}, {discards} discarded it" if discards else row["reason"]
    if seen.still_to_read(record_id):
        return {"reason": said}
    if discards and votes and discards + votes >= required:
        return {"method": Method.DISPUTED, "reason": f"{discards} discarded it, {votes} gave it a label"}
    return {"reason": f"{said}; nobody is left to read it" if seen.readers is not None else said}
