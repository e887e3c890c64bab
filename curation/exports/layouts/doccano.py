"""JSON lines of doccano: `label` holds passages, names, or a text; see https://doccano.github.io/doccano/tutorial/."""

from __future__ import annotations

from typing import Any

from curation.exports.layouts.form import Form
from curation.exports.layouts.layout import Entry, Layout


def _row(entry: Entry, label: list[Any]) -> dict[str, Any]:
    answer = {} if entry.value is None else {"label": label}
    return {"id": entry.record_id, "text": entry.text, **answer, **({"meta": entry.others} if entry.others else {})}


def _passages(entry: Entry) -> dict[str, Any]:
    return _row(entry, [[p["start"], p["end"], p["label"]] for p in entry.value or ()])


def _one(entry: Entry) -> dict[str, Any]:
    return _row(entry, [entry.value])


def _names(entry: Entry) -> dict[str, Any]:
    return _row(entry, entry.value)


LAYOUT = Layout(
    name="doccano",
    says="doccano's JSON lines",
    writes={Form.PASSAGES: _passages, Form.NAME: _one, Form.NAMES: _names, Form.TEXT: _one},
)
