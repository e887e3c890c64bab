"""JSON lines as `Doc.to_json` of spaCy writes them: `DocBin(docs=[Doc(nlp.vocab).from_json(line) for line in lines])`.

Words are given with each text, so that no passage ends inside one; see https://spacy.io/api/doc#from_json.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from curation.exports.layouts.form import Form
from curation.exports.layouts.layout import Entry, Layout
from curation.exports.layouts.words import Word, words

GROUP = "sc"
"""Where spaCy looks for passages that may overlap, unless it is told otherwise."""


def _doc(entry: Entry, borders: Iterable[int], answer: dict[str, Any]) -> dict[str, Any]:
    found = _with_blanks(entry.text, words(entry.text, borders))
    tokens = [{"id": i, "start": word.start, "end": word.end} for i, word in enumerate(found)]
    meta = {"meta": entry.others} if entry.others else {}
    return {"id": entry.record_id, "text": entry.text, "tokens": tokens, **answer, **meta}


def _with_blanks(text: str, found: list[Word]) -> list[Word]:
    """Return all words, with those that blanks make: more than the one between two words, as spaCy has them."""
    every: list[Word] = []
    at = 0
    for start, end in [*((word.start, word.end) for word in found), (len(text), len(text))]:
        at += bool(every) and text[at:start].startswith(" ")
        if at < start:
            every.append(Word(at, start))
            at = start
        if start < end:
            every.append(Word(start, end))
        at = end
    return every


def _passages(entry: Entry) -> dict[str, Any]:
    passages = entry.value or []
    borders = [at for passage in passages for at in (passage["start"], passage["end"])]
    overlap = any(other["start"] < one["end"] for one, other in pairwise(passages))
    if entry.value is None:
        return _doc(entry, borders, {})
    return _doc(entry, borders, {"ents": [], "spans": {GROUP: passages}} if overlap else {"ents": passages})


def _categories(entry: Entry) -> dict[str, Any]:
    """Return a text with a 1 for each of its labels, and a 0 for all others."""
    if entry.value is None:
        return _doc(entry, (), {})
    chosen = entry.value if isinstance(entry.value, list) else [entry.value]
    return _doc(entry, (), {"cats": {name: float(name in chosen) for name in entry.task.target_names}})


LAYOUT = Layout(
    name="spacy",
    says="JSON lines for a DocBin of spaCy",
    writes={Form.PASSAGES: _passages, Form.NAME: _categories, Form.NAMES: _categories},
)
