"""The answers of a round, whichever of its data sets they were given in: of one person's to a record the newest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from curation.annotation.naming import RoundDataset
from curation.annotation.spec import Answer, Looks
from curation.project.folder import Round
from curation.project.standing import ANSWERED, Role

COPIED = "third_look.json"
"""Whose answers were sent along to the data set of the third looks, by record id, among other things."""

Found = Sequence[tuple[RoundDataset, Any]]
"""Data sets of a round that the server has."""


def collected(argilla: Looks, found: Found, round_: Round) -> Iterator[tuple[Role, Answer]]:
    """Return every answer of a round with the role that it was given in, once for each person, record and role.

    A reader may answer a record where it was read first, and again where it is given a third look: the newer answer
    counts, and any answer more than a draft. What was sent along to the third looks is nobody's answer as long as it
    stands there as it came.
    """
    again = _third_looks(argilla, found, copied_in(round_))
    for place, dataset in found:
        for answer in argilla.answers(dataset) if not place.is_third_look else ():
            newer = again.pop((answer.record_id, answer.reviewer), None) if place.role == Role.ANNOTATOR else None
            yield place.role, answer if newer is None else _newer(answer, newer)
    for answer in again.values():
        yield Role.ANNOTATOR, answer


def copied_in(round_: Round) -> Mapping[str, Sequence[str]]:
    """Return whose answers were sent along to the third looks of a round, by record id."""
    return round_.json(COPIED)["copied"] if round_.has(COPIED) else {}


def _third_looks(argilla: Looks, found: Found, copied: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], Answer]:
    return {
        (answer.record_id, answer.reviewer): answer
        for place, dataset in found
        for answer in (argilla.answers(dataset) if place.is_third_look else ())
        if not (answer.is_unchanged and answer.reviewer in copied.get(answer.record_id, ()))
    }


def _newer(first: Answer, again: Answer) -> Answer:
    if again.is_unchanged and (again.status, again.values) == (first.status, first.values):
        return first  # a copy of which nothing is known any more
    return max(first, again, key=lambda answer: (answer.status in ANSWERED, answer.submitted_at))
