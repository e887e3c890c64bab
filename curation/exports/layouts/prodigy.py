"""JSON lines of Prodigy: marked `spans`, chosen `options`, or what was typed; see https://prodi.gy/docs/api-interfaces."""

from __future__ import annotations

from typing import Any

from curation.exports.layouts.form import Form
from curation.exports.layouts.layout import Entry, Layout
from curation.exports.layouts.words import words


def _task(entry: Entry, asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    said = {} if entry.value is None else {**answer, "answer": "accept"}
    meta = {"meta": entry.others} if entry.others else {}
    return {"id": entry.record_id, "text": entry.text, **asked, **said, **meta}


def _passages(entry: Entry) -> dict[str, Any]:
    """Return a text with its words and passages, each by its first and last word as well."""
    passages = entry.value or []
    borders = [at for passage in passages for at in (passage["start"], passage["end"])]
    found = words(entry.text, borders)
    first, last = {w.start: i for i, w in enumerate(found)}, {w.end: i for i, w in enumerate(found)}
    tokens = [
        {"text": entry.text[w.start : w.end], "start": w.start, "end": w.end, "id": i} for i, w in enumerate(found)
    ]
    spans = [
        {**p, "token_start": first[p["start"]], "token_end": last[p["end"]]}
        if p["start"] in first and p["end"] in last
        else dict(p)
        for p in passages
    ]
    return _task(entry, {"tokens": tokens}, {"spans": spans})


def _choices(entry: Entry, style: str, accept: list[str]) -> dict[str, Any]:
    options = [{"id": name, "text": name} for name in entry.task.target_names]
    return _task(entry, {"options": options, "config": {"choice_style": style}}, {"accept": accept})


LAYOUT = Layout(
    name="prodigy",
    says="Prodigy's JSON lines",
    writes={
        Form.PASSAGES: _passages,
        Form.NAME: lambda entry: _choices(entry, "single", [entry.value]),
        Form.NAMES: lambda entry: _choices(entry, "multiple", entry.value),
        Form.TEXT: lambda entry: _task(entry, {}, {"user_input": entry.value}),
    },
)
