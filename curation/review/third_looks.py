"""Which records one more reader should read before anybody has to settle them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pyarrow as pa

from curation.project.readings import Complete, Readings
from curation.project.records import column
from curation.review.answers import WORDED, Units
from curation.review.consensus import Consensus
from curation.review.next_vote import ask_third

SCHEMA = pa.schema(
    {
        "record_id": pa.string(),
        "readers": pa.list_(pa.string()),  # who had labelled it when the look was asked for
        "gain": pa.float64(),
        "confidence": pa.float64(),
        "reason": pa.string(),
    }
)

WORTH = 1e-9
"""A gain below that is none."""


def new_third_looks(seen: Readings, units: Units, found: Consensus, *, share: float) -> list[dict[str, Any]]:
    """Return the records that readers dispute, and those whose label one more vote is expected to make surer.

    The best come first. A dispute needs one more person in any case, and a reader who is blind is worth more than one
    who has seen the answers.

    Of the records that have their answers so far, `share` may be read once more, in the whole round: so the first
    answers that come in do not use up what later ones need more.

    Args:
        seen: Who read what, and which third looks were asked for before.
        units: The readers' votes.
        found: The consensus on them.
        share: In [0, 1].

    Returns:
        Rows of `SCHEMA`, none for a record that nobody is left to read or that was settled. Of a record of
        several units the greatest gain counts.
    """
    answered = sum(len(who) >= seen.required for who in seen.labelled.values())
    free = int(share * answered + WORTH) - len(seen.third_looks)
    if free <= 0:
        return []
    best: dict[str, dict[str, Any]] = {}
    disputed = _disputed(units)
    for row in ask_third(units.votes, found, most=seen.required).to_pylist():
        record_id = units.record[row["record_id"]][0]
        is_worth_it = row["gain"] > WORTH or row["record_id"] in disputed
        if is_worth_it and _can_be_asked(record_id, seen):
            readers = sorted(seen.labelled[record_id])
            best.setdefault(record_id, {**row, "record_id": record_id, "readers": readers})
    return list(best.values())[:free]


def _disputed(units: Units) -> set[str]:
    """Return the units of which readers said different things."""
    said: dict[str, set[str]] = {}
    for unit, choice in zip(column(units.votes, "record_id"), column(units.votes, WORDED), strict=True):
        if choice is not None:
            said.setdefault(unit, set()).add(choice)
    return {unit for unit, choices in said.items() if len(choices) > 1}


def _can_be_asked(record_id: str, seen: Readings) -> bool:
    labelled: Collection[str] = seen.labelled.get(record_id, ())
    has_just_enough = len(labelled) == seen.required and seen.complete(record_id) is Complete.LABELS
    is_open = record_id not in seen.third_looks and record_id not in seen.settled
    return has_just_enough and is_open and bool(seen.still_to_read(record_id))
