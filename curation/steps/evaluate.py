"""Model -> scores on the frozen test part, beside the models of earlier rounds, and a prediction for every record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.errors import TwofoldError
from curation.project.folder import Project, Round
from curation.project.labelled import current_labels, fields_by_id, records_by_part
from curation.project.records import LABEL_NAMES, by_id, table
from curation.project.standing import BY_PEOPLE, Part
from curation.project.step import Context, Step
from evaluation.metrics import GROUP as METRICS
from evaluation.plugins import PluginError, installed, plugins

PREDICTIONS = pa.schema(
    {
        "record_id": pa.string(),
        "part": pa.string(),
        "predicted": pa.string(),
        "confidence": pa.float64(),
        "pred_probs": pa.list_(pa.float32()),
    }
)


@contextmanager
def _metrics_of_others() -> Iterator[None]:
    """Load the metrics that somebody installed before the model runs in vain; what is wrong with one is one line."""
    try:
        plugins(METRICS)
        yield
    except PluginError as error:
        raise TwofoldError(str(error)) from error


@_metrics_of_others()
def run(context: Context) -> str:
    """Predict every record, score the test part, and put every earlier model beside it, on the same labels."""
    from evaluation import compare, evaluate

    _predict(context)
    project, round_, names = context.project, context.round, context.config.task.classes
    labels = current_labels(project, round_)
    index = context.config.task.class_index()
    ids = sorted(i for i in records_by_part(round_)[Part.TEST] if i in labels)
    truth = np.array([index[labels[i]] for i in ids])
    measured = partial(evaluate, truth, label_names=names, seed=context.config.seed)
    models = {r.number: _probabilities(r, ids, names) for r in [*_with_model(project, round_), round_]}
    probs = {number: each for number, each in models.items() if each is not None}
    scores = {number: measured(each) for number, each in probs.items()}
    *earlier, now = scores
    before = earlier[-1] if earlier else None
    found: dict[str, Any] = {
        "test": scores[now].to_dict(),
        "measured_on": _measured_on(round_, ids),
        "rounds": {str(number): _of_round(score) for number, score in scores.items()},
        "before": None,
        "before_round": before,
        "comparison": None,
    }
    if before is not None:
        found["before"] = scores[before].to_dict()
        pair = probs[before], probs[now]
        found["comparison"] = compare(truth, *pair, label_names=names, seed=context.config.seed).to_dict()
    round_.write_json("evaluation.json", found)
    return _summary(scores[now], found["measured_on"])


def _with_model(project: Project, round_: Round) -> list[Round]:
    """Return the earlier rounds that have a model's predictions, oldest first."""
    return [r for r in project.rounds() if r.number < round_.number and r.has("predictions.parquet")]


def _measured_on(round_: Round, ids: list[str]) -> dict[str, Any]:
    """Say what the scores were measured on: how many records, and whose labels."""
    source = by_id(round_.table("labels.parquet"), "source")
    settled = sum(source.get(i) in BY_PEOPLE for i in ids)
    return {"part": Part.TEST, "records": len(ids), "labels_of_round": round_.number, "settled_by_people": settled}


def _of_round(scores: Any) -> dict[str, Any]:
    return {"accuracy": scores.accuracy.to_dict(), "macro_f1": scores.macro_f1.to_dict()}


def _summary(scores: Any, on: dict[str, Any]) -> str:
    records = f"{on['records']} test records, {on['settled_by_people']} of their labels settled by people"
    return f"accuracy {_shown(scores.accuracy)}, macro-F1 {_shown(scores.macro_f1)} (95% intervals) on {records}"


def _predict(context: Context) -> None:
    import datasets

    from training import predict

    fields = fields_by_id(context.project)
    part = by_id(context.round.table("split.parquet"), "part")
    ids, task = sorted(fields), context.config.task
    data = datasets.Dataset.from_dict({name: [fields[i][name] for i in ids] for name in task.fields})
    found = predict(
        context.round.opened("model"),
        data,
        text_columns=task.fields,
        precision=context.config.training.precision,
        progress=context.tick,
    )
    rows = (
        {
            "record_id": i,
            "part": part[i],
            "predicted": task.classes[int(probs.argmax())],
            "confidence": float(probs.max()),
            "pred_probs": probs.tolist(),
        }
        for i, probs in zip(ids, found.pred_probs, strict=True)
    )
    told = {LABEL_NAMES: json.dumps(task.classes), "precision": found.precision, "device": found.device}
    context.round.write_table("predictions.parquet", table(rows, PREDICTIONS).replace_schema_metadata(told))


def _probabilities(round_: Round, ids: list[str], names: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """Return what a model said, a column per label of today; None if it is not known which labels it knew.

    Labels that it did not know have probability 0; those that were made one since are added up.
    """
    predictions = round_.table("predictions.parquet")
    probs = by_id(predictions, "pred_probs")
    said: npt.NDArray[np.float64] = np.array([probs[i] for i in ids], dtype=np.float64)
    known = json.loads((predictions.schema.metadata or {}).get(LABEL_NAMES, b"[]")) or list(names)
    if len(known) != said.shape[1] or not set(known) <= set(names):
        return None
    rows = np.zeros((len(ids), len(names)))
    for column, name in enumerate(known):
        rows[:, names.index(name)] += said[:, column]
    rows /= rows.sum(axis=1, keepdims=True)
    return rows


def _shown(interval: Any) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


STEP = Step(
    name="evaluate",
    makes=("predictions.parquet", "evaluation.json"),
    needs=("model", "labels.parquet", "split.parquet"),
    depends_on=lambda config: [
        config.task.model_dump(mode="json"),
        config.seed,
        config.training.precision,
        *installed(METRICS),
    ],
    run=run,
    revision=2,
)
