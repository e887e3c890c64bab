"""When a record has all its answers: one rule, as docs/rounds.md has it."""

from __future__ import annotations

import pytest

from curation.project.owing import owing
from curation.project.readings import Complete, Readings, Vote, readings

PEOPLE = ("ana", "ben", "dan")


def round_of(*said: str, people: tuple[str, ...] | None = PEOPLE) -> Readings:
    """Return what became of one record: `ana labels`, `ben discards`, `dan drafts`, `carla rules`, `carla rejects`."""
    does = {
        "labels": ("annotator", "submitted"),
        "discards": ("annotator", "discarded"),
        "drafts": ("annotator", "draft"),
        "rules": ("adjudicator", "submitted"),
        "rejects": ("adjudicator", "discarded"),
    }
    votes = [Vote("m1", who, *does[what]) for who, what in (each.split() for each in said)]
    return readings(votes, people, 2)


@pytest.mark.parametrize(
    ("said", "people", "complete"),
    [
        ((), PEOPLE, Complete.NOT_YET),
        (("ana labels",), PEOPLE, Complete.NOT_YET),
        (("ana labels", "ben drafts"), PEOPLE, Complete.NOT_YET),
        (("ana labels", "ben labels"), PEOPLE, Complete.LABELS),
        (("ana labels", "ben labels", "dan discards"), PEOPLE, Complete.LABELS),
        (("ana discards", "ben discards"), PEOPLE, Complete.DISCARDS),
        (("ana discards", "ben discards", "dan labels"), PEOPLE, Complete.DISCARDS),
        (("ana labels", "ben discards"), PEOPLE, Complete.NOT_YET),
        (("ana labels", "ben discards"), ("ana", "ben"), Complete.BOTH),
        (("ana labels", "ben discards"), None, Complete.BOTH),
        (("ana labels",), ("ana",), Complete.NOT_YET),
        (("ana discards",), ("ana",), Complete.NOT_YET),
    ],
)
def test_a_record_is_complete_by_labels_by_discards_or_when_nobody_is_left(
    said: tuple[str, ...], people: tuple[str, ...] | None, complete: Complete
) -> None:
    assert round_of(*said, people=people).complete("m1") is complete


def test_only_who_did_not_read_a_record_settles_it() -> None:
    assert "m1" in round_of("ana labels", "ben labels", "carla rules").settled
    assert "m1" not in round_of("ana labels", "ben labels", "ben rules").settled
    assert "m1" not in round_of("ana labels", "ben discards", "ben rejects").ruled_out
    assert "m1" in round_of("ana labels", "ben discards", "carla rejects").ruled_out


def test_somebody_who_cannot_be_had_is_lacking() -> None:
    votes = [Vote("m1", "ana", "annotator", "submitted")]
    assert owing(["m1"], votes, ["ana"], needed=lambda _: 2).lacking == 1
    found = owing(["m1"], votes, ["ana", "ben"], needed=lambda _: 2)
    assert (found.lacking, [owes.person for owes in found.people]) == (0, ["ben"])
