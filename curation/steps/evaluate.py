"""Model -> scores on the frozen test part, beside the models of earlier rounds, and a prediction for every record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.bias.amplified import amplification
from curation.bias.identity_terms import TERMS, mentions
from curation.errors import TwofoldError
from curation.project.embeddings import EmbeddingStore
from curation.project.folder import Project, Round
from curation.project.labelled import current_values, fields_by_id, records_by_part
from curation.project.reader_answers import Answers, answers_by_record
from curation.project.records import LABEL_NAMES, by_id, column, table
from curation.project.standing import BY_PEOPLE, Part
from curation.project.step import Context, Step
from curation.sources.beside import metadata_of
from evaluation.metrics import GROUP as METRICS
from evaluation.plugins import PluginError, installed, plugins

if TYPE_CHECKING:
    from evaluation.exams import Said

DISAGREEMENT, SIMILARITY = "disagreement of its readers", "similarity to the training part"
"""What test records are told by, beside the columns that are kept of them."""

_GROUPED = {"classification", "multi_label_classification", "ordinal_classification"}
"""Ways of training whose answers are labels of a record."""

_TAUGHT, _AT_ONCE = 20_000, 1_000  # training records that others are held against, and test records at a time

THRESHOLD = b"threshold"
"""Metadata of predictions: the probability above which a label is predicted, where a record has several."""


def predictions_schema(value: pa.DataType) -> pa.Schema:
    """Return the columns of a model's predictions, by the type of the answers."""
    return pa.schema(
        {
            "record_id": pa.string(),
            "part": pa.string(),
            "value": value,
            "confidence": pa.float64(),  # probability of that answer, in [0, 1]
            "pred_probs": pa.list_(pa.float32()),  # of every name that the model knows
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
    from evaluation.exams import EXAMS

    _predict(context)
    project, round_, task = context.project, context.round, context.config.task
    values, names = current_values(project, round_), task.target_names
    parts = records_by_part(round_)
    ids, known = (sorted(i for i in parts[part] if i in values) for part in (Part.TEST, Part.TRAIN))
    taught = [task.target(values[i]) for i in known]
    # texts are hardly ever the same, so readers of them are not held against each other
    answers = {} if task.kind.is_written else answers_by_record(context.project, context.round, parts[Part.TEST])
    exam, seed = EXAMS[str(task.kind.recipe)], context.config.seed
    truth = exam.truth([task.target(values[i]) for i in ids], names)
    models = {r.number: exam.read(truth, said_in(r, ids), names) for r in [*_with_model(project, round_), round_]}
    said = {number: each for number, each in models.items() if each is not None}
    scores = {number: exam.evaluate(truth, each, names, seed, taught) for number, each in said.items()}
    *earlier, now = scores
    before = earlier[-1] if earlier else None
    found: dict[str, Any] = {
        "test": scores[now].to_dict(),
        "measured_on": _measured_on(round_, ids),
        "rounds": {str(number): _of_round(score) for number, score in scores.items()},
        "readers": _beside_readers(context, answers) if answers else None,
        "weak_slices": _weak_slices(context, {i: answers.get(i, []) for i in ids}, known, truth, said[now]),
        "amplification": _amplification(context, dict(zip(known, taught, strict=True)), ids),
        "before": None,
        "before_round": before,
        "comparison": None,
    }
    if before is not None:
        found["before"] = scores[before].to_dict()
        found["comparison"] = exam.compare(truth, said[before], said[now], names, seed).to_dict()
    round_.write_json("evaluation.json", found)
    summary = _summary(scores[now], found["measured_on"], exam.also_said)
    beside = _of_readers(found["readers"]) + _of_slices(found["weak_slices"])
    return summary + beside + _of_amplification(found["amplification"])


def _beside_readers(context: Context, answers: Answers) -> dict[str, Any] | None:
    """Hold the model against readers of the test part as they are held against each other; None where that says little.

    Records that are still disputed are among them: without those, people would seem to agree more than they do. None
    is where nobody answered a record together with another.
    """
    from evaluation.beside_readers import beside_readers

    predicted, task = by_id(context.round.table("predictions.parquet"), "value"), context.config.task
    said = [task.in_words(predicted[i]) for i in answers]
    found = beside_readers([*answers.values()], said, seed=context.config.seed)
    return found.to_dict() if found.records else None


def _of_readers(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    shares = "the model agrees with {model[value]:.3f} of the readers, another reader with {readers[value]:.3f}"
    return f"; {shares.format(**found)}, on {found['records']} of them that two or more have read"


def _weak_slices(
    context: Context, answers: Answers, taught: Sequence[str], truth: Any, said: Any
) -> dict[str, Any] | None:
    """Find where a model of one label a record is worse than chance explains, by all that is known of the records."""
    from evaluation.beside_readers import agreeing_pairs
    from evaluation.weak_slices import weak_slices

    project, task, ids = context.project, context.config.task, [*answers]
    if task.kind.recipe != "classification":
        return None
    fields, store = fields_by_id(project), EmbeddingStore(project)
    of_project = set(ids) <= {*column(project.records, "record_id")}
    vectors = store.of(ids) if of_project else store.of_texts(["\n".join(fields[i].values()) for i in ids])
    found = weak_slices(
        truth,
        said.probs,
        label_names=task.target_names,
        texts=["\n".join(fields[i][name] for name in task.read_fields) for i in ids],
        embeddings=vectors,
        by={
            DISAGREEMENT: [1 - agreeing_pairs(each) for each in answers.values()],
            SIMILARITY: _similarity(vectors, store.of(taught), context.config.seed),
            **{name: _as_numbers(values) for name, values in metadata_of(project, ids).items()},
        },
        ids=ids,
        seed=context.config.seed,
    )
    return {"note": found.note, "found": [one.to_dict() for one in found]}


def _as_numbers(values: Sequence[str | None]) -> Sequence[Any]:
    try:
        return [float("nan") if value is None else float(value) for value in values]
    except ValueError:
        return values


def _similarity(vectors: npt.NDArray[np.float32], taught: npt.NDArray[np.float32], seed: int) -> list[float]:
    """Return the cosine of each record to the nearest one that the model learnt from, or of a sample of those."""
    sample = taught[np.random.default_rng(seed).permutation(len(taught))[:_TAUGHT]].T
    starts = range(0, len(vectors), _AT_ONCE)
    nearest = [(vectors[start : start + _AT_ONCE] @ sample).max(axis=1) for start in starts]
    return [round(float(one), 3) for one in np.concatenate(nearest)]


def _of_slices(found: dict[str, Any] | None) -> str:
    if not found or not found["found"]:
        return ""
    worst, more = found["found"][0], len(found["found"]) - 1
    others = f", and in {more} more slice{'s' * (more > 1)}" if more else ""
    return f"; {worst['reason']}{others}"


def _amplification(context: Context, taught: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Any] | None:
    """Hold the labels that the model gives each group of the test part against those that it learnt of that group."""
    task = context.config.task
    if str(task.kind.recipe) not in _GROUPED or not taught or not ids:
        return None
    said = by_id(context.round.table("predictions.parquet"), "value")
    found = amplification(
        [*taught.values()],
        [task.target(said[i]) for i in ids],
        by=_grouped(context, [*taught]),
        predicted_by=_grouped(context, ids),
        minimum=context.config.check.smallest_group,
    )
    return found.to_dict()


def _grouped(context: Context, ids: Sequence[str]) -> dict[str, Sequence[Any]]:
    """Return the columns that are kept beside records, and which of them name a group of people."""
    project, fields = context.project, fields_by_id(context.project)
    own = project.path(TERMS) if project.has(TERMS) else None
    texts = ["\n".join(fields[i].values()) for i in ids]
    return {**mentions(texts, own=own, language=context.config.check.language), **metadata_of(project, ids)}


def _of_amplification(found: dict[str, Any] | None) -> str:
    if not found or not found["found"]:
        return ""
    more = len(found["found"]) - 1
    return f"; {found['found'][0]['reason']}{f', and {more} more such' if more else ''}"


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


def _summary(scores: Any, on: dict[str, Any], also: Sequence[str]) -> str:
    records = f"{on['records']} test records, {on['settled_by_people']} of their labels settled by people"
    named = {"accuracy": scores.accuracy, "macro-F1": scores.macro_f1}
    named |= {name.replace("_", " "): scores.metrics[name] for name in also if name in scores.metrics}
    found = ", ".join(f"{name} {score.in_words()}" for name, score in named.items() if score.low is not None)
    return f"{found} (95% intervals) on {records}"


def _predict(context: Context) -> None:
    fields, task = fields_by_id(context.project), context.config.task
    part, ids = by_id(context.round.table("split.parquet"), "part"), sorted(fields)
    found = _asked(context, context.round.opened("model"), [fields[i] for i in ids])
    rows = (
        {
            "record_id": i,
            "part": part[i],
            "value": task.of_target(names),
            "confidence": float(sure),
            "pred_probs": probs.tolist(),
        }
        for i, names, sure, probs in zip(ids, found.answers, found.confidence, found.pred_probs, strict=True)
    )
    told: dict[str | bytes, str] = {LABEL_NAMES: json.dumps(found.label_names), THRESHOLD: json.dumps(found.threshold)}
    told |= {"precision": found.precision, "device": found.device}
    schema = predictions_schema(task.kind.value())
    context.round.write_table("predictions.parquet", table(rows, schema).replace_schema_metadata(told))


def said_by(context: Context, model: Path, ids: Sequence[str]) -> Said:
    """Ask any model about records of a project.

    Args:
        context: Of the project.
        model: The folder of a trained model.
        ids: The records.
    """
    fields = fields_by_id(context.project)
    return said_of(context, model, [fields[i] for i in ids])


def said_of(context: Context, model: Path, fields: Sequence[Mapping[str, str]]) -> Said:
    """Ask any model about texts that a project need not have, each by the names of its fields."""
    from evaluation.exams import Said

    found = _asked(context, model, fields)
    return Said(
        values=[context.config.task.of_target(names) for names in found.answers],
        confidence=found.confidence.tolist(),
        pred_probs=[probs.tolist() for probs in found.pred_probs],
        known=found.label_names,
        threshold=found.threshold,
    )


def _asked(context: Context, model: Path, fields: Sequence[Mapping[str, str]]) -> Any:
    import datasets

    from training import predict

    task = context.config.task
    return predict(
        model,
        datasets.Dataset.from_dict({name: [each[name] for each in fields] for name in task.fields}),
        text_columns=task.read_fields,
        precision=context.config.training.precision,
        progress=context.tick,
    )


def said_in(round_: Round, ids: list[str]) -> Said:
    """Return what the model of a round, which has been evaluated, said of these records."""
    from evaluation.exams import Said

    predictions = round_.table("predictions.parquet")
    told = predictions.schema.metadata or {}
    columns = {name: by_id(predictions, name) for name in ("value", "confidence", "pred_probs")}
    values, confidence, probs = ([column[i] for i in ids] for column in columns.values())
    return Said(
        values=values,
        confidence=confidence,
        pred_probs=probs,
        known=json.loads(told.get(LABEL_NAMES, b"[]")),
        threshold=float(json.loads(told.get(THRESHOLD, b"0.5"))),
    )


STEP = Step(
    name="evaluate",
    makes=("predictions.parquet", "evaluation.json"),
    needs=("model", "labels.parquet", "split.parquet"),
    depends_on=lambda config: [
        config.task.model_dump(mode="json"),
        config.seed,
        config.training.precision,
        config.check.language,
        config.check.smallest_group,
        *installed(METRICS),
    ],
    run=run,
    revision=7,
)
