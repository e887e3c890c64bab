"""Label Studio's JSON: an array of tasks, each with its annotation; see https://labelstud.io/guide/export.

Places in a text are counted in characters, as Label Studio does from 1.4 on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from curation.exports.layouts.form import Form
from curation.exports.layouts.layout import Entry, Layout
from curation.tasks.orders import tiers

_SIDES = ("left", "right")


def _task(entry: Entry, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a task; one that has an answer has an annotation, with as many results as the answer has parts."""
    annotations = [] if entry.value is None else [{"result": results}]
    return {"data": dict(entry.fields), "meta": {"record_id": entry.record_id}, "annotations": annotations}


def _result(entry: Entry, type_: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"from_name": entry.task.question, "to_name": entry.field, "type": type_, "value": value}


def _single(type_: str, *, listed: bool) -> Callable[[Entry], dict[str, Any]]:
    """Return what writes an answer that is one result."""

    def write(entry: Entry) -> dict[str, Any]:
        value = [entry.value] if listed else entry.value
        key = {"textarea": "text"}.get(type_, type_)
        return _task(entry, [] if entry.value is None else [_result(entry, type_, {key: value})])

    return write


def _names(entry: Entry) -> dict[str, Any]:
    return _task(entry, [_result(entry, "choices", {"choices": entry.value})] if entry.value else [])


def _better(entry: Entry) -> dict[str, Any]:
    """Return which of two texts is better, as the tag `Pairwise` has it; it knows no ties, which are a choice."""
    answers, about = entry.task.classes, entry.task.asked.about()
    if len(answers) != len(_SIDES):
        return _single("choices", listed=True)(entry)
    if entry.value is None:
        return _task(entry, [])
    value = {"selected": _SIDES[answers.index(entry.value)]}
    return _task(entry, [{**_result(entry, "pairwise", value), "to_name": about[0]}])


def _order(entry: Entry) -> dict[str, Any]:
    """Return an order as the tag `Ranker` has it, and what it orders as the tag `List` does."""
    question, options = entry.task.question, entry.task.strata_names
    listed = f"{question}_items"
    while listed in entry.fields:
        listed += "_"
    items = [{"id": option, "title": option, "body": entry.fields.get(option, "")} for option in options]
    ranked = tiers(entry.value or ())
    if entry.value and len(ranked) < len(options):
        entry.say("records in whose order some options are level, which stand one behind the other")
    value = {"ranker": {question: [option for tier in ranked for option in tier]}}
    found = _task(entry, [{**_result(entry, "ranker", value), "to_name": listed}])
    return {**found, "data": {**found["data"], listed: items}}


def _passages(entry: Entry) -> dict[str, Any]:
    found = [
        {"start": p["start"], "end": p["end"], "text": entry.text[p["start"] : p["end"]], "labels": [p["label"]]}
        for p in entry.value or ()
    ]
    return _task(entry, [_result(entry, "labels", value) for value in found])


LAYOUT = Layout(
    name="labelstudio",
    says="Label Studio's JSON",
    writes={
        Form.PASSAGES: _passages,
        Form.NAME: _single("choices", listed=True),
        Form.BETTER: _better,
        Form.ORDER: _order,
        Form.NAMES: _names,
        Form.NUMBER: _single("rating", listed=False),
        Form.TEXT: _single("textarea", listed=True),
    },
    one_text=False,
    around=("[\n", ",\n", "\n]\n"),
)
