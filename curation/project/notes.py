"""What adjudicators note of a dispute, if they like: why the answers differed, and what the guidelines should say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from curation.project.folder import Round

REASONS = {
    "ambiguous": "The text can be read in two ways",
    "guidelines": "The guidelines say nothing of it",
    "slip": "Somebody slipped",
    "edge": "An edge case, between two answers",
    "taste": "A matter of taste",
}
"""What an adjudicator can choose from, as it is shown, by what is kept."""

NOTED = "notes.parquet"
"""Where they lie in a round."""

NOTES = pa.schema(
    {
        "record_id": pa.string(),
        "reviewer": pa.string(),
        "why": pa.string(),  # one of REASONS
        "guidelines": pa.string(),  # what they should say
    }
)


def overlaid_notes(held: Iterable[Mapping[str, Any]], served: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the notes that were held with what the server says laid over them, by record and reviewer.

    Args:
        held: Rows of `NOTES`.
        served: Such rows of everybody whose answer the server has; empty ones take a note back.

    Example:
        >>> held = [{"record_id": "m1", "reviewer": "eva", "why": "slip", "guidelines": None}]
        >>> overlaid_notes(held, [{"record_id": "m1", "reviewer": "eva", "why": None, "guidelines": None}])
        []
    """
    found = {(row["record_id"], row["reviewer"]): row for rows in (held, served) for row in rows}
    return [row for _, row in sorted(found.items()) if row["why"] or row["guidelines"]]


def notes_in(round_: Round) -> list[dict[str, Any]]:
    """Return what adjudicators noted in a round: rows of `NOTES`."""
    return list(round_.table(NOTED).to_pylist()) if round_.has(NOTED) else []


def counted_notes(notes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how often each reason was named, most often first, and every change of the guidelines asked for."""
    rows = list(notes)
    return {
        "why": dict(Counter(row["why"] for row in rows if row["why"]).most_common()),
        "guidelines": [{"record_id": row["record_id"], "text": row["guidelines"]} for row in rows if row["guidelines"]],
    }
