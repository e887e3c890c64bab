"""Who has answered a record, and whether it has all its answers: the one rule that decisions and waiting go by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from curation.project.records import column
from curation.project.standing import ANSWERED, Role, Status

if TYPE_CHECKING:
    import pyarrow as pa


class Vote(NamedTuple):
    """Who answered what: a plain row, since making an Arrow table would import pandas."""

    record_id: str
    reviewer: str
    role: str
    status: str


def as_votes(votes: pa.Table) -> list[Vote]:
    """Return the rows of votes, as far as they say who answered what."""
    return [Vote(*row) for row in zip(*(column(votes, name) for name in Vote._fields), strict=True)]


def answered_by(votes: Iterable[Vote], *statuses: str) -> dict[str, set[str]]:
    """Return who answered a record with one of these statuses, by record id."""
    found: dict[str, set[str]] = {}
    for vote in votes:
        if vote.status in statuses:
            found.setdefault(vote.record_id, set()).add(vote.reviewer)
    return found


class Complete(Enum):
    """With what a record has all its answers."""

    LABELS = "as many labels as it needs: they agree, or somebody has to settle it"
    DISCARDS = "as many people discarded it as answers are needed"
    BOTH = "labels and discards together, and nobody is left to read it"
    NOT_YET = "somebody may still read it, or too few people are there"


def completeness(*, labels: int, discards: int = 0, needed: int, left: int = 1) -> Complete:
    """Say whether a record has all its answers.

    Args:
        labels: People who labelled it.
        discards: People who discarded it.
        needed: Answers that it needs.
        left: People who may read it and have not.
    """
    if labels >= needed:
        return Complete.LABELS
    if discards >= needed:
        return Complete.DISCARDS
    if labels and discards and not left and labels + discards >= needed:
        return Complete.BOTH
    return Complete.NOT_YET


@dataclass(frozen=True, kw_only=True)
class Readings:
    """What readers and adjudicators did with the records of a round.

    Attributes:
        labelled: Who labelled a record, by record id.
        discarded: Who discarded it.
        settled: Records that a third person has labelled or discarded.
        ruled_out: Those of them that one has discarded.
        readers: Everybody who may read, None where that was not kept.
        required: Answers that the round asked for.
        third_looks: Records that one more reader may read: who had labelled each of them when that was asked for.
    """

    labelled: Mapping[str, Collection[str]] = field(default_factory=dict)
    discarded: Mapping[str, Collection[str]] = field(default_factory=dict)
    settled: Collection[str] = ()
    ruled_out: Collection[str] = ()
    readers: Collection[str] | None = None
    required: int
    third_looks: Mapping[str, Collection[str]] = field(default_factory=dict)

    def read(self, record_id: str) -> set[str]:
        """Return who labelled or discarded a record; none of them is a third person for it."""
        return {*self.labelled.get(record_id, ()), *self.discarded.get(record_id, ())}

    def still_to_read(self, record_id: str) -> set[str]:
        """Return who may read a record and has not."""
        return set(self.readers or ()) - self.read(record_id)

    def needed(self, record_id: str) -> int:
        """Return how many answers a record needs: one more for a third look, where that can be had.

        It cannot where everybody has read the record, or where a label was taken back that it was to be held
        against: then the record is what it would be without.
        """
        labelled = set(self.labelled.get(record_id, ()))
        stands = len(labelled & set(self.third_looks.get(record_id, ()))) >= self.required
        has_it = record_id in self.third_looks and len(labelled) > self.required
        return self.required + (has_it or (stands and bool(self.still_to_read(record_id))))

    def complete(self, record_id: str) -> Complete:
        """Say whether a record has all its answers."""
        return completeness(
            labels=len(self.labelled.get(record_id, ())),
            discards=len(self.discarded.get(record_id, ())),
            needed=self.needed(record_id),
            left=len(self.still_to_read(record_id)),
        )


def readings(
    votes: Iterable[Vote],
    readers: Collection[str] | None,
    required: int,
    third_looks: Mapping[str, Collection[str]] | None = None,
) -> Readings:
    """Read off votes who read what.

    Args:
        votes: Of both roles.
        readers: Everybody who may read, None where that was not kept.
        required: Answers that the round asked for.
        third_looks: Who had labelled a record when a third look was asked for, by record id.
    """
    said = list(votes)
    reviewed, ruled = ([vote for vote in said if vote.role == role] for role in Role)
    read = answered_by(reviewed, *ANSWERED)

    def by_third(*statuses: str) -> set[str]:
        return {i for i, who in answered_by(ruled, *statuses).items() if who - read.get(i, set())}

    return Readings(
        labelled=answered_by(reviewed, Status.SUBMITTED),
        discarded=answered_by(reviewed, Status.DISCARDED),
        settled=by_third(*ANSWERED),
        ruled_out=by_third(Status.DISCARDED),
        readers=readers,
        required=required,
        third_looks=third_looks or {},
    )
