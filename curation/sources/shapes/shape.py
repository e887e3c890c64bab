"""The seam for shapes: what a tool's record is in columns, and how its files are known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from curation.sources.rows import Reading, Row
from curation.sources.values import described

ID = "id"
"""The column of a record's id."""

UNNAMED = "answer"
"""The question of a file in which everybody answered with nothing, so that no question has a name."""


@dataclass(frozen=True, kw_only=True)
class Flat:
    """One record.

    Attributes:
        fields: Its texts by column, in order: those that people are shown.
        answers: What was answered, by the name of the question; several names or passages as a list.
        answered: Whether somebody answered: a question that `answers` lacks was answered with nothing.
        record_id: Its id; None where it has none.
        labels: What could have been answered, where the record says so.
        written: The questions that were answered with a text that somebody wrote.
        more: Other columns that may be shown.
        chats: The column of `more` that holds a chat as it is, by its text, where it has several turns.
        doubt: What a reader of this record should know, in words.
    """

    fields: Mapping[str, str]
    answers: Mapping[str, Any] = field(default_factory=dict)
    answered: bool = False
    record_id: Any = None
    labels: Sequence[str] = ()
    written: frozenset[str] = frozenset()
    more: Mapping[str, Any] = field(default_factory=dict)
    chats: Mapping[str, str] = field(default_factory=dict)
    doubt: str | None = None

    def cell(self, name: str) -> Any:
        """Return what stands in a column."""
        if name in self.answers:
            return self.answers[name]
        known = {ID: self.record_id, **self.more, **self.fields}
        return known.get(name, [] if self.answered and name not in known else None)

    @property
    def names(self) -> dict[str, None]:
        """The columns that it has."""
        ids = {} if self.record_id is None else {ID: None}
        unnamed = [UNNAMED] if self.answered and not self.answers else []
        return ids | dict.fromkeys([*self.more, *self.fields, *self.answers, *unnamed])


Objects: TypeAlias = Callable[[Path, Reading], Iterator[Row]]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How a tool writes its records.

    Attributes:
        name: What `--format` calls it.
        says: What such a file is, in words.
        is_one: Whether an object of a file is such a record, with an answer.
        flat: The record in columns; raises ValueError with what was expected.
        objects: Reads a file's objects; by its ending, as JSON, by default.
        endings: Of files that are of this shape whatever is in them.
    """

    name: str
    says: str
    is_one: Callable[[Mapping[str, Any]], bool]
    flat: Callable[[Mapping[str, Any]], Flat]
    objects: Objects | None = None
    endings: tuple[str, ...] = ()


def passage(start: Any, end: Any, label: Any) -> dict[str, Any]:
    """Return a passage.

    Raises:
        ValueError: Its places are no whole numbers in order, or its label is no text.
    """
    whole = all(isinstance(at, int) and not isinstance(at, bool) for at in (start, end))
    if not whole or not isinstance(label, str) or not 0 <= start < end:
        raise ValueError(f"expected a passage as start, end and label, came {described([start, end, label])}")
    return {"start": start, "end": end, "label": label}


def passages_in(given: Any) -> list[dict[str, Any]]:
    """Return passages from objects, or from lists of start, end and label.

    Raises:
        ValueError: They are written otherwise.
    """
    if not isinstance(given, list):
        raise ValueError(f"expected a list of passages, came {described(given)}")
    return [passage(*parts) for each in given for parts in _parts(each)]


def _parts(each: Any) -> list[tuple[Any, Any, Any]]:
    """Return the start, the end and the label of a passage, once for each of its labels."""
    if isinstance(each, Mapping):
        start, end = (each.get(name, each.get(f"{name}_offset", each.get(f"{name}_char"))) for name in ("start", "end"))
        label = each.get("label", each.get("type"))
        several = each.get("labels") if label is None else None
        return (
            [(start, end, one) for one in several] if isinstance(several, list) and several else [(start, end, label)]
        )
    if not isinstance(each, list) or len(each) != 3:
        raise ValueError(f"expected a passage as start, end and label, came {described(each)}")
    return [(each[0], each[1], each[2])]


def are_passages(given: Any) -> bool:
    """Whether a list holds passages and no names; one of nothing may be either."""
    return isinstance(given, list) and all(isinstance(each, list | Mapping) for each in given)


def of_most(answers: Sequence[Any]) -> tuple[Any, str | None]:
    """Return the answer that most people gave, and what to say of that; None where none is ahead."""
    counts = Counter(json.dumps(answer, sort_keys=True) for answer in answers)
    if len(counts) < 2:
        return (answers[0] if answers else None), None
    (first, most), (_, next_most) = counts.most_common(2)
    if most == next_most:
        return None, "people gave different answers, none of them more often: it comes in without one"
    return json.loads(first), "people gave different answers: the one that most of them gave came in"


def texts_of(found: Mapping[str, Any], *, but: Iterable[str] = ()) -> dict[str, str]:
    """Return the columns that hold texts."""
    return {str(name): text for name, text in found.items() if isinstance(text, str) and name not in set(but)}
