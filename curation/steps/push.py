"""Queue -> Argilla: the round's batch, with everything a reviewer needs and nothing that tells the answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.annotation.spec import DatasetSpec, Outgoing
from curation.config import Config
from curation.embeddings import EmbeddingStore
from curation.errors import TwofoldError
from curation.project import Project, Round
from curation.records import column
from curation.step import Context, Step

METADATA = {"round": "integer", "reason": "terms", "why": "terms", "priority": "float"}


def take_batch(context: Context) -> str:
    """Take the batch from the queue of the round before: the first records, and a share of test records.

    Records of the test part come by chance, never because a model was wrong on them: correcting only those
    would flatter the next model.
    """
    queue = context.project.before(context.round).table("queue.parquet")
    if queue.num_rows == 0:
        raise TwofoldError("the queue is empty: every record was read, nothing is left to send")
    size = context.config.annotation.batch_size
    is_test = pc.equal(queue["kind"], "test part")
    tests, others = queue.filter(is_test), queue.filter(pc.invert(is_test))
    share = min(tests.num_rows, max(round(size * context.config.annotation.test_share), size - others.num_rows))
    batch = pa.concat_tables([others.slice(0, size - share), tests.slice(0, share)])
    context.round.write_table("batch.parquet", batch)
    return f"{batch.num_rows} of {queue.num_rows} queued records taken, {share} of them test records"


def _reads(project: Project, round_: Round) -> list[Path]:
    return [project.before(round_).path("queue.parquet")]


def _depends_on(config: Config) -> object:
    return [config.annotation.batch_size, config.annotation.test_share]


STEP = Step(name="batch", makes=("batch.parquet",), reads=_reads, depends_on=_depends_on, run=take_batch)


def push(context: Context, argilla: ArgillaClient) -> str:
    """Send the batch; what is there already is brought up to date, and answers are never touched."""
    project, round_ = context.project, context.round
    batch = round_.table("batch.parquet")
    embeddings = EmbeddingStore(project)
    spec = DatasetSpec(
        name=naming.dataset(project, round_),
        workspace=naming.workspace(project),
        guidelines=project.guidelines,
        fields={name: name.replace("_", " ").capitalize() for name in project.config.task.fields},
        question=project.config.task.question,
        labels=project.config.task.labels,
        required=project.config.annotation.required,
        contents=project.contents,
        vector_size=embeddings.width,
        metadata=METADATA,
    )
    dataset = argilla.ensure_dataset(spec)
    for done in argilla.upload(dataset, _outgoing(context, batch, embeddings)):
        context.tick(done, batch.num_rows)
    facts = {"dataset": spec.name, "workspace": spec.workspace, "records": batch.num_rows, "url": argilla.url}
    round_.write_json("pushed.json", facts)
    return f"{batch.num_rows} records wait for {spec.required} people each in {spec.name} at {argilla.url}"


def _outgoing(context: Context, batch: pa.Table, embeddings: EmbeddingStore) -> Iterator[Outgoing]:
    ids = column(batch, "record_id")
    vectors = embeddings.of(ids)
    fields = dict(
        zip(
            column(context.project.records, "record_id"),
            column(context.project.records, "fields"),
            strict=True,
        )
    )
    for row, vector in zip(batch.to_pylist(), vectors, strict=True):
        yield Outgoing(
            record_id=row["record_id"],
            fields=fields[row["record_id"]],
            metadata={
                "round": context.round.number,
                "reason": row["kind"],
                "why": row["reason"],
                "priority": row["score"],
            },
            suggestion=row["suggestion"] if context.config.annotation.suggestions else None,
            suggestion_score=row["suggestion_score"],
            vector=vector.tolist(),
        )
