"""Flags and model errors -> the queue of the next round, one reason per record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import Check
from curation.project.folder import Round
from curation.project.records import by_id, column, queue_schema, table
from curation.project.standing import Method
from curation.project.step import Context, Step
from curation.selection import Selection, next_records
from curation.selection.queue import foretold, queue, reviewed
from curation.selection.why_look import Known, errors

Row = Mapping[str, Any]
ERRORS = pa.schema(
    {
        **dict.fromkeys(("record_id", "part", "label", "predicted"), pa.string()),
        "confidence": pa.float64(),
        "verdict": pa.string(),
        "reason": pa.string(),
    }
)


def run(context: Context) -> str:
    """Say of every error whose it is, and queue what nobody has settled yet, in the order in which it teaches most."""
    config, known = context.config, list(_known(context))
    queued = queue(known, lambda codes, **those: _ordered(context, codes, those))
    said = _forecast(context, queued)
    context.round.write_table("errors.parquet", table(errors(known), ERRORS))
    context.round.write_json("forecast.json", said)
    context.round.write_table("queue.parquet", table(queued, queue_schema(config.task.kind.value())))
    kinds = Counter(entry["kind"] for entry in queued)
    found = ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
    waiting = f"{len(queued)} records wait to be read: {found}" if queued else "nothing is left to look at"
    return f"{waiting}{_said(said['next'])}"


def _ordered(context: Context, codes: Any, those: Row) -> Selection:
    """Order some records; the embeddings are read only where there is anything to order."""
    config = context.config
    n_classes, size = max(len(config.task.classes), 1), config.annotation.batch_size
    embeddings = EmbeddingStore(context.project).matrix
    return next_records(embeddings, codes, n_classes=n_classes, size=size, seed=config.seed, **those)


def _forecast(context: Context, queued: Sequence[Row]) -> dict[str, Any]:
    """Foretell the wrong labels in the next batch, and compare what was foretold for this one with what was found."""
    annotation, round_, before = context.config.annotation, context.round, context.project.before(context.round)
    past: list[tuple[float, bool]] = []
    if round_.has("batch.parquet"):
        then = by_id(before.table("labels.parquet"), "value")
        past = reviewed(round_.table("batch.parquet").to_pylist(), _rows(round_, "labels.parquet"), then)
    coming = foretold(queued, past, size=annotation.batch_size, test_share=annotation.test_share)
    earlier = before.json("forecast.json")["next"] if past and before.has("forecast.json") else None
    last = {"reviews": len(past), "wrong": sum(wrong for _, wrong in past), "foretold": earlier}
    return {"next": coming, "last": last if past else None}


def _said(coming: Row) -> str:
    if not coming["reviews"]:
        return ""
    interval = f"95%: {coming['low']:.0f} to {coming['high']:.0f}"
    return f"; in the next batch {coming['wrong']:.0f} of {coming['reviews']} labels should prove wrong ({interval})"


def _known(context: Context) -> Iterator[Known]:
    round_, task, index = context.round, context.config.task, context.config.task.class_index()
    labels, part = _rows(round_, "labels.parquet"), _rows(round_, "split.parquet")
    quality, predictions = _rows(round_, "quality.parquet"), _rows(round_, "predictions.parquet")
    disputes = _rows(round_, "decisions.parquet", lambda row: row["method"] == Method.DISPUTED)
    conflicts = _rows(round_, "flags.parquet", lambda row: row["check"] == Check.CONFLICTING_COPY)
    others = _rows(round_, "flags.parquet", lambda row: row["check"] not in list(Check))
    for i in column(context.project.records, "record_id"):
        label = task.in_words(labels[i]["value"])
        yield Known(
            record_id=i,
            label=label,
            code=-1 if label is None else index.get(label, 0),
            source=labels[i]["source"],
            part=part[i]["part"] if i in part else None,
            quality=quality.get(i),
            prediction=predictions.get(i),
            conflict=conflicts[i]["reason"] if i in conflicts else None,
            flagged="{check}: {reason}".format(**others[i]) if i in others else None,
            disputed=disputes[i]["reason"] if i in disputes else None,
        )


def _rows(round_: Round, name: str, which: Callable[[Row], bool] = lambda row: True) -> dict[str, Row]:
    """Return the rows of a table by record id, as far as there is one."""
    rows = round_.table(name).to_pylist() if round_.has(name) else []
    return {row["record_id"]: row for row in rows if which(row)}


STEP = Step(
    name="relabel",
    makes=("queue.parquet", "errors.parquet", "forecast.json"),
    needs=("labels.parquet", "split.parquet", "quality.parquet", "flags.parquet"),
    depends_on=lambda config: [
        *(config.task.model_dump(mode="json"), config.annotation.batch_size, config.annotation.test_share),
        *(config.seed, config.training.precision),
    ],
    run=run,
)
