"""How the label of a record came about: who said what, in which round, and what guidelines they had read."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.project.asked import asked_in
from curation.project.folder import Project, Round
from curation.project.records import by_id
from curation.project.standing import ANSWERED, BY_PEOPLE, Method, Role, Status


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one person said of a record in one round.

    Attributes:
        round: The round.
        reviewer: Who.
        role: As what, a `Role`.
        answer: What was said, in words; None where the record was discarded.
        at: When it was sent; None where that was not kept.
        guidelines: SHA-256 of what was to be read then, which `asked.json` of the round holds; None where that was not
            kept.
    """

    round: int
    reviewer: str
    role: str
    answer: str | None
    at: datetime | None
    guidelines: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {**vars(self), "at": self.at.isoformat() if self.at else None}


@dataclass(frozen=True, kw_only=True)
class LabelTrail:
    """How a label came about.

    Attributes:
        source: A `Method`; None of a record of an outside test file, whose labels came with it.
        round: The round that settled it.
        readings: What people said up to the round that is asked about, in the order in which they did.
    """

    source: str | None
    round: int
    readings: Sequence[Reading]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {"source": self.source, "round": self.round, "readings": [each.to_dict() for each in self.readings]}

    def in_words(self) -> str:
        """Return the trail as one line.

        Example:
            >>> read = {"round": 1, "role": "annotator", "at": None, "guidelines": "3fa2c1b09d"}
            >>> said = [Reading(reviewer=who, answer="late", **read) for who in ("ana", "ben")]
            >>> LabelTrail(source="agreed", round=1, readings=said).in_words()
            'agreed in round 1; ana: late, ben: late (guidelines 3fa2c1b0)'
        """
        return "; ".join([self._origin(), *self._rounds()])

    def _origin(self) -> str:
        if self.source is None:
            return "given with the test file"
        if self.source == Method.GIVEN:
            return "given with the data"
        return f"{self.source} in round {self.round}" if self.source in BY_PEOPLE else "no label yet"

    def _rounds(self) -> Iterator[str]:
        for number in dict.fromkeys(each.round for each in self.readings):
            those = [each for each in self.readings if each.round == number]
            said = ", ".join(f"{_who(each)}: {each.answer or 'discarded'}" for each in those)
            read = f" (guidelines {those[0].guidelines[:8]})" if those[0].guidelines else ""
            yield (said if number == self.round else f"round {number}, {said}") + read


def _who(reading: Reading) -> str:
    return reading.reviewer + (" (adjudicator)" if reading.role == Role.ADJUDICATOR else "")


def label_trails(project: Project, round_: Round, ids: Collection[str]) -> dict[str, LabelTrail]:
    """Return how the labels of some records came about, as they stand in a round.

    Args:
        project: Seen from one question.
        round_: Its labels, and the answers up to it.
        ids: Of records of the project, or of its outside test file.
    """
    labels = round_.table("labels.parquet")
    sources, rounds = by_id(labels, "source"), by_id(labels, "round")
    readings = _readings(project, round_, ids)
    return {i: LabelTrail(source=sources.get(i), round=rounds.get(i, 0), readings=readings.get(i, ())) for i in ids}


def _readings(project: Project, round_: Round, ids: Collection[str]) -> Mapping[str, Sequence[Reading]]:
    found: dict[str, list[Reading]] = {}
    for number in range(1, round_.number + 1):
        for record_id, reading in _of_round(project, project.round(number), ids):
            found.setdefault(record_id, []).append(reading)
    return found


def _of_round(project: Project, round_: Round, ids: Collection[str]) -> Iterator[tuple[str, Reading]]:
    if not round_.snapshots():
        return
    asked = asked_in(project, round_)
    digest = hashlib.sha256(asked.guidelines.encode()).hexdigest() if asked else None
    in_words, votes = project.config.task.in_words, round_.votes()
    of_them = pc.is_in(votes["record_id"], value_set=pa.array([*ids], pa.string()))
    answered = pc.is_in(votes["status"], value_set=pa.array([*ANSWERED], pa.string()))
    for vote in votes.filter(pc.and_(of_them, answered)).sort_by("submitted_at").to_pylist():
        reading = Reading(
            round=round_.number,
            reviewer=vote["reviewer"],
            role=vote["role"],
            answer=in_words(vote["value"]) if vote["status"] == Status.SUBMITTED else None,
            at=vote["submitted_at"],
            guidelines=digest,
        )
        yield vote["record_id"], reading
