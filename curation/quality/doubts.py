"""What tells wrong answers of each kind from right ones: rows of the quality table, one for every unit of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from curation.quality.cleanlab_opinions import (
    Opinion,
    cleanlab_labels,
    cleanlab_passages,
    cleanlab_ratings,
    cleanlab_sets,
)
from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.label_errors import LabelQuality, label_quality
from curation.quality.multi_label_errors import multi_label_quality
from curation.quality.nearest import NearestNeighbours
from curation.quality.preference_errors import preference_quality
from curation.quality.ranking_errors import ranking_quality
from curation.quality.rating_errors import rating_quality, step_places
from curation.quality.span_errors import PassageDoubt, span_quality
from curation.quality.telling import NEEDED
from curation.quality.text_errors import text_quality
from curation.tasks.kind import ANSWER
from curation.tasks.multi_label import NO, YES
from curation.tasks.orders import BETWEEN, ranks
from curation.tasks.ranking import KIND as RANKING
from curation.tasks.span import KIND as SPAN
from curation.tasks.span import NOTHING

Rows = list[dict[str, Any]]

FEWEST = 20  # labelled records below which cross-validation says nothing


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """The records that have a label.

    Attributes:
        kind: The kind of answer; what doubts it is an entry of `DOUBTS`.
        question: What was asked.
        values: Their answers.
        values_before: The answers that they came with where people have read them since, None elsewhere.
        names: Every stratum, which is a label where a record has one; `codes` are positions in it.
        before: The label that a record came with where people have read it since, -1 elsewhere.
        fields: Their text fields, for kinds that look at them apart.
    """

    kind: str
    question: Any
    values: Sequence[Any]
    values_before: Sequence[Any]
    ids: Sequence[str]
    texts: Sequence[str]
    names: Sequence[str]
    codes: IntArray
    before: IntArray
    embeddings: FloatArray
    fields: Sequence[Mapping[str, str]] = ()

    @property
    def labels(self) -> list[str]:
        """Their labels in words."""
        return [self.names[code] for code in self.codes]

    @property
    def why_unchecked(self) -> str | None:
        """Why these labels say nothing of each other, or None."""
        if self.kind not in DOUBTS:
            return f"answers of the kind {self.kind!r} are not checked: nothing here tells wrong ones from right ones"
        if len(self.ids) < FEWEST:
            return f"too few labels to check ({len(self.ids)}, needs {FEWEST})"
        if len(np.unique(self.codes)) < 2 and all(value == self.values[0] for value in self.values):
            return f"no label can be checked: all {len(self.ids)} are {self.labels[0]!r}"
        return None


@dataclass(frozen=True, kw_only=True)
class Doubts:
    """What is known of the answers of all records.

    Attributes:
        rows: Of the quality table, one for every unit of every answer.
        note: What to know before they are believed, in words; empty where there is nothing to say.
        is_told: Whether something tells the answers; where nothing does, none is doubted, and the note says so.
    """

    rows: Rows
    note: str = ""
    is_told: bool = True

    @classmethod
    def of(cls, found: Any, rows: Rows) -> Doubts:
        """Return rows with what else a result says."""
        return cls(rows=rows, note=found.note, is_told=found.telling is None or found.telling > NEEDED)


def doubts(labelled: Labelled, graph: NearestNeighbours | None, seed: int) -> Doubts:
    """Return how likely every unit of every answer is wrong; nothing where these labels say nothing of each other.

    Args:
        labelled: The records with an answer.
        graph: Their nearest neighbours, where they are at hand.
        seed: Of the folds.
    """
    return Doubts(rows=[]) if labelled.why_unchecked else DOUBTS[labelled.kind](labelled, graph, seed)


def baseline(labelled: Labelled, seed: int) -> Opinion:
    """Return what cleanlab says of the same answers; nothing of a kind of which it knows nothing."""
    n = len(labelled.ids)
    if labelled.why_unchecked:
        return Opinion.none(n, labelled.why_unchecked)
    if labelled.kind not in BASELINES:
        return Opinion.none(n, f"it has nothing for answers of the kind {labelled.kind!r}")
    return BASELINES[labelled.kind](labelled, seed)


def side_by_side(rows: Rows, theirs: Opinion, ids: Sequence[str]) -> Rows:
    """Return rows of the quality table with what cleanlab says of the answer of each record, None where nothing."""
    said = {i: None if np.isnan(p) else float(p) for i, p in zip(ids, theirs.p_wrong, strict=True)}
    return [{**row, "cleanlab_p_wrong": said[row["record_id"]]} for row in rows]


def _one_choice(
    labelled: Labelled, graph: NearestNeighbours | None, seed: int, *, judge: Callable[..., LabelQuality]
) -> Doubts:
    found = judge(
        labelled.labels,
        texts=labelled.texts,
        embeddings=labelled.embeddings,
        label_names=labelled.names,
        neighbours=graph,
        before=labelled.before,
        seed=seed,
    )
    return Doubts.of(found, _one_row_each(labelled, found))


def _of_two_texts(labelled: Labelled, graph: NearestNeighbours | None, seed: int) -> Doubts:
    first, second = labelled.question.about()
    pairs = [(texts[first], texts[second]) for texts in labelled.fields]
    found = preference_quality(
        labelled.labels, texts=pairs, label_names=labelled.names, before=labelled.before, seed=seed
    )
    return Doubts.of(found, _one_row_each(labelled, found))


def _one_row_each(labelled: Labelled, found: LabelQuality) -> Rows:
    return [
        {
            "record_id": record_id,
            "unit": ANSWER,
            "choice": label,
            "p_wrong": 1.0 - float(found.score[n]),
            "suggested": str(found.suggested[n]),
            "suggested_prob": float(found.suggested_prob[n]),
            "is_issue": bool(found.is_issue[n]),
            "reason": found.reason[n],
            "evidence": [labelled.ids[j] for j in found.neighbours[n] if j >= 0],
        }
        for n, (record_id, label) in enumerate(zip(labelled.ids, labelled.labels, strict=True))
    ]


def _several_labels(labelled: Labelled, graph: NearestNeighbours | None, seed: int) -> Doubts:
    names = tuple(labelled.question.labels)
    found = multi_label_quality(
        labelled.values,
        texts=labelled.texts,
        embeddings=labelled.embeddings,
        label_names=names,
        neighbours=graph,
        before=labelled.values_before,
        seed=seed,
    )
    rows = [
        {
            "record_id": record_id,
            "unit": name,
            "choice": YES if name in labelled.values[n] else NO,
            "p_wrong": float(found.p_wrong[n, k]),
            "answer_p_wrong": 1.0 - float(found.score[n]),
            "suggested": YES if found.suggested[n, k] else NO,
            "suggested_prob": float(found.p_wrong[n, k] if found.is_issue[n, k] else 1 - found.p_wrong[n, k]),
            "is_issue": bool(found.is_issue[n, k]),
            "reason": found.reason[n].get(name, ""),
            "evidence": [labelled.ids[j] for j in found.neighbours[n] if j >= 0] if found.is_issue[n, k] else [],
        }
        for n, record_id in enumerate(labelled.ids)
        for k, name in enumerate(names)
    ]
    return Doubts.of(found, rows)


def _in_order(labelled: Labelled, graph: NearestNeighbours | None, seed: int) -> Doubts:
    names = tuple(labelled.question.options)
    rivals = RANKING.rivals(labelled.question, [*labelled.fields[0]] if labelled.fields else [])
    found = ranking_quality(
        labelled.values,
        texts=[[fields[name] for name in rivals] for fields in labelled.fields] if rivals else labelled.texts,
        embeddings=None if rivals else labelled.embeddings,
        label_names=names,
        before=labelled.values_before,
        seed=seed,
    )
    at = {BETWEEN.join(sorted(pair)): k for k, pair in enumerate(found.pairs)}
    rows = [
        {
            "record_id": record_id,
            "unit": unit,
            "choice": choice,
            "p_wrong": float(found.p_wrong[n, at[unit]]),
            "answer_p_wrong": 1.0 - float(found.score[n]),
            "suggested": should[unit],
            "suggested_prob": float(found.suggested_prob[n]),
            "is_issue": bool(found.is_issue[n]) and should[unit] != choice,
            "reason": found.reason[n],
            "evidence": [],
        }
        for n, record_id in enumerate(labelled.ids)
        for should in [RANKING.units(ranks(found.suggested[n]), labelled.question)]
        for unit, choice in RANKING.units(labelled.values[n], labelled.question).items()
    ]
    return Doubts.of(found, rows)


def _written(labelled: Labelled, graph: NearestNeighbours | None, seed: int) -> Doubts:
    found = text_quality(labelled.values, texts=labelled.texts, seed=seed)
    rows = [
        {
            "record_id": record_id,
            "unit": ANSWER,
            "choice": answer,
            "p_wrong": 1.0 - float(found.score[n]),
            "suggested": answer,
            "suggested_prob": float(found.score[n]),
            "is_issue": bool(found.is_issue[n]),
            "reason": found.reason[n],
            "evidence": [],
        }
        for n, (record_id, answer) in enumerate(zip(labelled.ids, labelled.values, strict=True))
    ]
    return Doubts.of(found, rows)


def _passages(labelled: Labelled, graph: NearestNeighbours | None, seed: int) -> Doubts:
    if not any(labelled.values):
        return Doubts(rows=[])
    found = span_quality(
        labelled.values,
        texts=labelled.texts,
        embeddings=labelled.embeddings,
        label_names=labelled.question.labels,
        neighbours=graph,
        before=labelled.values_before,
        seed=seed,
    )
    rows = [
        {
            "record_id": record_id,
            "answer_p_wrong": 1.0 - float(found.score[n]),
            "evidence": [labelled.ids[j] for j in found.neighbours[n] if j >= 0] if row["is_issue"] else [],
            **row,
        }
        for n, record_id in enumerate(labelled.ids)
        for row in _rows_of(found.units[n], found.suggested[n], labelled.question)
    ]
    return Doubts.of(found, rows)


def _rows_of(units: Sequence[PassageDoubt], suggested: Sequence[Any], question: Any) -> Rows:
    """Return a row for each passage that is given, may be missing, or should stand in place of one that is given.

    Folded, what they suggest is the whole answer that is suggested.
    """
    should = SPAN.units(suggested, question)
    rows: dict[str, dict[str, Any]] = {}
    for unit in units:
        there = {"start": unit.start, "end": unit.end, "label": unit.label}
        named = there if unit.label is not None else (unit.suggested or {**there, "label": question.labels[0]})
        instead = [] if unit.suggested is None else [unit.suggested]
        for name in [*SPAN.units([named], question), *SPAN.units(instead, question)]:
            given = name in rows or (unit.label is not None and name in SPAN.units([there], question))
            if name in rows:
                continue
            choice = unit.label if given else NOTHING
            rows[name] = {
                "unit": name,
                "choice": choice,
                "p_wrong": 1.0 - unit.score,
                "suggested": should.get(name, NOTHING),
                "suggested_prob": unit.suggested_prob,
                "is_issue": should.get(name, NOTHING) != choice,
                "reason": unit.reason,
            }
    return list(rows.values())


DOUBTS: Mapping[str, Callable[[Labelled, NearestNeighbours | None, int], Doubts]] = {
    "single_label": partial(_one_choice, judge=label_quality),
    "rating": partial(_one_choice, judge=rating_quality),
    "multi_label": _several_labels,
    "text": _written,
    "preference": _of_two_texts,
    "ranking": _in_order,
    "span": _passages,
}
"""By the kind of answer; kinds without an entry are not checked, and the check says so."""

BASELINES: Mapping[str, Callable[[Labelled, int], Opinion]] = {
    "single_label": lambda known, seed: cleanlab_labels(known.codes, embeddings=known.embeddings, seed=seed),
    "rating": lambda known, seed: cleanlab_ratings(
        step_places(known.names)[known.codes], embeddings=known.embeddings, seed=seed
    ),
    "multi_label": lambda known, seed: cleanlab_sets(
        known.values, label_names=known.question.labels, embeddings=known.embeddings, seed=seed
    ),
    "span": lambda known, seed: cleanlab_passages(
        known.values, texts=known.texts, label_names=known.question.labels, seed=seed
    ),
}
"""What doubts answers as well, to be shown beside it; nothing is, for kinds without an entry."""
