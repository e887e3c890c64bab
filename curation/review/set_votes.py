"""Votes whose answers are several labels each, in whatever people keep them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.review.vote_tables import VoteTable, vote_columns
from curation.review.votes import Votes, label_names, read_votes
from evaluation.columns import Column


@dataclass(frozen=True, kw_only=True)
class SetVotes:
    """The votes that count.

    Attributes:
        coded: The votes with each answer as one text.
        sets: The labels that each of these texts stands for, in the order of `coded.labels`.
        names: All labels.
        columns: The columns as they came, each answer as one text.
    """

    coded: Votes
    sets: Sequence[Sequence[str]]
    names: Sequence[str]
    columns: Mapping[str, Any]


def read_set_votes(votes: VoteTable, labels: Column | None = None) -> SetVotes:
    """Validate votes whose `value` (or `label`) is a list of labels; an empty list is an answer, too.

    Raises:
        ValueError: A bad vote table, an answer that is no list, or an unknown label.
    """
    columns = dict(vote_columns(votes, "votes"))
    answers = columns.pop("value") if "label" not in columns and "value" in columns else columns.get("label", [])
    columns["label"] = [_as_one_text(answer) for answer in answers]
    coded = read_votes(columns)
    sets = [json.loads(text) for text in coded.labels]
    names = label_names(labels) if labels is not None else sorted({name for one in sets for name in one})
    if unknown := [name for one in sets for name in one if name not in names]:
        raise ValueError(f"votes: expected labels of {', '.join(names)}, found {unknown[0]!r}")
    return SetVotes(coded=coded, sets=sets, names=names, columns=columns)


def _as_one_text(answer: Any) -> str | None:
    """Return a list of labels as text that is the same for the same labels, None for no answer."""
    answer = answer.as_py() if hasattr(answer, "as_py") else answer
    if answer is None or isinstance(answer, float):
        return None
    if isinstance(answer, str):
        raise ValueError(f"votes: expected a list of labels for every answer, found {answer!r}")
    return json.dumps(sorted(str(label) for label in answer), ensure_ascii=False)
