"""Disputes -> Argilla: one more person sees the answers, and not whose they are."""

from __future__ import annotations

from collections.abc import Iterator

from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.annotation.spec import DatasetSpec, Outgoing
from curation.records import column
from curation.step import Context

PREAMBLE = """# Adjudication

Each of these records was read by several people who did not see each other's answers, and their answers differ.
Read the text first, then choose the label that fits best; it may be one of their answers or another one.

"""
ANSWERS = "answers"


def adjudicate(context: Context, argilla: ArgillaClient) -> str:
    """Send the disputed records to the adjudicators' workspace; what is there already stays as it is."""
    project, round_ = context.project, context.round
    disputed = round_.table("adjudication.parquet")
    if disputed.num_rows == 0:
        return "nobody disagreed: nothing to adjudicate"
    titles = {name: name.replace("_", " ").capitalize() for name in project.config.task.fields}
    spec = DatasetSpec(
        name=naming.dataset(project, round_, "adjudicator"),
        workspace=naming.workspace(project, "adjudicator"),
        guidelines=PREAMBLE + project.guidelines,
        fields={**titles, ANSWERS: "The answers so far"},
        question=project.config.task.question,
        labels=project.config.task.labels,
        required=1,
        contents=project.contents,
    )
    dataset = argilla.ensure_dataset(spec)
    outgoing = list(_outgoing(context))
    for done in argilla.upload(dataset, outgoing):
        context.tick(done, len(outgoing))
    round_.write_json(
        "adjudication.json", {"dataset": spec.name, "workspace": spec.workspace, "records": len(outgoing)}
    )
    return f"{len(outgoing)} disputed records wait for a third person in {spec.name} at {argilla.url}"


def _outgoing(context: Context) -> Iterator[Outgoing]:
    records = context.project.records
    fields = dict(zip(column(records, "record_id"), column(records, "fields"), strict=True))
    for row in context.round.table("adjudication.parquet").to_pylist():
        answers = "\n".join(row["answers"])
        yield Outgoing(record_id=row["record_id"], fields={**fields[row["record_id"]], ANSWERS: answers})
