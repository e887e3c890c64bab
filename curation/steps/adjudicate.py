"""Disputes -> Argilla: one more person sees the answers, and not whose they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.annotation.noting import free_name, note_questions
from curation.annotation.shown import page_fields, posed, titles
from curation.annotation.spec import DatasetSpec, Outgoing, Suggested
from curation.project.asked import Asked, asked_in
from curation.project.folder import Project, Round
from curation.project.records import by_id, shaped_by_id
from curation.project.standing import Role
from curation.project.step import Context
from curation.review.adjudication import NO_LABEL, open_disputes
from curation.review.answers import NO_ANSWER
from curation.tasks.task import Task

PREAMBLE = """# Adjudication

Each of these records was read by several people who did not see each other's answers, and their answers differ.
Read the texts first, then give the answer that fits best; it may be one of theirs or another one.
If you like, say why they differed, and what the guidelines should say.

"""
ANSWERS = "answers"
NO_ANSWERS = (NO_LABEL, NO_ANSWER)


def adjudicate(context: Context, argilla: ArgillaClient) -> str:
    """Bring the adjudicators' data set to what is disputed now, and say what that took; nothing if it is so already.

    Their records are a set, compared with the server's: what is disputed is sent, and what meanwhile was settled
    without them is withdrawn. What an adjudicator has answered stays, and so does the answer.
    """
    project, round_ = context.project, context.round
    asked, listed = asked_in(project, round_), round_.table("adjudication.parquet")
    name, workspace = naming.dataset(project, round_, Role.ADJUDICATOR), naming.workspace(project, Role.ADJUDICATOR)
    if asked is None or (listed.num_rows == 0 and argilla.dataset(name, workspace) is None):
        return ""
    dataset = argilla.ensure_dataset(_spec(project, round_, asked))
    held, disputed = argilla.record_ids(dataset), open_disputes(round_.table("decisions.parquet"))
    withdrawn = argilla.withdraw(dataset, settled) if (settled := held - disputed) else 0
    outgoing = [record for record in _outgoing(context, listed, asked) if record.record_id in disputed]
    for done in argilla.upload(dataset, outgoing):
        context.tick(done, len(outgoing))
    round_.write_json("adjudication.json", {"dataset": name, "workspace": workspace, "records": sorted(disputed)})
    new = f"{len(disputed - held)} disputed records sent to a third person in {name}" if disputed - held else ""
    back = f"{withdrawn} were settled, and are withdrawn" if withdrawn else ""
    return "; ".join(filter(None, (new, back)))


def _spec(project: Project, round_: Round, asked: Asked) -> DatasetSpec:
    return DatasetSpec(
        name=naming.dataset(project, round_, Role.ADJUDICATOR),
        workspace=naming.workspace(project, Role.ADJUDICATOR),
        guidelines=PREAMBLE + asked.guidelines,
        fields={**titles(asked), free_name(ANSWERS, asked.fields): "The answers so far"},
        chat=asked.chat,
        custom=asked.custom,
        questions={
            asked.question: replace(posed(project, asked), is_optional=False),
            **note_questions(asked.question),
        },
        required=1,
        contents=project.contents,
    )


def _outgoing(context: Context, listed: pa.Table, asked: Asked) -> Iterator[Outgoing]:
    records, to_correct, encode = context.project.records, _to_correct(context), asked.encoder()
    fields, shaped = by_id(records, "fields"), shaped_by_id(records)
    for row in listed.to_pylist():
        texts = fields[row["record_id"]]
        shown = page_fields({asked.question: asked}, texts, shaped.get(row["record_id"], {}))
        answers = _beside(context.config.task, row["answers"], texts)
        merged = encode(to_correct.get(row["record_id"]), texts)
        yield Outgoing(
            record_id=row["record_id"],
            fields={**shown, free_name(ANSWERS, texts): answers},
            suggestions={} if merged is None else {asked.question: Suggested(value=merged)},
        )


def _to_correct(context: Context) -> Mapping[str, Any]:
    """Return what the readers' answers make of a record, by its id, where a third person corrects a text."""
    is_written = context.config.task.kind.is_written
    return by_id(context.round.table("consensus.parquet"), "value") if is_written else {}


def _beside(task: Task, answers: Sequence[str], texts: Mapping[str, str]) -> str:
    """Return the different answers to a record as they are seen beside its texts."""
    if task.kind.beside is None:
        return "\n".join(_marked(task, words, texts) for words in answers)
    given = [task.kind.parse(task.asked, words) for words in answers if words not in NO_ANSWERS]
    return "\n\n".join([task.kind.beside(given, task.asked, texts), *(each for each in answers if each in NO_ANSWERS)])


def _marked(task: Task, words: str, texts: Mapping[str, str]) -> str:
    """Return an answer as it is seen beside the texts; what is no answer, such as a discard, in its words."""
    if task.kind.marked is None or words in NO_ANSWERS:
        return words
    return task.kind.marked(task.kind.parse(task.asked, words), task.asked, texts)
