"""For whom a round waits, and for how much of each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.annotation import naming
from curation.annotation.naming import RoundDataset
from curation.project.asked import asked_in, third_looks_in
from curation.project.owing import Owing, owing
from curation.project.readings import Complete, Vote, as_votes, readings
from curation.project.records import column
from curation.project.standing import Method, Role

if TYPE_CHECKING:
    from curation.annotation.spec import Looks
    from curation.project.folder import Project, Round


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """For whom a round waits, and for how much.

    Attributes:
        role: `annotator` or `adjudicator`.
        dataset: Where they answer.
        owing: What is missing there, and who can answer it.
    """

    role: str
    dataset: str
    owing: Owing

    @property
    def records(self) -> int:
        """Records that still need answers."""
        return self.owing.records

    def rows(self, url: str) -> list[dict[str, Any]]:
        """Return a row for each person who owes answers, and one for nobody where people are missing; JSON-ready."""
        common = {"role": self.role, "dataset": self.dataset, "url": url}
        rows: list[dict[str, Any]] = [vars(owes) for owes in self.owing.people]
        if self.owing.lacking:
            rows.append({"person": None, "open": self.owing.lacking, "drafts": 0})
        return [{**common, **row} for row in rows]

    def __str__(self) -> str:
        who = ", ".join(map(str, self.owing.people))
        said = f"waiting for answers to {self.records} records in {self.dataset}"
        said += f" ({self.role}s: {who})" if who else ""
        if not self.owing.lacking:
            return said
        rule = ", somebody who did not read them," if self.role == Role.ADJUDICATOR else ""
        return (
            f"{said}; {self.owing.lacking} of them cannot be settled by the people there are: add another"
            f" {self.role}{rule} with `twofold reviewers add --role {self.role}`"
        )


def waiting(project: Project, round_: Round, argilla: Looks) -> list[Waiting]:
    """Say for whom a round waits, by the last review, or by what was sent if there was none."""
    people = {role: argilla.reviewers(naming.workspace(project, role)) for role in naming.ROLES}
    return [wait for view in project.views for wait in waiting_for(view, view.round(round_.number), people)]


def waiting_for(
    project: Project, round_: Round, people: Mapping[str, Sequence[str]], votes: Sequence[Vote] | None = None
) -> list[Waiting]:
    """Say for whom a round waits as seen from a question: readers, who answer all of them, are those of the first.

    Args:
        project: Whose round.
        round_: The round.
        people: Who may answer, by role.
        votes: The answers so far; those that were pulled by default.
    """
    asked = asked_in(project, round_)
    if asked is None:
        return []
    if votes is None:
        votes = as_votes(round_.votes()) if round_.snapshots() else []
    looks, at_review = third_looks_in(round_), open_at_review(round_)
    seen = readings(votes, people[Role.ANNOTATOR], asked.required, looks)
    undecided = [i for i in at_review[Method.UNDECIDED] if seen.complete(i) is Complete.NOT_YET]
    disputed = [i for i in at_review[Method.DISPUTED] if i not in seen.settled]

    def missing(place: RoundDataset) -> Owing:
        able, said = people[place.role], [vote for vote in votes if vote.role == place.role]
        if place.role == Role.ADJUDICATOR:
            return owing(disputed, said, able, needed=lambda _: 1, not_by={i: seen.read(i) for i in disputed})
        return owing([i for i in undecided if (i in looks) == place.is_third_look], said, able, needed=seen.needed)

    places = naming.datasets(project, round_)
    found = [(place, missing(place)) for place in places if not project.question or place.role == Role.ADJUDICATOR]
    return [Waiting(role=place.role, dataset=place.name, owing=owes) for place, owes in found if owes.records]


def open_at_review(round_: Round) -> dict[Method, list[str]]:
    """Return the ids of the records that were `undecided` at the last review, and of those that were `disputed`."""
    if not round_.has("decisions.parquet"):
        return {Method.UNDECIDED: column(round_.table("batch.parquet"), "record_id"), Method.DISPUTED: []}
    rows = round_.table("decisions.parquet").select(["record_id", "method"]).to_pylist()
    return {m: [row["record_id"] for row in rows if row["method"] == m] for m in (Method.UNDECIDED, Method.DISPUTED)}
