"""Of a record that the server holds, only the parts that differ are sent."""

from __future__ import annotations

from typing import Any

import pytest

from curation.annotation.pushing import difference
from curation.embedded.digests import KnownRecord, digest, suggestion_digest

ITEM: dict[str, Any] = {
    "external_id": "m1",
    "fields": {"text": "Where is my parcel?"},
    "metadata": {"round": 1},
    "suggestions": [{"question_id": "q", "value": "complaint", "score": 1, "agent": "a", "type": "model"}],
    "vectors": {"meaning": [0.5, 1.0]},
}
HELD: KnownRecord = {
    "fields": digest({"text": "Where is my parcel?"}),
    "metadata": digest({"round": 1}),
    "suggestions": {
        "q": suggestion_digest({"value": "complaint", "score": 1.0, "agent": "a", "type": "model"}),
        "other": "kept",
    },
    "vectors": {"meaning": digest([0.5, 1.0]), "other": "kept"},
}


def test_a_new_record_goes_whole() -> None:
    assert difference(ITEM, None) == ITEM


def test_a_record_that_the_server_holds_is_not_sent() -> None:
    assert difference(ITEM, HELD) is None


def test_parts_that_are_not_given_are_no_difference() -> None:
    assert difference({"external_id": "m1"}, HELD) is None


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("fields", {"text": "Where is my other parcel?"}),
        ("metadata", {"round": 2}),
        ("suggestions", [{**ITEM["suggestions"][0], "value": "question"}]),
        ("suggestions", [{**ITEM["suggestions"][0], "score": None}]),
        ("suggestions", [{**ITEM["suggestions"][0], "question_id": "new"}]),
        ("vectors", {"meaning": [0.5, 1.5]}),
        ("vectors", {"style": [0.5, 1.0]}),
    ],
)
def test_only_what_differs_is_sent(part: str, value: Any) -> None:
    assert difference({**ITEM, part: value}, HELD) == {"external_id": "m1", part: value}
