"""Training part -> variants of it that keep their label; validation and test are never touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curation.augmentation import augment, label_gate
from curation.config import Config
from curation.embeddings import EmbeddingStore
from curation.labelled import current_labels, fields_by_id, records_by_part
from curation.project import Project, Round
from curation.step import Context, Step


def run(context: Context) -> str:
    """Vary the training records, each of its fields in turn, and keep what passes the gate."""
    round_, task, settings = context.round, context.config.task, context.config.augmentation
    fields, labels = fields_by_id(context.project), current_labels(context.project, round_)
    parts = records_by_part(round_)
    ids = sorted(i for i in parts["train"] if i in labels)
    kept: list[dict[str, Any]] = []
    reasons: dict[str, int] = {}
    if settings.per_record:
        gate = _gate(context, [fields[i] for i in ids], [labels[i] for i in ids])
        held_out = [_whole(fields[i]) for part in ("validation", "test") for i in parts[part]]
        for name in task.fields:
            made = augment(
                [fields[i][name] for i in ids],
                [labels[i] for i in ids],
                gate=gate,
                operations=settings.operations,
                per_record=settings.per_record,
                seed=context.config.seed,
                held_out=held_out,
                whole=_with(name, [fields[i] for i in ids]),
            )
            kept.extend(_rows(made.kept, ids, fields, name))
            for reason, n in made.reasons.items():
                reasons[reason] = reasons.get(reason, 0) + n
    round_.write_table("augmented.parquet", pa.Table.from_pylist(kept, schema=_schema(task.fields)))
    round_.write_json("augmentation.json", {"kept": len(kept), "rejected": reasons})
    return f"{len(kept)} variants of {len(ids)} training records kept, {sum(reasons.values())} rejected"


def _gate(context: Context, parents: list[dict[str, str]], labels: list[str]) -> Any:
    """Build the gate on a classifier that learned from the training part alone."""
    from sklearn.linear_model import LogisticRegression

    store = EmbeddingStore(context.project)
    texts = [_whole(fields) for fields in parents]
    index = context.config.task.label_index()
    codes = np.array([index[label] for label in labels])
    present = np.unique(codes)
    model = LogisticRegression(C=10.0, max_iter=1000).fit(store.of_texts(texts), codes)

    def predict_proba(embeddings: np.ndarray) -> np.ndarray:
        probs = np.zeros((len(embeddings), len(index)))
        probs[:, present] = model.predict_proba(embeddings)
        return probs

    return label_gate(texts, codes, embed=store.of_texts, predict_proba=predict_proba)


def _whole(fields: dict[str, str]) -> str:
    return "\n".join(fields.values())


def _with(name: str, parents: list[dict[str, str]]) -> Callable[[int, str], str]:
    return lambda i, text: _whole({**parents[i], name: text})


def _rows(
    made: pa.Table, ids: list[str], fields: dict[str, dict[str, str]], name: str
) -> Iterator[dict[str, Any]]:
    for row in made.to_pylist():
        parent = ids[row["parent"]]
        yield {
            "parent": parent,
            "fields": {**fields[parent], name: row["text"]},
            "label": row["label"],
            "operation": row["operation"],
        }


def _schema(fields: tuple[str, ...]) -> pa.Schema:
    texts = pa.struct([pa.field(name, pa.string()) for name in fields])
    return pa.schema({"parent": pa.string(), "fields": texts, "label": pa.string(), "operation": pa.string()})


def _reads(project: Project, round_: Round) -> list[Path]:
    return [
        project.path("records.parquet"),
        round_.path("split.parquet"),
        round_.path("labels.parquet"),
    ]


def _depends_on(config: Config) -> object:
    return [config.augmentation.model_dump(), config.seed]


STEP = Step(
    name="augment",
    makes=("augmented.parquet", "augmentation.json"),
    reads=_reads,
    depends_on=_depends_on,
    run=run,
)
