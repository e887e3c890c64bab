"""Model -> scores on the frozen test part, beside the round before, and a prediction for every record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.config import Config
from curation.labelled import current_labels, fields_by_id, records_by_part
from curation.project import Project, Round
from curation.records import by_id, table
from curation.step import Context, Step

PREDICTIONS = pa.schema(
    {
        "record_id": pa.string(),
        "part": pa.string(),
        "predicted": pa.string(),
        "confidence": pa.float64(),
        "pred_probs": pa.list_(pa.float32()),
    }
)


def run(context: Context) -> str:
    """Predict every record, score the test part, and compare with the model of the round before."""
    from evaluation import compare, evaluate

    _predict(context)
    project, round_, names = context.project, context.round, context.config.task.labels
    labels = current_labels(project, round_)
    index = context.config.task.label_index()
    ids = sorted(i for i in records_by_part(round_)["test"] if i in labels)
    truth = np.array([index[labels[i]] for i in ids])
    after = _probabilities(round_, ids)
    scores = evaluate(truth, after, label_names=names, seed=context.config.seed)
    found: dict[str, Any] = {"test": scores.to_dict(), "before": None, "comparison": None}
    before = project.before(round_)
    if before.number != round_.number and before.has("predictions.parquet"):
        earlier = _probabilities(before, ids)
        found["before"] = evaluate(truth, earlier, label_names=names, seed=context.config.seed).to_dict()
        found["comparison"] = compare(truth, earlier, after, label_names=names, seed=context.config.seed).to_dict()
    round_.write_json("evaluation.json", found)
    return f"accuracy {_shown(scores.accuracy)}, macro-F1 {_shown(scores.macro_f1)} on {len(ids)} test records"


def _predict(context: Context) -> None:
    import datasets

    from training import predict

    fields = fields_by_id(context.project)
    part = by_id(context.round.table("split.parquet"), "part")
    ids, task = sorted(fields), context.config.task
    data = datasets.Dataset.from_dict({name: [fields[i][name] for i in ids] for name in task.fields})
    found = predict(context.round.path("model"), data, text_columns=task.fields, progress=context.tick)
    rows = (
        {
            "record_id": i,
            "part": part[i],
            "predicted": task.labels[int(probs.argmax())],
            "confidence": float(probs.max()),
            "pred_probs": probs.tolist(),
        }
        for i, probs in zip(ids, found.pred_probs, strict=True)
    )
    context.round.write_table("predictions.parquet", table(rows, PREDICTIONS))


def _probabilities(round_: Round, ids: list[str]) -> npt.NDArray[np.float64]:
    probs = by_id(round_.table("predictions.parquet"), "pred_probs")
    rows: npt.NDArray[np.float64] = np.array([probs[i] for i in ids], dtype=np.float64)
    rows /= rows.sum(axis=1, keepdims=True)
    return rows


def _shown(interval: Any) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _reads(project: Project, round_: Round) -> list[Path]:
    names = ("model", "labels.parquet", "split.parquet")
    before = project.before(round_)
    earlier = [before.path("predictions.parquet")] if before.number != round_.number else []
    return [project.path("test.parquet"), *map(round_.path, names), *earlier]


def _depends_on(config: Config) -> object:
    return [config.task.model_dump(mode="json"), config.seed]


STEP = Step(
    name="evaluate",
    makes=("predictions.parquet", "evaluation.json"),
    reads=_reads,
    depends_on=_depends_on,
    run=run,
)
