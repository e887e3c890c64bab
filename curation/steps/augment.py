"""Training part -> variants of it that keep their label; validation and test are never touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from curation.augmentation import Gain, Gate, augment, augmentation_gain, label_gate
from curation.project.embeddings import EmbeddingStore
from curation.project.labelled import current_values, fields_by_id, records_by_part
from curation.project.standing import Part
from curation.project.step import Context, Step
from curation.tasks.task import Task
from training.vectors.linear import fit_linear


def run(context: Context) -> str:
    """Vary the training records, keep what passes the gate, and use it only if it helps."""
    round_, task = context.round, context.config.task
    fields, values = fields_by_id(context.project), current_values(context.project, round_)
    parts = records_by_part(round_)
    ids = sorted(i for i in parts[Part.TRAIN] if i in values)
    held_out = [_whole(fields[i]) for part in (Part.VALIDATION, Part.TEST) for i in parts[part]]
    strata = task.strata({i: values[i] for i in ids})
    labels = [str(strata[i]) for i in ids]
    train = _Train(ids=ids, fields=[fields[i] for i in ids], labels=labels, values=[values[i] for i in ids])
    wanted = task.kind.varied and context.config.augmentation.per_record
    kept, reasons = _variants(context, train, held_out) if wanted else ([], {})
    gain = _gain(context, train, kept) if kept else None
    if gain is not None and not gain.helps:
        reasons, kept = {**reasons, "no gain on the training part": len(kept)}, []
    round_.write_table("augmented.parquet", pa.Table.from_pylist(kept, schema=_schema(task)))
    measured = None if gain is None else asdict(gain)
    round_.write_json("augmentation.json", {"kept": len(kept), "rejected": reasons, "gain": measured})
    counts = f"{len(kept)} kept, {sum(reasons.values())} rejected"
    if not task.kind.varied:
        return f"no variants: other words would move what an answer of the kind {task.kind.name!r} is about"
    return f"variants of {len(ids)} training records: {counts}{_told(gain)}"


@dataclass(frozen=True, kw_only=True)
class _Train:
    """The training part: `labels` are one word for each answer, which a variant has to be told to have kept."""

    ids: list[str]
    fields: list[dict[str, str]]
    labels: list[str]
    values: list[Any]


def _told(gain: Gain | None) -> str:
    if gain is None:
        return ""
    return f" (out-of-fold accuracy {gain.with_variants:.3f} with them, {gain.without:.3f} without)"


def _variants(context: Context, train: _Train, held_out: list[str]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Vary each field in turn; return the rows that pass the gate, and how many did not, by reason."""
    settings = context.config.augmentation
    gate = _gate(context, train)
    kept: list[dict[str, Any]] = []
    reasons: Counter[str] = Counter()
    for name in context.config.task.fields:
        made = augment(
            [fields[name] for fields in train.fields],
            train.labels,
            gate=gate,
            operations=settings.operations,
            per_record=settings.per_record,
            seed=context.config.seed,
            held_out=held_out,
            whole=_with(name, train.fields),
        )
        kept.extend(_rows(made.kept, train, name))
        reasons.update(made.reasons)
    return kept, dict(reasons)


def _gain(context: Context, train: _Train, kept: list[dict[str, Any]]) -> Gain:
    store = EmbeddingStore(context.project)
    place = {record_id: i for i, record_id in enumerate(train.ids)}
    return augmentation_gain(
        store.of_texts([_whole(fields) for fields in train.fields]),
        np.array(context.config.task.codes(train.labels)),
        store.of_texts([_whole(row["fields"]) for row in kept]),
        np.array([place[row["parent"]] for row in kept]),
        seed=context.config.seed,
    )


def _gate(context: Context, train: _Train) -> Gate:
    """Build the gate on a classifier that learned from the training part alone."""
    store = EmbeddingStore(context.project)
    texts = [_whole(fields) for fields in train.fields]
    codes = np.array(context.config.task.codes(train.labels))
    present = np.unique(codes)
    model = fit_linear(store.of_texts(texts), codes, inverse_regularization=10.0, steps=1000)

    def predict_proba(embeddings: np.ndarray) -> np.ndarray:
        probs = np.zeros((len(embeddings), len(context.config.task.strata_names)))
        probs[:, present] = model.predict_proba(embeddings)
        return probs

    return label_gate(texts, codes, embed=store.of_texts, predict_proba=predict_proba)


def _whole(fields: dict[str, str]) -> str:
    return "\n".join(fields.values())


def _with(name: str, parents: list[dict[str, str]]) -> Callable[[int, str], str]:
    return lambda i, text: _whole({**parents[i], name: text})


def _rows(made: pa.Table, train: _Train, name: str) -> Iterator[dict[str, Any]]:
    for row in made.to_pylist():
        parent = row["parent"]
        yield {
            "parent": train.ids[parent],
            "fields": {**train.fields[parent], name: row["text"]},
            "value": train.values[parent],
            "operation": row["operation"],
        }


def _schema(task: Task) -> pa.Schema:
    texts = pa.struct([pa.field(name, pa.string()) for name in task.fields])
    return pa.schema({"parent": pa.string(), "fields": texts, "value": task.kind.value(), "operation": pa.string()})


STEP = Step(
    name="augment",
    makes=("augmented.parquet", "augmentation.json"),
    needs=("labels.parquet", "split.parquet"),
    depends_on=lambda config: [config.augmentation.model_dump(), config.seed, config.training.precision],
    run=run,
    revision=2,
)
