"""Argilla -> votes: a snapshot that never changes, of who answered what and when. Votes only grow.

An answer that was pulled stays, whatever becomes of the server: an account that is deleted takes its answers with it,
an older backup brings older answers back, a home made anew has none. What the server does not have any more is kept,
marked as gone, and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.annotation.collecting import Found, collected
from curation.annotation.noting import note_of
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


def pull(context: Context, argilla: ArgillaClient, *, give_up_missing: bool = False) -> str:
    """Take all answers of a round; a new snapshot is written only if anything differs from the last.

    Args:
        context: The project, and the round.
        argilla: The server.
        give_up_missing: Forget answers that the server does not have any more.

    Raises:
        TwofoldError: The round was not sent yet, or the server has never heard of it and nothing was pulled before.
    """
    round_ = context.round
    asked = asked_in(context.project, round_)
    if asked is None:
        raise TwofoldError("no batch was sent in this round yet (run `twofold push`)")
    note_people(context, argilla)
    datasets = _datasets(context, argilla)
    schema = votes_schema(asked.kind.value())
    notes: list[dict[str, Any]] = []
    served = votes_table(_as_kept(context, asked, _served(argilla, datasets, round_, asked.question, notes)), schema)
    _keep_notes(round_, notes)
    snapshots = round_.snapshots()
    held = read_as_votes(read_table(snapshots[-1])) if snapshots else schema.empty_table()
    votes = served if give_up_missing else overlaid(held, served)
    _reopen_what_argilla_completed(context, argilla, datasets, votes)
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


def _served(
    argilla: ArgillaClient, datasets: Found, round_: Round, question: str, notes: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield every answer to a question as a vote; what adjudicators noted beside theirs is added to `notes`."""
    for role, answer in collected(argilla, datasets, round_):
        if role == Role.ADJUDICATOR and answer.status in ANSWERED:
            notes.append(note_of(answer, question))
        yield {
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


def _as_kept(context: Context, asked: Asked, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield answers as snapshots keep them: places in a text are counted in characters, and by pages otherwise."""
    from_page = asked.kind.from_page
    if from_page is None:
        yield from rows
        return
    fields = by_id(context.project.records, "fields")
    for row in rows:
        value, texts = row["value"], fields.get(row["record_id"])
        if value is not None and texts is not None:
            value = from_page(asked.settings, value, texts)
        is_empty = value is None and row["status"] == Status.SUBMITTED
        yield {**row, "value": value, "status": Status.DISCARDED if is_empty else row["status"]}


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


def votes_table(votes: Iterator[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Return all votes in one order, whatever order they came in; few of them are ever more than rows of a table."""
    parts = [schema.empty_table()]
    while part := list(islice(votes, PART)):
        parts.append(table(part, schema))
    return _in_order(pa.concat_tables(parts))


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
