"""Argilla -> votes: a snapshot that never changes, of who answered what and when. Votes only grow.

An answer that was pulled stays, whatever becomes of the server: an account that is deleted takes its answers with it,
an older backup brings older answers back, a home made anew has none. What the server does not have any more is kept,
marked as gone, and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.annotation.collecting import Found, collected
from curation.annotation.noting import note_of
from curation.annotation.spec import Answer
from curation.errors import TwofoldError
from curation.project import ledger
from curation.project.artifacts import read_table, write_table
from curation.project.asked import Asked, asked_in, third_looks_in, with_unknown
from curation.project.folder import Round
from curation.project.notes import NOTED, NOTES, notes_in, overlaid_notes
from curation.project.older_tables import read_as_votes
from curation.project.records import by_id, column, table, votes_schema
from curation.project.standing import ANSWERED, Role, Status
from curation.project.step import Context

PART = 10_000
"""Votes that become a table together."""

ORDER = ("role", "record_id", "reviewer")
"""One person gives one answer to a record in a role: what tells votes apart, and the order in which they stand."""


@dataclass(kw_only=True)
class Gathered:
    """Votes on their way to a table; few of them are ever more than rows of one."""

    schema: pa.Schema
    rows: list[dict[str, Any]] = field(default_factory=list)
    parts: list[pa.Table] = field(default_factory=list)

    def add(self, row: dict[str, Any]) -> None:
        """Take one vote."""
        self.rows.append(row)
        if len(self.rows) == PART:
            self._pack()

    def table(self) -> pa.Table:
        """Return all votes in one order, whatever order they came in."""
        self._pack()
        return _in_order(pa.concat_tables([self.schema.empty_table(), *self.parts]))

    def _pack(self) -> None:
        self.parts.append(table(self.rows, self.schema))
        self.rows = []


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """The answers to one question of a round.

    Attributes:
        context: The project and the round, as seen from the question.
        asked: What was asked.
        datasets: The data sets in which it is answered.
        votes: What came.
        kept: Makes of a vote what snapshots keep.
        notes: What adjudicators noted beside their answers.
    """

    context: Context
    asked: Asked
    datasets: Found
    votes: Gathered
    kept: Callable[[dict[str, Any]], dict[str, Any]]
    notes: list[dict[str, Any]] = field(default_factory=list)

    def add(self, role: Role, answer: Answer) -> None:
        """Take what somebody answered to the question."""
        self.votes.add(self.kept(_vote(role, answer, self.asked.question)))

    def of_role(self, role: Role) -> Found:
        """Return the data sets that people of a role answer in."""
        return [(place, dataset) for place, dataset in self.datasets if place.role == role]


def pull(context: Context, argilla: ArgillaClient, *, give_up_missing: bool = False) -> str:
    """Take all answers of a round to one question; a new snapshot is written only if anything differs from the last.

    Args:
        context: The project, and the round.
        argilla: The server.
        give_up_missing: Forget answers that the server does not have any more.

    Raises:
        TwofoldError: The round was not sent yet, or the server has never heard of it and nothing was pulled before.
    """
    (said,) = pull_all([context], argilla, give_up_missing=give_up_missing)
    return said


def pull_all(contexts: Sequence[Context], argilla: ArgillaClient, *, give_up_missing: bool = False) -> Iterator[str]:
    """Do the same for several questions of a round, and say of each what came; readers' answers are read once for all.

    Args:
        contexts: The project and the round, as seen from each of the questions.
        argilla: The server.
        give_up_missing: Forget answers that the server does not have any more.

    Raises:
        TwofoldError: As `pull`.
    """
    pulled = [_begun(context, argilla) for context in contexts]
    for role, answer in collected(argilla, pulled[0].of_role(Role.ANNOTATOR), contexts[0].round):
        for each in pulled:
            each.add(role, answer)
    for each in pulled:
        for role, answer in collected(argilla, each.of_role(Role.ADJUDICATOR), each.context.round):
            each.add(role, answer)
            if answer.status in ANSWERED:
                each.notes.append(note_of(answer, each.asked.question))
        yield _kept(each, argilla, give_up_missing=give_up_missing)


def _begun(context: Context, argilla: ArgillaClient) -> Pulled:
    asked = asked_in(context.project, context.round)
    if asked is None:
        raise TwofoldError("no batch was sent in this round yet (run `twofold push`)")
    note_people(context, argilla)
    return Pulled(
        context=context,
        asked=asked,
        datasets=_datasets(context, argilla),
        votes=Gathered(schema=votes_schema(asked.kind.value())),
        kept=_keeping(context, asked),
    )


def _kept(pulled: Pulled, argilla: ArgillaClient, *, give_up_missing: bool) -> str:
    """Write a new snapshot if anything differs from the last, and say what came."""
    context, round_ = pulled.context, pulled.context.round
    served = pulled.votes.table()
    _keep_notes(round_, pulled.notes)
    snapshots = round_.snapshots()
    held = read_as_votes(read_table(snapshots[-1])) if snapshots else pulled.votes.schema.empty_table()
    votes = served if give_up_missing else overlaid(held, served)
    _reopen_what_argilla_completed(context, argilla, pulled.datasets, votes)
    _note_unknown(context, votes)
    gone = _gone(votes)
    if snapshots and held.equals(votes):
        return f"nothing new: {votes.num_rows} answers, as in {snapshots[-1].name}{gone}"
    path = round_.path(f"votes/{len(snapshots) + 1:04d}.parquet")
    write_table(path, votes)
    given_up = len(set(_keys(held)) - set(_keys(votes))) if give_up_missing else 0
    facts = {"round": round_.number, "snapshot": path.name, "votes": votes.num_rows, "given_up": given_up}
    ledger.append(context.project.folder, "pull", **facts)
    lost = f"; {given_up} were given up" if given_up else ""
    return f"{votes.num_rows} answers of {len(set(column(votes, 'reviewer')))} people in {path.name}{gone}{lost}"


def note_people(context: Context, argilla: ArgillaClient) -> None:
    """Keep who may answer in this round: a record waits for somebody only while there is somebody."""
    people = {role: argilla.reviewers(naming.workspace(context.project, role)) for role in naming.ROLES}
    if not context.round.has("people.json") or context.round.json("people.json") != people:
        context.round.write_json("people.json", people)


def _datasets(context: Context, argilla: ArgillaClient) -> Found:
    """Return the round's data sets, those that the server has."""
    project, round_ = context.project, context.round
    found = [(place, argilla.dataset(place.name, place.workspace)) for place in naming.datasets(project, round_)]
    if found[0][1] is None and not round_.snapshots():
        raise TwofoldError(f"Argilla at {argilla.url} has no data set {found[0][0].name!r}; run `twofold push` again")
    return [(place, dataset) for place, dataset in found if dataset is not None]


def _vote(role: Role, answer: Answer, question: str) -> dict[str, Any]:
    """Return an answer to a question as a vote."""
    return {
        "record_id": answer.record_id,
        "reviewer": answer.reviewer,
        "role": role,
        "status": answer.status,
        "value": answer.values.get(question),
        "submitted_at": answer.submitted_at,
        "gone": False,
    }


def _keep_notes(round_: Round, served: list[dict[str, Any]]) -> None:
    held = notes_in(round_)
    notes = overlaid_notes(held, served)
    if notes != held:
        round_.write_table(NOTED, table(notes, NOTES))


def _keeping(context: Context, asked: Asked) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what makes of a vote what snapshots keep: places are counted in characters, and by pages otherwise."""
    from_page = asked.kind.from_page
    if from_page is None:
        return lambda vote: vote
    fields = by_id(context.project.records, "fields")

    def kept(vote: dict[str, Any]) -> dict[str, Any]:
        value, texts = vote["value"], fields.get(vote["record_id"])
        if value is not None and texts is not None:
            value = from_page(asked.settings, value, texts)
        is_empty = value is None and vote["status"] == Status.SUBMITTED
        return {**vote, "value": value, "status": Status.DISCARDED if is_empty else vote["status"]}

    return kept


def _reopen_what_argilla_completed(context: Context, argilla: ArgillaClient, datasets: Found, votes: pa.Table) -> None:
    """Let the server offer again what it takes for complete although answers are missing.

    Argilla deletes an account's answers with it, and leaves their records complete: nobody could answer them.
    """
    asked, looks = asked_in(context.project, context.round), third_looks_in(context.round)
    for place, dataset in datasets:
        given = votes.filter(pc.and_(pc.equal(votes["role"], place.role), pc.equal(votes["status"], Status.SUBMITTED)))
        answers = Counter(i for i in column(given, "record_id") if i in looks or not place.is_third_look)
        needed = place.needed(asked.required if asked is not None else 1)
        progress = argilla.progress(dataset)
        if progress.pending < progress.total - sum(n >= needed for n in answers.values()):
            argilla.count_anew(dataset, needed)


def overlaid(held: pa.Table, served: pa.Table) -> pa.Table:
    """Return what was held with what the server says laid over it; of one vote's two forms the later stays.

    Args:
        held: The newest snapshot, a table of `votes_schema`.
        served: All answers that the server has.

    Returns:
        Every vote once. Those that the server lacks, or has in an older form only, are marked as gone; a draft that
        the server lacks was never an answer, and is left out.
    """
    given = dict(zip(_keys(served), column(served, "submitted_at"), strict=True))
    stays = [
        status != Status.DRAFT and (key not in given or given[key] < at)
        for key, status, at in zip(_keys(held), column(held, "status"), column(held, "submitted_at"), strict=True)
    ]
    kept = held.filter(pa.array(stays, pa.bool_()))
    kept = kept.set_column(kept.schema.get_field_index("gone"), "gone", pa.array([True] * kept.num_rows, pa.bool_()))
    older = set(_keys(kept))
    is_newest = pa.array([key not in older for key in _keys(served)], pa.bool_())
    return _in_order(pa.concat_tables([served.filter(is_newest), kept]))


def _keys(votes: pa.Table) -> list[tuple[str, ...]]:
    return list(zip(*(column(votes, name) for name in ORDER), strict=True))


def _in_order(votes: pa.Table) -> pa.Table:
    return votes.sort_by([(name, "ascending") for name in ORDER]).combine_chunks()


def _gone(votes: pa.Table) -> str:
    n = int(np.sum(votes["gone"].to_numpy()))
    return f"; {n} of them are not on the server any more, and are kept" if n else ""


def _note_unknown(context: Context, votes: pa.Table) -> None:
    """Keep values that the round did not ask for: the server's settings were changed by somebody else."""
    asked = asked_in(context.project, context.round)
    if asked is None:
        return
    given = column(votes.filter(pc.is_valid(votes["value"])), "value")
    options = {option for value in given for option in asked.kind.mentions(value)}
    if not context.round.has("asked.json") or not options <= asked.options.keys():
        context.round.write_json("asked.json", with_unknown(asked, options).model_dump(mode="json"))
