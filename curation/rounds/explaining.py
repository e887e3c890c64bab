"""Why a model says what it says of records: their words, and the training records that are nearest in its eyes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from curation.errors import TwofoldError, suggest
from curation.prediction.explained_texts import affordable, labels_explained
from curation.project.label_trail import LabelTrail, label_trails
from curation.project.labelled import current_values, fields_by_id, records_by_part, tested_values
from curation.project.step import Context, Tick
from curation.rounds.asked_model import Asked
from curation.rounds.taught_nearby import Taught, taught_nearby
from curation.steps.evaluate import said_by, said_in
from evaluation.explaining.explanation import Explanation
from evaluation.explaining.faithfulness import Faithfulness, faithfulness
from evaluation.explaining.global_words import GlobalWord, global_words

Bar: TypeAlias = Callable[[str], Tick]
"""Begins the bar of something that takes time."""

_LOOKED_AT = 200  # test records whose words are added up
_MEASURED = 50  # of those, how many are taken apart to see how faithful their explanations are
_WORDS_READ = 100_000  # by the model, for the words of all of them together: a record of w words is read w times


@dataclass(frozen=True, kw_only=True)
class ExplainedRecord:
    """Why a model says something of a record.

    Attributes:
        record_id: Its id; None of a text that is no record.
        part: Its part, likewise.
        label: Its label in words; None where it has none.
        predicted: What the model says, in words.
        explanation: The words that speak for and against.
        nearest: The nearest training records, as far as any is near.
        trails: How its label and theirs came about, by id.
    """

    record_id: str | None
    part: str | None
    label: str | None
    predicted: str
    explanation: Explanation
    nearest: Sequence[Taught]
    trails: Mapping[str, LabelTrail]


@dataclass(frozen=True, kw_only=True)
class Overall:
    """What words mean to a model over its test records.

    Attributes:
        words: For each label those that speak most for and against it.
        records: Test records that they were added up over.
        of: Test records in all.
        faithfulness: How far the explanations of some of them can be believed.
    """

    words: Sequence[GlobalWord]
    records: int
    of: int
    faithfulness: Faithfulness


def surest_errors(of: Asked, bar: Bar) -> list[str]:
    """Return the test records of which a model says something else than their label, the surest first."""
    task, values = of.project.config.task, tested_values(of.project, of.round)
    ids, own = [*values], of.folder == of.round.path("model")
    with of.named_in_errors():
        said = said_in(of.round, ids) if own else said_by(_context(of, bar("predict")), of.folder, ids)
    sure = dict(zip(ids, said.confidence, strict=True))
    wrong = [i for i, answer in zip(ids, said.values, strict=True) if task.in_words(answer) != task.in_words(values[i])]
    return sorted(wrong, key=lambda i: (-sure[i], i))


def explained_records(of: Asked, ids: Sequence[str], *, nearest: int, bar: Bar) -> list[ExplainedRecord]:
    """Explain what a model says of records of the project.

    Raises:
        TwofoldError: There is no such record, or the model reads other columns, or cannot be asked in this way.
    """
    known = fields_by_id(of.project)
    for i in ids:
        if i not in known:
            raise TwofoldError(f"{of.project.folder}: no record {i!r}{suggest(i, known)}")
    parts = {i: str(part) for part, those in records_by_part(of.round).items() for i in those}
    values = current_values(of.project, of.round)
    return _explained(of, of.texts_of(ids), ids, parts, values, nearest=nearest, bar=bar)


def explained_texts(of: Asked, texts: Sequence[str], *, nearest: int, bar: Bar) -> list[ExplainedRecord]:
    """Explain what a model says of other texts, one after another for each of the columns that it reads.

    Raises:
        TwofoldError: As `explained_records`, or there are too few texts.
    """
    names = of.project.config.task.read_fields
    if len(texts) % len(names):
        raise TwofoldError(f"--text: expected {len(names)} for each record ({', '.join(names)}), got {len(texts)}")
    rows = [list(texts[at : at + len(names)]) for at in range(0, len(texts), len(names))]
    asked_of = [row[0] if len(names) == 1 else row for row in rows]
    return _explained(of, asked_of, [None] * len(rows), {}, {}, nearest=nearest, bar=bar)


def overall(of: Asked, bar: Bar) -> Overall:
    """Add up what words mean over test records, drawn by the project's seed, and see how far that can be believed."""
    ids, seed = [*tested_values(of.project, of.round)], of.project.config.seed
    chosen = [ids[at] for at in np.random.default_rng(seed).permutation(len(ids))[:_LOOKED_AT]]
    texts = affordable(of.texts_of(chosen), _WORDS_READ)
    found = _weighed(of, texts, None, bar("words"))
    few, measuring = found[:_MEASURED], bar("believable")
    measured = faithfulness(
        few,
        of.model.probabilities,
        label_names=of.model.label_names,
        seed=seed,
        tick=lambda done: measuring(done, len(few)),
    )
    return Overall(words=global_words(found), records=len(texts), of=len(ids), faithfulness=measured)


def _context(of: Asked, tick: Tick) -> Context:
    return Context(project=of.project, round=of.round, tick=tick)


def _weighed(of: Asked, texts: Sequence[Any], labels: Sequence[str] | None, tick: Tick) -> Sequence[Explanation]:
    from training.explaining.explain import explained_by

    with of.named_in_errors():
        return explained_by(of.model, texts, labels=labels, method=of.method, tick=tick)


def _explained(
    of: Asked,
    texts: Sequence[Any],
    ids: Sequence[str | None],
    parts: Mapping[str, str],
    values: Mapping[str, Any],
    *,
    nearest: int,
    bar: Bar,
) -> list[ExplainedRecord]:
    if not texts:
        return []
    task = of.project.config.task
    with of.named_in_errors():
        of.model.check_texts([[text] if isinstance(text, str) else text for text in texts])
        said = of.model.predictions(texts)
        answers = [str(task.in_words(task.of_target(answer))) for answer in said.answers]
    targets = [task.target(values[i]) if i is not None and i in values else None for i in ids]
    labels = labels_explained(of.model, said, targets)
    found = _weighed(of, texts, labels, bar("explain"))
    near = taught_nearby(of, texts, ids, nearest, bar)
    trails = label_trails(of.project, of.round, {i for i in ids if i} | {one.record_id for row in near for one in row})
    return [
        ExplainedRecord(
            record_id=i,
            part=None if i is None else parts.get(i),
            label=task.in_words(values.get(i)) if i is not None else None,
            predicted=answer,
            explanation=each,
            nearest=those,
            trails={told: trails[told] for told in (i, *(one.record_id for one in those)) if told},
        )
        for i, answer, each, those in zip(ids, answers, found, near, strict=True)
    ]
