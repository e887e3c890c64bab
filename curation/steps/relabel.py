"""Flags and model errors -> the queue of the next round, one reason per record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.config import Config
from curation.project import Project, Round
from curation.records import QUEUE, by_id, column, table
from curation.step import Context, Step

BY_PEOPLE = frozenset({"agreed", "adjudicated", "majority", "consensus", "discarded"})
LABEL_WRONG = "the label looks wrong"
MODEL_WRONG = "the model is wrong"

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
    disputed: str | None

    @property
    def is_held_out(self) -> bool:
        """Whether the model never saw its label."""
        return self.part in ("validation", "test")

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
    """Say of every error whose it is, and queue what nobody has settled yet, most suspicious first."""
    known = list(_known(context))
    errors = sorted((_error(k) for k in known if k.is_error), key=lambda e: (-e["confidence"], e["record_id"]))
    queue = [entry for k in known if k.source not in BY_PEOPLE and (entry := _entry(k))]
    queue.sort(key=lambda entry: (-entry["score"], _by_chance(entry["record_id"])))
    context.round.write_table("errors.parquet", table(errors, ERRORS))
    context.round.write_table("queue.parquet", table(queue, QUEUE))
    kinds = Counter(entry["kind"] for entry in queue)
    return ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()) or "nothing is left to look at"


def _by_chance(record_id: str) -> bytes:
    """Order records of equal urgency by chance, the same every time."""
    return blake2b(record_id.encode(), digest_size=8).digest()


def _known(context: Context) -> Iterator[Known]:
    round_ = context.round
    labels = {row["record_id"]: row for row in round_.table("labels.parquet").to_pylist()}
    part = _optional(round_, "split.parquet", lambda t: by_id(t, "part"))
    quality = _optional(round_, "quality.parquet", _rows)
    predictions = _optional(round_, "predictions.parquet", _rows)
    conflicts = _optional(round_, "flags.parquet", _conflicts)
    disputes = _optional(round_, "decisions.parquet", _disputes)
    for record_id in column(context.project.records, "record_id"):
        yield Known(
            record_id=record_id,
            label=labels[record_id]["label"],
            source=labels[record_id]["source"],
            part=part.get(record_id),
            quality=quality.get(record_id),
            prediction=predictions.get(record_id),
            conflict=conflicts.get(record_id),
            disputed=disputes.get(record_id),
        )


def _optional(round_: Round, name: str, read: Any) -> dict[str, Any]:
    return dict(read(round_.table(name))) if round_.has(name) else {}


def _rows(found: pa.Table) -> dict[str, Any]:
    return {row["record_id"]: row for row in found.to_pylist()}


def _conflicts(flags: pa.Table) -> dict[str, str]:
    return {r["record_id"]: r["reason"] for r in flags.to_pylist() if r["check"] == "conflicting_copy"}


def _disputes(decisions: pa.Table) -> dict[str, str]:
    return {r["record_id"]: r["reason"] for r in decisions.to_pylist() if r["method"] == "disputed"}


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


def _verdict(known: Known) -> tuple[str, str]:
    """Tell a wrong label from a wrong model: people outweigh any model, then the label check speaks."""
    if known.source in BY_PEOPLE:
        return MODEL_WRONG, f"people settled on {known.label!r} ({known.source})"
    if known.quality is not None and known.quality["is_issue"]:
        return LABEL_WRONG, known.quality["reason"]
    if known.conflict:
        return LABEL_WRONG, known.conflict
    return MODEL_WRONG, "records like this one support the label"


def _entry(known: Known) -> dict[str, Any] | None:
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


def _why_look(known: Known) -> tuple[str, str, float]:
    """Return the kind, the reason and the urgency in [0, 1] of looking at a record."""
    if known.part == "test":
        return "test part", "drawn by chance for the test part, and not read by two people yet", 0.0
    if known.disputed:
        return "disputed", known.disputed, 1.0
    if known.label is None:
        return "unlabelled", *_uncertainty(known)
    suspicion = 1.0 - known.quality["score"] if known.quality is not None else 0.5
    if known.quality is not None and known.quality["is_issue"]:
        return LABEL_WRONG, known.quality["reason"], suspicion
    if known.conflict:
        return LABEL_WRONG, known.conflict, max(suspicion, 0.5)
    if known.is_error:
        return MODEL_WRONG, _error(known)["reason"], suspicion
    return "not read yet", "the given label looks right, and nobody has checked it", suspicion


def _uncertainty(known: Known) -> tuple[str, float]:
    if known.prediction is None:
        return "nobody has read it yet", 0.5
    confidence = float(known.prediction["confidence"])
    return f"nobody has read it yet; the model is {confidence:.0%} sure", 1.0 - confidence


def _suggestion(known: Known) -> tuple[str | None, float | None]:
    if known.quality is not None:
        return known.quality["suggested"], known.quality["suggested_prob"]
    if known.prediction is not None:
        return known.prediction["predicted"], known.prediction["confidence"]
    return None, None


def _reads(project: Project, round_: Round) -> list[Path]:
    names = ("labels", "split", "quality", "predictions", "flags", "decisions")
    return [round_.path(f"{name}.parquet") for name in names]


def _depends_on(config: Config) -> object:
    return [config.task.model_dump(mode="json")]


STEP = Step(name="relabel", makes=("queue.parquet", "errors.parquet"), reads=_reads, depends_on=_depends_on, run=run)
