"""The seam for layouts: how another tool writes one record with its answer, and what it cannot hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from curation.errors import TwofoldError
from curation.exports.layouts.form import Form, form_of
from curation.tasks.shapes import Shaped
from curation.tasks.task import Task


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One record.

    Attributes:
        record_id: Its id.
        fields: Its texts by field.
        chats: Those of its fields that hold a chat, as they are: messages with a `role` and a `content`.
        value: Its answer; None where it has none yet.
        task: The task that it belongs to.
        say: Counts something that a reader of the file should know, in words.
    """

    record_id: str
    fields: Mapping[str, str]
    value: Any
    task: Task
    say: Callable[[str], None]
    chats: Mapping[str, Shaped] = field(default_factory=dict)

    @property
    def field(self) -> str:
        """The field that the question is about, or the first one."""
        return str(getattr(self.task.asked, "field", self.task.fields[0]))

    @property
    def text(self) -> str:
        """The text of that field."""
        return self.fields[self.field]

    @property
    def others(self) -> dict[str, str]:
        """All other texts."""
        return {name: text for name, text in self.fields.items() if name != self.field}


Write: TypeAlias = Callable[[Entry], Any]


def in_json(found: Any) -> str:
    """Return a value as JSON in one line."""
    return json.dumps(found, ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How another tool writes records.

    Attributes:
        name: What `--format` calls it.
        says: What it is, in words.
        writes: What becomes of a record, by what its answer is made of; None for nothing.
        one_text: Whether a record has one text there, and all others are beside the question.
        unanswered: Whether records without an answer stand there as well; else they are left out, and counted.
        text: What was made of a record, as it stands in the file.
        around: What stands before the first record, between two, and behind the last one.
    """

    name: str
    says: str
    writes: Mapping[Form, Write]
    one_text: bool = True
    unanswered: bool = True
    text: Callable[[Any], str] = in_json
    around: tuple[str, str, str] = ("", "\n", "\n")

    def lacks(self, task: Task) -> str | None:
        """Say what this layout cannot hold of a task, if anything."""
        form = form_of(task)
        if form not in self.writes:
            return f"no answers of the kind {task.kind.name!r} ({form})"
        if self.one_text and len(task.fields) > 1 and form is not Form.PASSAGES:
            return f"one text, and records here have {len(task.fields)}: {', '.join(task.fields)}"
        return None


def check_fits(layout: Layout, task: Task, layouts: Iterable[Layout], more: Iterable[str]) -> None:
    """Check that a layout can hold a task's records and answers.

    Args:
        layout: The layout.
        task: The task.
        layouts: All that there are.
        more: Names of formats that hold every task.

    Raises:
        TwofoldError: It cannot; the message names those that can.
    """
    if lacking := layout.lacks(task):
        able = [*(each.name for each in layouts if each.lacks(task) is None), *more]
        holds = "holds " + lacking
        raise TwofoldError(f"--format {layout.name} {holds}; these can be written as {', '.join(able)}")


def written(layout: Layout, entries: Iterable[Entry]) -> Iterator[str]:
    """Yield a file piece by piece.

    Raises:
        TwofoldError: A record cannot be written in this layout; it is named.
    """
    begin, between, end = layout.around
    started = False
    for entry in entries:
        found = _one(layout, entry)
        if found is not None:
            yield (between if started else begin) + layout.text(found)
            started = True
    yield end if started else begin + end


def _one(layout: Layout, entry: Entry) -> Any:
    if entry.value is None and not layout.unanswered:
        entry.say("records without an answer, which are left out")
        return None
    try:
        return layout.writes[form_of(entry.task)](entry)
    except ValueError as error:
        raise TwofoldError(f"--format {layout.name}, record {entry.record_id!r}: {error}") from None
