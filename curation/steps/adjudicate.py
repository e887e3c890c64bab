"""Disputes -> Argilla: one more person sees the answers, and not whose they are."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.annotation.spec import DatasetSpec, Outgoing
from curation.project.asked import Asked, asked_in
from curation.project.folder import Project, Round
from curation.project.records import by_id
from curation.project.standing import Role
from curation.project.step import Context
from curation.review.adjudication import NO_LABEL, open_disputes
from curation.tasks.task import Task

PREAMBLE = """# Adjudication

Each of these records was read by several people who did not see each other's answers, and their answers differ.
Read the text first, then choose the label that fits best; it may be one of their answers or another one.

"""
ANSWERS = "answers"


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
    titles = {name: name.replace("_", " ").capitalize() for name in asked.fields}
    return DatasetSpec(
        name=naming.dataset(project, round_, Role.ADJUDICATOR),
        workspace=naming.workspace(project, Role.ADJUDICATOR),
        guidelines=PREAMBLE + asked.guidelines,
        fields={**titles, _answers_field(asked.fields): "The answers so far"},
        question=asked.question,
        settings=asked.for_argilla(project.config.task.labels),
        required=1,
        contents=project.contents,
    )


def _answers_field(fields: Container[str]) -> str:
    """Return a name for the answers that no text field of the task has."""
    name = ANSWERS
    while name in fields:
        name += "_"
    return name


def _outgoing(context: Context, listed: pa.Table, asked: Asked) -> Iterator[Outgoing]:
    fields, merged, encode = by_id(context.project.records, "fields"), _to_correct(context), asked.encoder()
    for row in listed.to_pylist():
        texts = fields[row["record_id"]]
        shown = asked.kind.page_fields(asked.settings, texts)
        answers = _beside(context.config.task, row["answers"], texts)
        yield Outgoing(
            record_id=row["record_id"],
            fields={**shown, _answers_field(texts): answers},
            suggestion=encode(merged.get(row["record_id"]), texts),
        )


def _to_correct(context: Context) -> Mapping[str, Any]:
    """Return what the readers' answers make of a record, by its id, where a third person corrects a text."""
    is_written = context.config.task.kind.is_written
    return by_id(context.round.table("consensus.parquet"), "value") if is_written else {}


def _beside(task: Task, answers: Sequence[str], texts: Mapping[str, str]) -> str:
    """Return the different answers to a record as they are seen beside its texts."""
    if task.kind.beside is None:
        return "\n".join(_marked(task, words, texts) for words in answers)
    given = [task.kind.parse(task.asked, words) for words in answers if words != NO_LABEL]
    return "\n\n".join([task.kind.beside(given, task.asked, texts), *(each for each in answers if each == NO_LABEL)])


def _marked(task: Task, words: str, texts: Mapping[str, str]) -> str:
    """Return an answer as it is seen beside the texts; what is no answer, such as a discard, in its words."""
    if task.kind.marked is None or words == NO_LABEL:
        return words
    return task.kind.marked(task.kind.parse(task.asked, words), task.asked, texts)
