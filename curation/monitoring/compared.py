"""A log beside what the model was tested on: texts, predictions, confidence, distance from what was learnt, speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.errors import TwofoldError
from curation.monitoring.log_rows import Log, Logged
from curation.monitoring.measures import CALLED, DISTANCES, Measure, distances, text_measures
from curation.project.embeddings import EmbeddingStore
from curation.project.labelled import current_values, fields_by_id, outside_test, records_by_part
from curation.project.standing import USED_PARTS, Part
from curation.project.step import Context
from curation.quality.input_checks import FloatArray
from curation.sources.beside import makes_groups, metadata_of
from curation.steps.evaluate import said_in, said_of
from curation.tasks.task import Task
from evaluation.drift import Drift, drift
from evaluation.expected_shares import stream_weights
from evaluation.intervals import Interval, quantile_interval, wilson_interval
from evaluation.words import words

_TAUGHT = 20_000  # training records, by chance, that others are held against
_FEWEST = 10  # records of a test part that anything can be held against


@dataclass(frozen=True, kw_only=True)
class Side:
    """Records of one side, column by column.

    Attributes:
        rows: The records.
        vectors: (n, d) embeddings of their texts, each of length 1.
        distances: (n,) how far each is from what the model has learnt, in [0, 1].
    """

    rows: Sequence[Logged]
    vectors: npt.NDArray[np.float32]
    distances: FloatArray


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What was found of a log.

    Attributes:
        drift: Every test.
        reference: What the log was held against.
        log: The sample of the log, every row with a prediction.
        left_out: What was not compared, and why, a sentence each.
        seconds: The median and the 95th percentile of the time that an answer took; none where the log does not say.
        down: The share of thumbs that are down; None where there are none.
        corrected: The share of corrections that say another thing than the model; None likewise.
    """

    drift: Drift
    reference: Side
    log: Side
    left_out: Sequence[str]
    seconds: Mapping[str, Interval]
    down: Interval | None
    corrected: Interval | None


def tested_records(context: Context, model: Path | None) -> list[Logged]:
    """Return the test part of a round as rows of a log: what the model was not taught, and what is known of it.

    Args:
        context: The round has been evaluated.
        model: The model whose predictions are meant; None for that of the round.

    Raises:
        TwofoldError: The test part is too small.
    """
    project, ids = context.project, sorted(records_by_part(context.round)[Part.TEST])
    if len(ids) < _FEWEST:
        raise TwofoldError(
            f"{project.folder}: expected a test part of at least {_FEWEST} records, came {len(ids)}; name a log of a "
            "time when all was well with --reference"
        )
    fields, kept = fields_by_id(project), metadata_of(project, ids)
    said = said_in(context.round, ids) if model is None else said_of(context, model, [fields[i] for i in ids])
    return [
        Logged(
            row=at,
            fields=fields[i],
            predicted=said.values[at],
            confidence=_share(said.confidence[at]),
            seconds=None,
            thumb=None,
            correction=None,
            beside={name: values[at] for name, values in kept.items()},
        )
        for at, i in enumerate(ids)
    ]


def weights_of_tested(context: Context) -> npt.NDArray[np.float64] | None:
    """Return how many records of a stream each record of the test part stands for, in the order of `tested_records`.

    Returns:
        (n,) weights; None where the test part came as a file, which nobody drew label by label.
    """
    if outside_test(context.project) is not None:
        return None
    parts, values = records_by_part(context.round), current_values(context.project, context.round)
    strata = context.config.task.strata({i: values.get(i) for part in USED_PARTS for i in parts[part]})
    return stream_weights([strata[i] for i in sorted(parts[Part.TEST])], [*strata.values()])


def with_predictions(context: Context, rows: Sequence[Logged], model: Path | None) -> list[Logged]:
    """Return rows, those without a prediction with that of the model."""
    lacking = [at for at, row in enumerate(rows) if row.predicted is None]
    if not lacking:
        return list(rows)
    said = said_of(context, model or context.round.opened("model"), [rows[at].fields for at in lacking])
    made = dict(zip(lacking, zip(said.values, said.confidence, strict=True), strict=True))
    return [
        replace(row, predicted=made[at][0], confidence=_share(made[at][1])) if at in made else row
        for at, row in enumerate(rows)
    ]


def _share(confidence: float) -> float | None:
    """Return a confidence with the digits that a file has; None where a model does not say it."""
    return None if np.isnan(confidence) else float(str(np.float32(confidence)))


def compared(
    context: Context,
    log: Log,
    reference: Sequence[Logged],
    *,
    weights: npt.NDArray[np.float64] | None = None,
    level: float,
    model: Path | None = None,
) -> Compared:
    """Hold a log against a reference.

    Args:
        context: The project as it is seen from the question that a model learns, and a round that has been evaluated.
        log: The log.
        reference: What it is held against; every row has a prediction.
        weights: (n,) how much each row of it counts; all alike unless given.
        level: How often anything is found where nothing has changed, at most.
        model: The model that is asked where the log has no prediction; None for that of the round.
    """
    rows = with_predictions(context, log.sample, model)
    taught = _taught(context)
    known, now = _sides(context, taught, reference, rows)
    columns, left_out = _columns(context, taught, known, now)
    before, after = ({name: sides[at] for name, sides in columns.items()} for at in (0, 1))
    found = drift(before, after, distances=DISTANCES, weights=weights, level=level, seed=context.config.seed)
    took = np.array([row.seconds for row in rows if row.seconds is not None])
    (up, down), (same, other) = log.thumbs, log.corrections
    return Compared(
        drift=found,
        reference=known,
        log=now,
        left_out=left_out,
        seconds={name: quantile_interval(took, q) for name, q in (("p50", 0.5), ("p95", 0.95))} if len(took) else {},
        down=wilson_interval(down, up + down) if up + down else None,
        corrected=wilson_interval(other, same + other) if same + other else None,
    )


def _sides(
    context: Context, taught: Sequence[str], reference: Sequence[Logged], rows: Sequence[Logged]
) -> tuple[Side, Side]:
    store = EmbeddingStore(context.project, tick=context.tick)
    chosen = np.random.default_rng(context.config.seed).permutation(len(taught))[:_TAUGHT]
    learnt = store.of([taught[at] for at in chosen.tolist()])
    vectors = store.of_texts([joined(row, context.config.task.fields) for row in (*reference, *rows)])
    far, n = distances(vectors, learnt), len(reference)
    return (
        Side(rows=reference, vectors=vectors[:n], distances=far[:n]),
        Side(rows=rows, vectors=vectors[n:], distances=far[n:]),
    )


def joined(row: Logged, fields: Sequence[str]) -> str:
    """Return the texts of a row as one, a line each, as those of records are embedded."""
    return "\n".join(row.fields[name] for name in fields)


def _columns(
    context: Context, taught: Sequence[str], known: Side, now: Side
) -> tuple[dict[str, tuple[Any, Any]], list[str]]:
    """Return the columns of both sides by name, and why others are left out."""
    known_words, read = _words_of(context, taught), context.config.task.read_fields
    of_known, of_now = (text_measures([joined(row, read) for row in side.rows], known_words) for side in (known, now))
    made: dict[str, tuple[Any, Any]] = {
        CALLED[Measure.TEXTS]: (known.vectors, now.vectors),
        **{name: (of_known[name], of_now[name]) for name in of_known},
        CALLED[Measure.OUT_OF_SCOPE]: (known.distances, now.distances),
    }
    left_out, compares = _left_out(context.config.task), what_compares(context.config.task)
    if compares is not None:
        before, after = ([compares(row.predicted) for row in side.rows] for side in (known, now))
        made[CALLED[Measure.PREDICTIONS]] = (before, after)
    for measure, name in ((Measure.CONFIDENCE, "confidence"), (Measure.SECONDS, "seconds")):
        before, after = ([_nan(getattr(row, name)) for row in side.rows] for side in (known, now))
        if not (np.isnan(before).all() or np.isnan(after).all()):
            made[CALLED[measure]] = (before, after)
        elif measure is Measure.CONFIDENCE:
            left_out.append("confidence: the reference or the log has none")
    return {**made, **_beside(known.rows, now.rows)}, left_out


def _nan(number: float | None) -> float:
    return float("nan") if number is None else number


def _taught(context: Context) -> list[str]:
    """Return the records that the model has learnt from: those of the training part that have a label."""
    labelled = current_values(context.project, context.round)
    return [i for i in records_by_part(context.round)[Part.TRAIN] if i in labelled]


def _words_of(context: Context, ids: Sequence[str]) -> frozenset[str]:
    fields, read = fields_by_id(context.project), context.config.task.read_fields
    return frozenset(word for i in ids for name in read for word in words(fields[i][name]))


def what_compares(task: Task) -> Callable[[Any], Any] | None:
    """Return what of an answer is held against others: a label, labels, or the length of a text; None for nothing."""
    if task.kind.is_written:
        return lambda text: float(len(text))
    if task.classes:
        return task.in_words
    return (lambda value: sorted(task.kind.mentions(value))) if task.labels else None


def _left_out(task: Task) -> list[str]:
    """Say what of the answers is not compared, and why."""
    if task.kind.is_written:
        return ["what predictions say, which are texts: their length in characters is compared"]
    if what_compares(task) is None:
        return [f"predictions: answers of the kind {task.kind.name!r} have no labels"]
    return []


def _beside(known: Sequence[Logged], now: Sequence[Logged]) -> dict[str, tuple[Any, Any]]:
    """Return the columns kept beside the records that the log has too, where a value has five records on average."""
    found = {}
    for name in known[0].beside if known else ():
        before, after = ([row.beside.get(name) for row in side] for side in (known, now))
        if makes_groups([*before, *after]) and any(v is not None for v in before) and any(v is not None for v in after):
            found[name if name not in CALLED.values() else f"column {name}"] = (before, after)
    return found
