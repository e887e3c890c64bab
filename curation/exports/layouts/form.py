"""What the answers of a task are made of, as another tool sees them: told by their Arrow type, whatever their kind."""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa

from curation.tasks.task import Task

PAIR = {"chosen", "rejected"}
"""What becomes of two texts of which one is better."""


class Form(StrEnum):
    """What an answer is made of; the values stand in messages."""

    NAME = "one name of a list"
    NAMES = "any number of names"
    PASSAGES = "marked passages"
    NUMBER = "a number"
    TEXT = "a text"
    BETTER = "which text is better"
    ORDER = "an order of options"
    OTHER = "something else"


_PARTS = {frozenset({"start", "end", "label"}): Form.PASSAGES, frozenset({"value", "rank"}): Form.ORDER}
"""What a list is of, by the names of its parts."""


def form_of(task: Task) -> Form:
    """Return what the answers of a task are made of.

    Example:
        >>> from curation.tasks.task import single_label
        >>> form_of(single_label(("refund", "late")))
        <Form.NAME: 'one name of a list'>
    """
    value = task.kind.value()
    if {*task.kind.outcome_names} == PAIR:
        return Form.BETTER
    if pa.types.is_integer(value):
        return Form.NUMBER
    if pa.types.is_string(value):
        return Form.NAME if task.target_names else Form.TEXT
    if pa.types.is_list(value):
        return _of_list(value.value_type, task)
    return Form.OTHER


def _of_list(each: pa.DataType, task: Task) -> Form:
    if pa.types.is_string(each) and task.labels:
        return Form.NAMES
    parts = frozenset(each.field(i).name for i in range(each.num_fields)) if pa.types.is_struct(each) else frozenset()
    return _PARTS.get(parts, Form.OTHER)
