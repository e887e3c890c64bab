"""doccano's JSON lines, and others of that shape: a text, and passages or names.

They stand under `label`, `labels`, `entities` or `spans`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation.sources.shapes.shape import Flat, Shape, are_passages, passages_in, texts_of
from curation.sources.values import described, is_missing

KEYS = ("label", "labels", "entities", "spans")
QUESTION = "label"


def _is_one(found: Mapping[str, Any]) -> bool:
    return isinstance(found.get("text"), str) and any(isinstance(found.get(key), list | str) for key in KEYS)


def _flat(found: Mapping[str, Any]) -> Flat:
    given = next((found[key] for key in KEYS if not is_missing(found.get(key))), None)
    meta = found.get("meta")
    return Flat(
        fields=texts_of({"text": found.get("text")}),
        answers={} if given is None else {QUESTION: _answer(given)},
        record_id=found.get("id"),
        more=texts_of({**found, **(meta if isinstance(meta, Mapping) else {})}, but=("text", "id", *KEYS)),
    )


def _answer(given: Any) -> Any:
    if isinstance(given, list) and given and are_passages(given):
        return passages_in(given)
    listed = given if isinstance(given, list) else [given]
    if not all(isinstance(each, str) for each in listed):
        raise ValueError(f"expected passages, or names, came {described(given)}")
    return listed


SHAPE = Shape(name="doccano", says="texts with labels or passages, as doccano has them", is_one=_is_one, flat=_flat)
