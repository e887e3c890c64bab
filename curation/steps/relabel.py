"""Flags and model errors -> the queue of the next round, one reason per record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from curation.bias import balance_target
from curation.bias.grouping import MISSING
from curation.errors import TwofoldError
from curation.project.adding import reasons
from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import Check, worst_units
from curation.project.folder import Round
from curation.project.reader_answers import answers_by_record
from curation.project.records import QUESTION, by_id, column, queue_schema, table
from curation.project.standing import Method, Part
from curation.project.step import Context, Step
from curation.selection import Selection, next_records
from curation.selection.queue import foretold, queue, reviewed
from curation.selection.wanted import added_first, wanted_first
from curation.selection.why_look import Known, errors
from curation.sources.beside import kept_column
from curation.tasks.task import Task
from evaluation.text_metrics import chrf

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
    queued = queue(known, lambda codes, **those: _ordered(context, codes, those), first=_first(context, known))
    said = _forecast(context, queued)
    context.round.write_table("errors.parquet", table(errors(known), ERRORS))
    context.round.write_json("forecast.json", said)
    schema = queue_schema(config.task.kind.value()).with_metadata({QUESTION: config.task.question})
    context.round.write_table("queue.parquet", table(queued, schema))
    kinds = Counter(entry["kind"] for entry in queued)
    found = ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
    waiting = f"{len(queued)} records wait to be read: {found}" if queued else "nothing is left to look at"
    return f"{waiting}{_said(said['next'])}"


def _ordered(context: Context, codes: Any, those: Row) -> Selection:
    """Order some records; the embeddings are read only where there is anything to order."""
    config = context.config
    n_classes, size = max(len(config.task.strata_names), 1), config.annotation.batch_size
    embeddings = EmbeddingStore(context.project).matrix
    return next_records(embeddings, codes, n_classes=n_classes, size=size, seed=config.seed, **those)


def _first(context: Context, known: Sequence[Known]) -> Callable[[Iterable[Row]], Iterable[Row]]:
    """Return what moves those to the front that were added for a reason, and then those that groups lack."""
    collected, why = _collected(context, known), reasons(context.project)
    return lambda rows: added_first(collected(rows), why)


def _collected(context: Context, known: Sequence[Known]) -> Callable[[Iterable[Row]], Iterable[Row]]:
    """Return what puts those first that the groups of `annotation.collect` lack; nothing is moved where it is empty.

    Raises:
        TwofoldError: There are no such groups, or answers are not one of several labels.
    """
    task, by = context.config.task, context.config.annotation.collect
    if not by:
        return lambda rows: rows
    kept = kept_column(context.project, by, "annotation.collect")
    if task.kind.classes(task.asked) is None:
        raise TwofoldError(f"annotation.collect: expected '' for answers of the kind {task.kind.name!r}, came {by!r}")
    group = {k.record_id: MISSING if g is None else g for k, g in zip(known, kept, strict=True)}
    labelled = [k for k in known if k.label is not None]
    lacking = balance_target([k.label for k in labelled], [group[k.record_id] for k in labelled]) if labelled else ()
    return lambda rows: wanted_first(rows, known, group, lacking)


def _forecast(context: Context, queued: Sequence[Row]) -> dict[str, Any]:
    """Foretell the wrong labels in the next batch, and compare what was foretold for this one with what was found."""
    annotation, round_, before = context.config.annotation, context.round, context.project.before(context.round)
    past: list[tuple[float, bool]] = []
    if round_.has("batch.parquet"):
        then = by_id(before.table("labels.parquet"), "value")
        past = reviewed(_rows(round_, "batch.parquet"), _by_id(round_, "labels.parquet"), then)
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
    round_, task = context.round, context.config.task
    labels, part, predictions = (_by_id(round_, f"{name}.parquet") for name in ("labels", "split", "predictions"))
    quality, flags = worst_units(_rows(round_, "quality.parquet"), task.kind), _rows(round_, "flags.parquet")
    decisions = _rows(round_, "decisions.parquet")
    disputed = {row["record_id"]: row["reason"] for row in decisions if row["method"] == Method.DISPUTED}
    conflicts = {row["record_id"]: row["reason"] for row in flags if row["check"] == Check.CONFLICTING_COPY}
    outliers = {row["record_id"]: row["reason"] for row in flags if row["check"] == Check.OUTLIER}
    others = {row["record_id"]: "{check}: {reason}".format(**row) for row in flags if row["check"] not in list(Check)}
    ids = column(context.project.records, "record_id")
    values = {i: labels[i]["value"] for i in ids}
    codes = dict(zip(ids, task.codes(task.strata(values).values()), strict=True))
    taught = Counter(codes[i] for i in ids if i in part and part[i]["part"] == Part.TRAIN and values[i] is not None)
    readers = {} if task.kind.is_written else answers_by_record(context.project, round_, ids)
    for i in ids:
        yield Known(
            record_id=i,
            label=task.in_words(values[i]),
            code=-1 if values[i] is None else max(codes[i], 0),
            source=labels[i]["source"],
            part=part[i]["part"] if i in part else None,
            quality=quality.get(i),
            prediction=_with_words(predictions.get(i), task),
            conflict=conflicts.get(i),
            flagged=others.get(i),
            disputed=disputed.get(i),
            given=values[i] if task.kind.is_written else None,
            alike=_alike(values[i], predictions.get(i)) if task.kind.is_written else None,
            readers=readers.get(i, ()),
            outlier=outliers.get(i),
            taught=taught[codes[i]] if task.strata_names else None,
            even=sum(taught.values()) / max(len(task.strata_names), 1),
        )


def _alike(given: str | None, prediction: Row | None) -> float | None:
    """Return how alike a text and the model's are, in [0, 1]: chrF; None where one is missing."""
    return chrf(prediction["value"], given) if given is not None and prediction is not None else None


def _with_words(prediction: Row | None, task: Task) -> Row | None:
    return prediction and {**prediction, "predicted": task.in_words(prediction["value"])}


def _rows(round_: Round, name: str) -> list[Row]:
    """Return the rows of a table, as far as there is one."""
    return round_.table(name).to_pylist() if round_.has(name) else []


def _by_id(round_: Round, name: str) -> dict[str, Row]:
    return {row["record_id"]: row for row in _rows(round_, name)}


STEP = Step(
    name="relabel",
    makes=("queue.parquet", "errors.parquet", "forecast.json"),
    needs=("labels.parquet", "split.parquet", "quality.parquet", "flags.parquet"),
    depends_on=lambda config: [
        *(config.task.model_dump(mode="json"), config.annotation.batch_size, config.annotation.test_share),
        *(config.seed, config.training.precision, config.annotation.collect),
    ],
    run=run,
    revision=5,
)
