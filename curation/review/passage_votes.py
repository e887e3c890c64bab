"""Votes whose answers are marked passages, in whatever people keep them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pyarrow as pa

from curation.project.standing import Status
from curation.review.vote_tables import VoteTable, vote_columns
from curation.review.votes import Votes, label_names, read_votes
from curation.tasks.span import KIND, NOTHING, Span, in_order
from evaluation.columns import Column


@dataclass(frozen=True, kw_only=True)
class PassageVotes:
    """The votes that count.

    Attributes:
        coded: The votes with each answer as one text.
        answers: The passages that each of these texts stands for, in the order of `coded.labels`.
        question: What they answer: the labels, and whether passages may overlap.
    """

    coded: Votes
    answers: Sequence[Sequence[Mapping[str, Any]]]
    question: Span

    def table(self) -> pa.Table:
        """Return the votes as a table of a project has them."""
        coded = self.coded
        return pa.table(
            {
                "record_id": pa.array([coded.records[r] for r in coded.record], pa.string()),
                "reviewer": pa.array([coded.reviewers[r] for r in coded.reviewer], pa.string()),
                "status": pa.array([Status.SUBMITTED] * len(coded.record), pa.string()),
                "value": pa.array([self.answers[c] for c in coded.label], KIND.value()),
            }
        )


def read_passage_votes(votes: VoteTable, labels: Column | None = None) -> PassageVotes:
    """Validate votes whose `value` (or `label`) is a list of passages.

    Args:
        votes: As `read_votes` takes them; a passage is a mapping with `start`, `end` and `label`, or these three in a
            list, in characters, the end after the last one. An empty list is an answer: nothing is marked.
        labels: What a passage can be; by default what was used, sorted.

    Raises:
        ValueError: A bad vote table, something that is no passage, or an unknown label.
    """
    columns = dict(vote_columns(votes, "votes"))
    given = columns.pop("value") if "label" not in columns and "value" in columns else columns.get("label", [])
    answers = [_passages(row, answer) for row, answer in enumerate(given)]
    columns["label"] = [None if answer is None else json.dumps(answer) for answer in answers]
    coded = read_votes(columns)
    found = [json.loads(text) for text in coded.labels]
    used = sorted({passage["label"] for answer in found for passage in answer})
    names = used if labels is None else label_names(labels)
    if unknown := [name for name in used if name not in names]:
        raise ValueError(f"votes: expected labels of {', '.join(names)}, found {unknown[0]!r}")
    question = Span(labels=tuple(names or [NOTHING.strip("()")]), overlapping=any(map(_overlap, found)))
    return PassageVotes(coded=coded, answers=found, question=question)


def texts_of_records(read: PassageVotes, texts: Mapping[str, Any]) -> dict[str, str]:
    """Return the text of every record that has a vote, once all passages lie in it.

    Raises:
        ValueError: A record without its text, or a passage outside of it.
    """
    coded, found = read.coded, {}
    for record_id in coded.records:
        text = texts.get(record_id)
        if not isinstance(text, str):
            raise ValueError(f"texts of record {record_id!r}: expected a text, found {text!r:.60}")
        found[record_id] = text
    for record, label in zip(coded.record, coded.label, strict=True):
        record_id = coded.records[record]
        try:
            KIND.fits(read.question, read.answers[label], {read.question.field: found[record_id]})
        except ValueError as error:
            raise ValueError(f"votes: record {record_id!r}: {error}") from None
    return found


def _passages(row: int, answer: Any) -> list[dict[str, Any]] | None:
    answer = answer.as_py() if hasattr(answer, "as_py") else answer
    answer = answer.tolist() if hasattr(answer, "tolist") else answer
    if answer is None or isinstance(answer, float):
        return None
    if isinstance(answer, str) or not isinstance(answer, Iterable):
        raise ValueError(f"votes: row {row}: expected a list of passages, found {answer!r:.60}")
    assert KIND.read is not None  # noqa: S101  (a list of passages is read from a cell of a file as well)
    plain = [dict(each) if isinstance(each, Mapping) else list(each) for each in answer]
    try:
        found = KIND.read(json.dumps(plain, default=int))
    except (TypeError, ValueError) as error:
        raise ValueError(f"votes: row {row}: {error}") from None
    return in_order({tuple(passage.items()): passage for passage in found}.values())


def _overlap(answer: Sequence[Mapping[str, Any]]) -> bool:
    return any(second["start"] < first["end"] for first, second in pairwise(answer))
