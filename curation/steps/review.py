"""Votes -> decisions: agreement, consensus, reviewer quality, and what a third person has to settle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import combinations
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import TwofoldError
from curation.project.asked import THIRD_LOOKS, Asked, asked_in, third_looks_in
from curation.project.folder import Round
from curation.project.labelled import fields_by_id
from curation.project.notes import counted_notes, notes_in
from curation.project.readings import Readings, as_votes, readings
from curation.project.records import by_id, column, consensus_schema, decisions_schema, labels_schema, table
from curation.project.standing import Method, Role, Status
from curation.project.step import Context, Step
from curation.review import agreement, decide
from curation.review.adjudication import disputes
from curation.review.answers import RecordConsensus, Units, as_units, consensus_of_units, in_words, of_records
from curation.review.changes import changed_decisions
from curation.review.consensus import Consensus
from curation.review.decide import Settle
from curation.review.discards import with_discards
from curation.review.peers import agreement_with_others
from curation.review.reader_leanings import reader_leanings
from curation.review.soft_labels import soft_labels
from curation.review.third_looks import SCHEMA, new_third_looks
from curation.tasks.task import Task


def run(context: Context) -> str:
    """Decide what the votes decide, by what the round asked; list the rest for a third person."""
    round_, task = context.round, context.config.task
    asked, votes = _asked(context), round_.votes()
    answers = in_words(votes, task.kind, task.asked)
    units = as_units(_of_role(votes, Role.ANNOTATOR), task.kind, task.asked)
    reviewed, ruled = _of_role(answers.votes, Role.ANNOTATOR), _of_role(answers.votes, Role.ADJUDICATOR)
    chosen = _chosen(context, units)
    agreed = of_records(chosen, units, answers, task.asked, task.class_values())
    seen = _with_third_looks(round_, _readings(round_, asked, votes), units, chosen, asked.third_looks)
    decided = _decided(reviewed, ruled, column(round_.table("batch.parquet"), "record_id"), seen, agreed)
    decisions = answers.typed(decided, decisions_schema(task.kind.value()))
    before = context.project.before(round_).table("labels.parquet")
    _note_changes(round_, decisions)
    round_.write_table("consensus.parquet", _consensus_table(agreed, task))
    round_.write_table("soft.parquet", soft_labels(agreed))
    round_.write_table("adjudication.parquet", disputes(answers.votes, decided))
    round_.write_table("decisions.parquet", decisions)
    round_.write_table("labels.parquet", _overlaid(before, decisions, round_.number))
    round_.write_json("review.json", _facts(context, votes, units, chosen, reviewed, ruled, decisions))
    counted = ", ".join(f"{n} {method}" for method, n in sorted(Counter(column(decisions, "method")).items()))
    return f"{decisions.num_rows} records: {counted}"


def _chosen(context: Context, units: Units) -> Consensus:
    """Return the consensus on units; where the texts tell of a unit, they are read."""
    task, seed = context.config.task, context.config.seed
    fields = fields_by_id(context.project) if task.kind.cues is not None else None
    return consensus_of_units(units, task.kind, task.asked, fields=fields, seed=seed)


def _readings(round_: Round, asked: Asked, votes: pa.Table) -> Readings:
    readers = round_.json("people.json")[Role.ANNOTATOR] if round_.has("people.json") else None
    return readings(as_votes(votes), readers, asked.required, third_looks_in(round_))


def _with_third_looks(round_: Round, seen: Readings, units: Units, chosen: Consensus, share: float) -> Readings:
    """Keep which records one more reader should read: more may come, and none is taken back."""
    if not round_.question and (new := new_third_looks(seen, units, chosen, share=share)):
        before = round_.table(THIRD_LOOKS).to_pylist() if round_.has(THIRD_LOOKS) else []
        round_.write_table(THIRD_LOOKS, table([*before, *new], SCHEMA))
    return replace(seen, third_looks=third_looks_in(round_))


def _decided(
    reviewed: pa.Table, ruled: pa.Table, batch: Sequence[str], seen: Readings, agreed: RecordConsensus
) -> pa.Table:
    """Decide what readers and adjudicators decide; where a third reader looked, a majority does."""
    needed = {record_id: seen.needed(record_id) for record_id in batch}
    settle: dict[str, Settle] = {i: "majority" for i, n in needed.items() if n > seen.required}
    decided = decide(reviewed, _by_third(ruled, seen), required=needed, settle=settle, consensus=agreed)
    return with_discards(decided, batch, seen)


def _facts(
    context: Context,
    votes: pa.Table,
    units: Units,
    chosen: Consensus,
    reviewed: pa.Table,
    ruled: pa.Table,
    decisions: pa.Table,
) -> dict[str, Any]:
    """Return how far people agree, how good each of them is, and who did what."""
    return {
        "agreement": _agreement(context, votes, units),
        **_of_readers(context, chosen, reviewed),
        "calibration": chosen.calibration.to_pylist(),
        "with_others": agreement_with_others(reviewed),
        "decisions": dict(Counter(column(decisions, "method"))),
        "discarded": {
            role: dict(Counter(column(_with_status(said, Status.DISCARDED), "reviewer")))
            for role, said in ((Role.ANNOTATOR, reviewed), (Role.ADJUDICATOR, ruled))
        },
        "adjudicators": dict(Counter(column(_with_status(ruled, Status.SUBMITTED), "reviewer"))),
        "confusions": [] if context.config.task.kind.is_written else _mixed_up(reviewed),
        "notes": counted_notes(notes_in(context.round)),
    }


def _of_readers(context: Context, chosen: Consensus, reviewed: pa.Table) -> dict[str, Any]:
    """Return how good each reader is; of those who compare two texts also whether they lean to one place."""
    task, given = context.config.task, _with_status(reviewed, Status.SUBMITTED)
    answers = Counter(column(given.filter(pc.is_valid(given["label"])), "reviewer"))  # and not their choices
    readers = [{**row, "n_votes": answers[row["reviewer"]]} for row in chosen.reviewers.to_pylist()]
    if not task.kind.compares:
        return {"reviewers": readers}
    texts, (first, second) = by_id(context.project.records, "fields"), task.asked.about()
    said = (
        ((texts[row["record_id"]][first], texts[row["record_id"]][second]), row["reviewer"], row["label"])
        for row in given.to_pylist()
    )
    leanings = {each.reviewer: each for each in reader_leanings(said, seed=context.config.seed)}
    habits = {name: each.habit for name, each in leanings.items() if each.habit is not None}
    return {
        "reviewers": [{**row, "habit": habits.get(row["reviewer"], row["habit"])} for row in readers],
        "leanings": [asdict(each) for each in leanings.values()],
    }


def _agreement(context: Context, votes: pa.Table, units: Units) -> dict[str, Any]:
    """Return how far the readers agree: on whole answers where their kind has a way to compare them, else on units."""
    task, seed = context.config.task, context.config.seed
    if task.kind.agreement:
        read, texts = _of_role(votes, Role.ANNOTATOR), _placed_in(context)
        kind, labels = task.kind.agreement, task.labels or None
        return agreement(read, kind=kind, labels=labels, texts=texts, seed=seed).to_dict()
    return agreement(units.votes, scale=task.kind.scale, labels=task.kind.choices(task.asked), seed=seed).to_dict()


def _placed_in(context: Context) -> dict[str, str] | None:
    """Return the text of every record that answers are places in; None where they are not."""
    task = context.config.task
    if task.kind.cues is None:
        return None
    (field,) = task.asked.about()
    return {record_id: fields[field] for record_id, fields in fields_by_id(context.project).items()}


def _consensus_table(agreed: RecordConsensus, task: Task) -> pa.Table:
    """Return the answer that the readers' votes alone make of every record."""
    rows = (
        {"record_id": record_id, "value": agreed.values[label], "confidence": agreed.confidence[record_id]}
        for record_id, label in sorted(agreed.label.items())
    )
    return table(rows, consensus_schema(task.kind.value()))


def _asked(context: Context) -> Asked:
    asked = asked_in(context.project, context.round)
    if asked is None:
        raise TwofoldError(f"round {context.round.number:03d} asked nobody yet (run `twofold push`)")
    return asked


def _of_role(votes: pa.Table, role: Role) -> pa.Table:
    return votes.filter(pc.equal(votes["role"], role))


def _with_status(votes: pa.Table, status: Status) -> pa.Table:
    return votes.filter(pc.equal(votes["status"], status))


def _by_third(ruled: pa.Table, seen: Readings) -> pa.Table:
    """Leave out rulings of people who discarded the record as readers: they are no third person either."""
    pairs = zip(column(ruled, "record_id"), column(ruled, "reviewer"), strict=True)
    return ruled.filter(pa.array([who not in seen.discarded.get(i, ()) for i, who in pairs], pa.bool_()))


def _note_changes(round_: Round, decisions: pa.Table) -> None:
    """Keep what was decided otherwise before: late answers count, and what they overturn is not forgotten."""
    if not round_.has("decisions.parquet"):
        return
    changed = changed_decisions(round_.table("decisions.parquet"), decisions, len(round_.snapshots()))
    told = round_.table("decision_changes.parquet").to_pylist() if round_.has("decision_changes.parquet") else []
    news = [row for row in changed.to_pylist() if row not in told]  # a review killed after this has told them already
    if news:
        round_.write_table("decision_changes.parquet", table([*told, *news], changed.schema))


def _overlaid(labels: pa.Table, decisions: pa.Table, number: int) -> pa.Table:
    """Return the labels of the round before, with what people decided in this one laid over them."""
    news = {row["record_id"]: row for row in decisions.to_pylist()}
    schema = labels_schema(labels["value"].type)
    return table((_settled(row, news.get(row["record_id"]), number) for row in labels.to_pylist()), schema)


def _settled(row: Mapping[str, Any], news: Mapping[str, Any] | None, number: int) -> Mapping[str, Any]:
    if news is None or (news["value"] is None and news["method"] in (Method.UNDECIDED, Method.DISPUTED)):
        return row
    return {
        "record_id": row["record_id"],
        "value": news["value"],
        "source": news["method"],
        "round": number,
        "confidence": news["confidence"],
    }


def _mixed_up(votes: pa.Table) -> list[dict[str, Any]]:
    """Count on how many records somebody gave one label and somebody else another, most often first."""
    said: dict[str, set[str]] = {}
    for vote in _with_status(votes, Status.SUBMITTED).to_pylist():
        said.setdefault(vote["record_id"], set()).add(vote["label"])
    pairs = Counter(pair for labels in said.values() for pair in combinations(sorted(labels), 2))
    return [{"first": pair[0], "second": pair[1], "n": n} for pair, n in pairs.most_common()]


STEP = Step(
    name="review",
    makes=(
        "consensus.parquet",
        "soft.parquet",
        "adjudication.parquet",
        "decisions.parquet",
        "labels.parquet",
        "review.json",
    ),
    keeps=("decision_changes.parquet", THIRD_LOOKS),
    needs=("batch.parquet",),
    depends_on=lambda config: [config.task.model_dump(mode="json"), config.seed],
    run=run,
    revision=9,
)
