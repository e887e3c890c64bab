"""What readers answered in all rounds so far; adjudicators, who see the answers of others, are left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow.compute as pc

from curation.project.folder import Project, Round
from curation.project.standing import Role, Status

Answers: TypeAlias = Mapping[str, Sequence[str | None]]
"""What each reader of a record said, in words, by its id."""


def answers_by_record(project: Project, round_: Round, ids: Iterable[str]) -> Answers:
    """Return what each reader of each of these records said up to a round, in words; the last word of each counts."""
    said: dict[str, dict[str, str | None]] = {i: {} for i in ids}
    for vote in reader_answers(project, round_):
        if vote["record_id"] in said:
            said[vote["record_id"]][vote["reviewer"]] = project.config.task.in_words(vote["value"])
    return {i: list(each.values()) for i, each in said.items()}


def reader_answers(project: Project, round_: Round) -> list[dict[str, Any]]:
    """Return a vote for each answer that a reader gave up to a round, in the order of the rounds."""
    return [vote for number in range(round_.number + 1) for vote in _of_round(project.round(number))]


def _of_round(round_: Round) -> list[dict[str, Any]]:
    if not round_.snapshots():
        return []
    votes = round_.votes()
    given = pc.and_(pc.equal(votes["role"], Role.ANNOTATOR), pc.equal(votes["status"], Status.SUBMITTED))
    kept: list[dict[str, Any]] = votes.filter(pc.and_(given, pc.is_valid(votes["value"]))).to_pylist()
    return kept
