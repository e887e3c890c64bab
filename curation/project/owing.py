"""Who can answer what a round still waits for, and what nobody can."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from curation.project.readings import Vote, answered_by
from curation.project.standing import ANSWERED, Status


@dataclass(frozen=True, kw_only=True)
class Owes:
    """What one person can still do.

    Attributes:
        person: Who.
        open: Records that wait for this person's answer, drafts included.
        drafts: Those of them that the person has begun and not submitted; Argilla's page counts them as no longer
            pending.
    """

    person: str
    open: int
    drafts: int

    def __str__(self) -> str:
        drafts = f" of them {self.drafts} draft{'s' * (self.drafts != 1)}" if self.drafts else ""
        return f"{self.person} {self.open}{drafts}"


@dataclass(frozen=True, kw_only=True)
class Owing:
    """What is missing in one data set.

    Attributes:
        records: Records that still need answers.
        people: Those who can answer some of them, by name.
        lacking: Records that stay open although everybody named has answered: too few people may answer them.
    """

    records: int
    people: tuple[Owes, ...]
    lacking: int


def owing(
    waiting: Collection[str],
    votes: Collection[Vote],
    people: Iterable[str],
    *,
    needed: Callable[[str], int],
    not_by: Mapping[str, Collection[str]] | None = None,
) -> Owing:
    """Say who can answer the records that wait.

    Args:
        waiting: Their ids.
        votes: The answers of this role so far.
        people: Who may answer in this role now.
        needed: How many answers a record needs, by its id.
        not_by: People who may not answer a record, by record id.
    """
    done, drafts = answered_by(votes, *ANSWERED), answered_by(votes, Status.DRAFT)
    able = {i: {p for p in people if p not in done.get(i, ()) and p not in (not_by or {}).get(i, ())} for i in waiting}
    return Owing(
        records=len(waiting),
        people=tuple(
            Owes(person=p, open=len(ids), drafts=sum(p in drafts.get(i, ()) for i in ids))
            for p in sorted(set(people))
            if (ids := [i for i in waiting if p in able[i]])
        ),
        # A discard is an answer: with nobody left to read it, a record with a discard is settled by a third person.
        lacking=sum(len(done.get(i, ())) + len(able[i]) < needed(i) for i in waiting),
    )
