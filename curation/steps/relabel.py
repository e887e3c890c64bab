"""Flags and model errors -> the queue of the next round, one reason per record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa

from curation.project.config import Config
from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import Check
from curation.project.folder import Round
from curation.project.records import by_id, column, queue_schema, table
from curation.project.standing import BY_PEOPLE, OF_LABELS, Method, Part, Queued
from curation.project.step import Context, Step
from curation.selection import Selection, forecast, next_records

WHY_UNREAD = {
    "uncertain": "nobody has read it yet, and the labels so far leave it open",
    "representative": "nobody has read it yet, and it stands for others like it",
}

ERRORS = pa.schema(
    {
        "record_id": pa.string(),
        "part": pa.string(),
        "label": pa.string(),
        "predicted": pa.string(),
        "confidence": pa.float64(),
        "verdict": pa.string(),
        "reason": pa.string(),
    }
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """All that a round knows of one record."""

    record_id: str
    label: str | None
    source: str
    part: str | None
    quality: Mapping[str, Any] | None
    prediction: Mapping[str, Any] | None
    conflict: str | None
    flagged: str | None
    disputed: str | None

    @property
    def is_held_out(self) -> bool:
        """Whether the model never saw its label."""
        return self.part in (Part.VALIDATION, Part.TEST)

    @property
    def is_error(self) -> bool:
        """Whether the model, asked about a record that it was not trained on, contradicts the label."""
        return (
            self.is_held_out
            and self.label is not None
            and self.prediction is not None
            and self.prediction["predicted"] != self.label
        )


def run(context: Context) -> str:
    """Say of every error whose it is, and queue what nobody has settled yet, in the order in which it teaches most."""
    known = list(_known(context))
    errors = sorted((_error(k) for k in known if k.is_error), key=lambda e: (-e["confidence"], e["record_id"]))
    queue = _queue(context, known)
    said = _forecast(context, queue)
    context.round.write_table("errors.parquet", table(errors, ERRORS))
    context.round.write_json("forecast.json", said)
    context.round.write_table("queue.parquet", table(queue, queue_schema(context.config.task.kind.value())))
    kinds = Counter(entry["kind"] for entry in queue)
    found = ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
    waiting = f"{len(queue)} records wait to be read: {found}" if queue else "nothing is left to look at"
    return f"{waiting}{_said(said)}"


def _queue(context: Context, known: Sequence[Known]) -> list[dict[str, Any]]:
    """Queue disputes, then what `next_records` orders; records of the test part come last, by chance alone."""
    waiting = {k.record_id: _entry(k) for k in known if k.source not in BY_PEOPLE}
    kept_apart = {i: entry for i, entry in waiting.items() if entry["kind"] in (Queued.DISPUTED, Queued.TEST_PART)}
    apart = sorted(kept_apart.values(), key=lambda entry: _by_chance(entry["record_id"]))
    chosen = {i: entry for i, entry in waiting.items() if i not in kept_apart}
    return [
        *(entry for entry in apart if entry["kind"] == Queued.DISPUTED),
        *(_in_order(chosen, known, _selection(context, known, chosen)) if chosen else []),
        *(entry for entry in apart if entry["kind"] == Queued.TEST_PART),
    ]


def _selection(context: Context, known: Sequence[Known], chosen: Mapping[str, Mapping[str, Any]]) -> Selection:
    """Order the records of `chosen`; labels of the test part teach nothing here, as nowhere else."""
    task, index = context.config.task, context.config.task.class_index()
    codes = [-1 if k.label is None or k.part == Part.TEST else index.get(k.label, 0) for k in known]
    return next_records(
        EmbeddingStore(context.project).matrix,
        np.array(codes),
        n_classes=max(len(task.classes), 1),
        size=context.config.annotation.batch_size,
        candidates=[k.record_id in chosen for k in known],
        right=[1.0 - chosen[k.record_id]["score"] if k.record_id in chosen else 1.0 for k in known],
        seed=context.config.seed,
    )


def _in_order(
    chosen: Mapping[str, dict[str, Any]], known: Sequence[Known], found: Selection
) -> Iterator[dict[str, Any]]:
    for i, why in zip(found.order.tolist(), found.why, strict=True):
        entry = chosen[known[i].record_id]
        if known[i].label is not None:
            yield entry
        else:
            yield {**entry, "score": float(found.doubt[i]), "reason": WHY_UNREAD[why]}


def _by_chance(record_id: str) -> bytes:
    """Order records of equal urgency by chance, the same every time."""
    return blake2b(record_id.encode(), digest_size=8).digest()


def _forecast(context: Context, queue: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Foretell the wrong labels in the next batch, and compare what was foretold for this one with what was found."""
    annotation, before = context.config.annotation, context.project.before(context.round)
    tests = sum(entry["kind"] == Queued.TEST_PART for entry in queue)
    places = annotation.batch_size - min(tests, round(annotation.batch_size * annotation.test_share))
    doubt = [entry["score"] for entry in queue[:places] if entry["kind"] in OF_LABELS]
    past = _reviewed_labels(context)
    wrong = [was_wrong for _, was_wrong in past]
    said = forecast(doubt, past_doubt=[then for then, _ in past], past_wrong=wrong)
    earlier = before.json("forecast.json")["next"] if past and before.has("forecast.json") else None
    last = {"reviews": len(wrong), "wrong": sum(wrong), "foretold": earlier} if past else None
    return {"next": asdict(said), "last": last}


def _reviewed_labels(context: Context) -> list[tuple[float, bool]]:
    """Return how doubtful each label of this round's batch was, and whether people found another one."""
    round_ = context.round
    if not round_.has("batch.parquet"):
        return []
    now = _rows(round_.table("labels.parquet"))
    then = by_id(context.project.before(round_).table("labels.parquet"), "value")
    return [
        (entry["score"], now[entry["record_id"]]["value"] != then[entry["record_id"]])
        for entry in round_.table("batch.parquet").to_pylist()
        if entry["kind"] in OF_LABELS and now[entry["record_id"]]["source"] in BY_PEOPLE - {Method.DISCARDED}
    ]


def _said(said: Mapping[str, Any]) -> str:
    coming = said["next"]
    if not coming["reviews"]:
        return ""
    interval = f"95%: {coming['low']:.0f} to {coming['high']:.0f}"
    return f"; in the next batch {coming['wrong']:.0f} of {coming['reviews']} labels should prove wrong ({interval})"


def _known(context: Context) -> Iterator[Known]:
    round_ = context.round
    labels = {row["record_id"]: row for row in round_.table("labels.parquet").to_pylist()}
    part = _optional(round_, "split.parquet", lambda t: by_id(t, "part"))
    quality = _optional(round_, "quality.parquet", _rows)
    predictions = _optional(round_, "predictions.parquet", _rows)
    conflicts = _optional(round_, "flags.parquet", _conflicts)
    flagged = _optional(round_, "flags.parquet", _flags_of_others)
    disputes = _optional(round_, "decisions.parquet", _disputes)
    for record_id in column(context.project.records, "record_id"):
        yield Known(
            record_id=record_id,
            label=context.config.task.in_words(labels[record_id]["value"]),
            source=labels[record_id]["source"],
            part=part.get(record_id),
            quality=quality.get(record_id),
            prediction=predictions.get(record_id),
            conflict=conflicts.get(record_id),
            flagged=flagged.get(record_id),
            disputed=disputes.get(record_id),
        )


def _optional(round_: Round, name: str, read: Any) -> dict[str, Any]:
    return dict(read(round_.table(name))) if round_.has(name) else {}


def _rows(found: pa.Table) -> dict[str, Any]:
    return {row["record_id"]: row for row in found.to_pylist()}


def _conflicts(flags: pa.Table) -> dict[str, str]:
    return {r["record_id"]: r["reason"] for r in flags.to_pylist() if r["check"] == Check.CONFLICTING_COPY}


def _flags_of_others(flags: pa.Table) -> dict[str, str]:
    """Return what checks that somebody installed say; their scores are no probability of a wrong label."""
    return {r["record_id"]: f"{r['check']}: {r['reason']}" for r in flags.to_pylist() if r["check"] not in list(Check)}


def _disputes(decisions: pa.Table) -> dict[str, str]:
    return {r["record_id"]: r["reason"] for r in decisions.to_pylist() if r["method"] == Method.DISPUTED}


def _error(known: Known) -> dict[str, Any]:
    assert known.prediction is not None  # noqa: S101  # is_error says so
    verdict, reason = _verdict(known)
    return {
        "record_id": known.record_id,
        "part": known.part,
        "label": known.label,
        "predicted": known.prediction["predicted"],
        "confidence": known.prediction["confidence"],
        "verdict": verdict,
        "reason": reason,
    }


def _verdict(known: Known) -> tuple[Queued, str]:
    """Tell a wrong label from a wrong model: people outweigh any model, then the label check speaks."""
    if known.source in BY_PEOPLE:
        return Queued.MODEL_WRONG, f"people settled on {known.label!r} ({known.source})"
    if known.quality is not None and known.quality["is_issue"]:
        return Queued.LABEL_WRONG, known.quality["reason"]
    if known.conflict:
        return Queued.LABEL_WRONG, known.conflict
    if known.quality is None:
        return Queued.MODEL_WRONG, "nothing speaks against the label, which was not scored"
    return Queued.MODEL_WRONG, "records like this one support the label"


def _entry(known: Known) -> dict[str, Any]:
    kind, reason, score = _why_look(known)
    suggested, probability = _suggestion(known)
    return {
        "record_id": known.record_id,
        "kind": kind,
        "reason": reason,
        "score": score,
        "suggestion": suggested,
        "suggestion_score": probability,
    }


def _why_look(known: Known) -> tuple[Queued, str, float]:
    """Return the kind, the reason and the urgency in [0, 1] of looking at a record."""
    if known.part == Part.TEST:
        return (
            Queued.TEST_PART,
            known.disputed or "drawn by chance for the test part, and not settled by people yet",
            0.0,
        )
    if known.disputed:
        return Queued.DISPUTED, known.disputed, 1.0
    if known.label is None:
        return Queued.UNLABELLED, "nobody has read it yet", 0.5
    suspicion = 1.0 - known.quality["score"] if known.quality is not None else 0.5
    if known.quality is not None and known.quality["is_issue"]:
        return Queued.LABEL_WRONG, known.quality["reason"], suspicion
    if known.conflict:
        return Queued.LABEL_WRONG, known.conflict, max(suspicion, 0.5)
    if known.is_error:
        return Queued.MODEL_WRONG, _error(known)["reason"], suspicion
    if known.flagged:
        return Queued.NOT_READ, known.flagged, suspicion
    if known.quality is None:
        return Queued.NOT_READ, "nobody has checked the given label, and it was not scored", suspicion
    return Queued.NOT_READ, "the given label looks right, and nobody has checked it", suspicion


def _suggestion(known: Known) -> tuple[str | None, float | None]:
    if known.quality is not None:
        return known.quality["suggested"], known.quality["suggested_prob"]
    if known.prediction is not None:
        return known.prediction["predicted"], known.prediction["confidence"]
    return None, None


def _depends_on(config: Config) -> object:
    annotation, precision = config.annotation, config.training.precision
    return [config.task.model_dump(mode="json"), annotation.batch_size, annotation.test_share, config.seed, precision]


STEP = Step(
    name="relabel",
    makes=("queue.parquet", "errors.parquet", "forecast.json"),
    needs=("labels.parquet", "split.parquet", "quality.parquet", "flags.parquet"),
    depends_on=_depends_on,
    run=run,
)
