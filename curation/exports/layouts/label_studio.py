"""Label Studio's JSON: an array of tasks, each with its annotation; see https://labelstud.io/guide/export.

Places in a text are counted in characters, as Label Studio does from 1.4 on.
"""

from __future__ import annotations

from typing import Any

from curation.exports.layouts.form import Form
from curation.exports.layouts.layout import Entry, Layout


def _task(entry: Entry, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a task; one that has an answer has an annotation, with as many results as the answer has parts."""
    annotations = [] if entry.value is None else [{"result": results}]
    return {"data": dict(entry.fields), "meta": {"record_id": entry.record_id}, "annotations": annotations}


def _result(entry: Entry, type_: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"from_name": entry.task.question, "to_name": entry.field, "type": type_, "value": value}


def _single(type_: str, *, listed: bool) -> Any:
    """Return what writes an answer that is one result."""

    def write(entry: Entry) -> dict[str, Any]:
        value = [entry.value] if listed else entry.value
        key = {"textarea": "text"}.get(type_, type_)
        return _task(entry, [] if entry.value is None else [_result(entry, type_, {key: value})])

    return write


def _names(entry: Entry) -> dict[str, Any]:
    return _task(entry, [_result(entry, "choices", {"choices": entry.value})] if entry.value else [])


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
        Form.BETTER: _single("choices", listed=True),
        Form.NAMES: _names,
        Form.NUMBER: _single("rating", listed=False),
        Form.TEXT: _single("textarea", listed=True),
    },
    one_text=False,
    around=("[\n", ",\n", "\n]\n"),
)
