"""Answers of any kind as the methods of this room take them: in words, and broken into choices; and the way back.

Agreement, the quality of readers and consensus are of units, the small choices that an answer is made of. Two readers
agree on a record when their answers are shown alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import pyarrow as pa

from curation.project.records import column
from curation.project.standing import Status
from curation.review.consensus import Consensus, consensus
from curation.review.cued_consensus import cued_consensus
from curation.review.option_pairs import pair_consensus
from curation.review.rating_consensus import rating_consensus
from curation.review.text_consensus import text_consensus
from curation.tasks.kind import Kind

WORDED = "label"
"""What an answer in words is called in the tables that this room takes and gives."""

CONSENSUS: Mapping[str, Callable[..., Consensus]] = {
    "nominal": consensus,
    "ordinal": rating_consensus,
    "pairs of options": pair_consensus,
    "text": text_consensus,
}
"""What makes a consensus of choices, by their scale, or by what their kind names."""


def consensus_of(kind: Kind) -> Callable[..., Consensus]:
    """Return what makes a consensus of the choices of a kind."""
    return CONSENSUS[kind.consensus or kind.scale]


NO_ANSWER = "(left open)"
"""What somebody said who submitted a record, and left this question of several open."""

_BETWEEN = "\x1f"  # stands in no record id: such characters are repaired when a file is read


@dataclass(frozen=True, kw_only=True)
class InWords:
    """A round's votes with their answers in words.

    Attributes:
        kind: The kind of answer.
        votes: The votes, `label` in place of `value`.
        values: The answer that each of its words stands for.
    """

    kind: Kind
    votes: pa.Table
    values: Mapping[str, Any]

    def typed(self, found: pa.Table, schema: pa.Schema) -> pa.Table:
        """Return a table of answers in words as one of `schema`, with answers."""
        words = column(found, WORDED)
        values = pa.array([self.values.get(each) for each in words], schema.field("value").type)
        return found.drop_columns([WORDED]).append_column("value", values).select(schema.names).cast(schema)


def in_words(votes: pa.Table, kind: Kind, question: Any = None) -> InWords:
    """Put votes into words.

    Args:
        votes: A table of `votes_schema`.
        kind: The kind of their answers.
        question: What they answer. Where a kind says what makes two of them the same, all that are the same are shown
            as the one that was given most often: of equals, the one that comes first.
    """
    answers, submitted = column(votes, "value"), [status == Status.SUBMITTED for status in column(votes, "status")]
    words = [
        (NO_ANSWER if done else None) if answer is None else kind.show(answer)
        for answer, done in zip(answers, submitted, strict=True)
    ]
    if kind.same is not None:
        pairs = zip(answers, words, strict=True)
        words = _most_usual(words, [word if answer is None else kind.same(answer, question) for answer, word in pairs])
    shown = votes.drop_columns(["value"]).append_column(WORDED, pa.array(words, pa.string()))
    values = {kind.show(answer): answer for answer in answers if answer is not None}
    return InWords(kind=kind, votes=shown, values=values)


def _most_usual(words: Sequence[str | None], same: Sequence[str | None]) -> list[str | None]:
    """Return for each the most frequent of those that are the same; of equally frequent ones the first in order."""
    first: dict[str | None, str | None] = {}
    counted = Counter(zip(same, words, strict=True))
    for (key, word), _ in sorted(counted.items(), key=lambda item: (-item[1], str(item[0]))):
        first.setdefault(key, word)
    return [first[key] for key in same]


@dataclass(frozen=True, kw_only=True)
class Units:
    """Votes on units.

    Attributes:
        votes: Columns as those of the votes, a row for each unit of an answer: `record_id` says which unit of which
            record it is, `label` what was chosen.
        record: The record that a unit is of, and its name there.
        answered: The records that have an answer, one without units among them.
    """

    votes: pa.Table
    record: Mapping[str, tuple[str, str]]
    answered: Sequence[str]


def as_units(votes: pa.Table, kind: Kind, question: Any) -> Units:
    """Break every answer into its choices; a vote without an answer has none, and neither has a draft.

    Where an answer names no more than what somebody saw, it also says of what other answers to the record name that it
    is `kind.absent`.

    Args:
        votes: A table of `votes_schema`.
        kind: The kind of their answers.
        question: The question that they answer.
    """
    rows, unit_ids, choices, record = [], [], [], {}
    given = [status == Status.SUBMITTED for status in column(votes, "status")]
    ids, answers = column(votes, "record_id"), column(votes, "value")
    said = [
        kind.units(answer, question) if counts and answer is not None else None
        for answer, counts in zip(answers, given, strict=True)
    ]
    all_units = _units_of_records(ids, said) if kind.absent is not None else {}
    for row, (record_id, named) in enumerate(zip(ids, said, strict=True)):
        missing = dict.fromkeys(all_units.get(record_id, ()), kind.absent)
        for unit, choice in ({} if named is None else {**missing, **named}).items():
            unit_id = f"{record_id}{_BETWEEN}{unit}" if unit else record_id
            record[unit_id] = (record_id, unit)
            rows.append(row)
            unit_ids.append(unit_id)
            choices.append(choice)
    kept = votes.drop_columns(["record_id", "value"]).take(pa.array(rows, pa.int64()))
    kept = kept.append_column("record_id", pa.array(unit_ids, pa.string()))
    return Units(
        votes=kept.append_column(WORDED, pa.array(choices, pa.string())),
        record=record,
        answered=sorted({record_id for record_id, named in zip(ids, said, strict=True) if named is not None}),
    )


def _units_of_records(ids: Sequence[str], said: Sequence[Mapping[str, str] | None]) -> dict[str, dict[str, None]]:
    """Return the units of every record that some answer names, in the order in which they come up."""
    found: dict[str, dict[str, None]] = {}
    for record_id, named in zip(ids, said, strict=True):
        found.setdefault(record_id, {}).update(dict.fromkeys(named or ()))
    return found


def consensus_of_units(
    units: Units, kind: Kind, question: Any, *, fields: Mapping[str, Mapping[str, str]] | None = None, seed: int = 0
) -> Consensus:
    """Make a consensus on units.

    Args:
        units: The units.
        kind: The kind of the answers that they make up.
        question: What these answer.
        fields: The text fields of every record, by its id; for kinds that say what the texts tell of a unit.
        seed: Of what is drawn.
    """
    labels = kind.choices(question)
    if fields is None or kind.cues is None:
        return consensus_of(kind)(units.votes, labels=labels, seed=seed)
    cues = {i: kind.cues(unit, question, fields[record_id]) for i, (record_id, unit) in units.record.items()}
    group = {i: record_id for i, (record_id, _) in units.record.items()}
    return cued_consensus(units.votes, cues=cues, group=group, labels=labels, seed=seed)


@dataclass(frozen=True, kw_only=True)
class RecordConsensus:
    """What a consensus on units says of records: the choices of a record, taken as independent, make its answer.

    Attributes:
        label: The answer of every record, in words.
        confidence: The probability of that answer, in [0, 1].
        labels: Every answer there is to choose from: all classes, or, where there are too many, those that were given.
        values: The answer that each of its words stands for.
        found: The consensus on units.
        units: The units of every record that has a vote: the id by the name.
        kind: The kind of answer.
        question: The question.
    """

    label: Mapping[str, str]
    confidence: Mapping[str, float]
    labels: Sequence[str]
    values: Mapping[str, Any]
    found: Consensus
    units: Mapping[str, Mapping[str, str]]
    kind: Kind
    question: Any

    def probability(self, record_id: str, label: str) -> float | None:
        """Return how likely an answer is, given the votes, in [0, 1]; None where they say nothing of it."""
        if record_id not in self.units or label not in self.values:
            return None
        known, choices = self.units[record_id], self.kind.units(self.values[label], self.question)
        if not choices.keys() <= known.keys():
            return None  # it says something of which no reader has spoken
        absent = self.kind.absent or ""
        parts = [self.found.probability(i, choices.get(unit, absent)) for unit, i in known.items()]
        if self.kind.is_written and None in parts:
            return None  # nobody wrote it: there is no list of texts in which it would be unlikely
        return prod(part or 0.0 for part in parts)


def of_records(
    found: Consensus, units: Units, answers: InWords, question: Any, classes: Mapping[str, Any]
) -> RecordConsensus:
    """Fold the choices that a consensus makes back into an answer for every record.

    Args:
        found: The consensus on units.
        units: Those units.
        answers: The votes.
        question: What they answer.
        classes: All answers by their words, where they are few.
    """
    of: dict[str, dict[str, str]] = {record_id: {} for record_id in units.answered}
    for unit_id, (record_id, unit) in units.record.items():
        if unit_id in found.label:
            of.setdefault(record_id, {})[unit] = unit_id
    folded = {i: answers.kind.fold({unit: found.label[u] for unit, u in named.items()}) for i, named in of.items()}
    label = {record_id: answers.kind.show(value) for record_id, value in folded.items()}
    values = {**classes, **answers.values, **{label[record_id]: value for record_id, value in folded.items()}}
    return RecordConsensus(
        label=label,
        confidence={i: _confidence(found, named, folded[i], answers.kind, question) for i, named in of.items()},
        labels=list(classes) or sorted(values),
        values=values,
        found=found,
        units=of,
        kind=answers.kind,
        question=question,
    )


def _confidence(found: Consensus, named: Mapping[str, str], answer: Any, kind: Kind, question: Any) -> float:
    """Return how likely all choices of an answer are, also those that folding made others than were chosen."""
    said, absent = kind.units(answer, question), kind.absent or ""
    wanted = {unit: said.get(unit, absent) for unit in named}
    chances = (
        found.confidence[i] if found.label[i] == wanted[unit] else found.probability(i, wanted[unit]) or 0.0
        for unit, i in named.items()
    )
    return prod(chances)
