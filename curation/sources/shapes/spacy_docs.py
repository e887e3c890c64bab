"""JSON lines as `Doc.to_json` of spaCy writes them: passages as `ents` or `spans`, categories as `cats`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation.sources.shapes.shape import Flat, Shape, passages_in, texts_of
from curation.sources.values import described

QUESTION = "answer"
_SURE = 0.5  # a category is one of the text from here on


def _is_one(found: Mapping[str, Any]) -> bool:
    return isinstance(found.get("text"), str) and any(
        isinstance(found.get(key), list | dict) for key in ("ents", "cats")
    )


def _flat(found: Mapping[str, Any]) -> Flat:
    meta, cats = found.get("meta"), found.get("cats") or {}
    if not isinstance(cats, Mapping):
        raise ValueError(f"expected 'cats' as a dictionary, came {described(cats)}")
    answers = {} if "ents" not in found and not cats else {QUESTION: _answer(found, cats)}
    return Flat(
        fields=texts_of({"text": found.get("text")}),
        answers=answers,
        record_id=found.get("id"),
        labels=list(map(str, cats)),
        more=texts_of(meta if isinstance(meta, Mapping) else {}),
    )


def _answer(found: Mapping[str, Any], cats: Mapping[str, Any]) -> Any:
    if cats:
        if bad := next((score for score in cats.values() if not isinstance(score, int | float)), None):
            raise ValueError(f"expected a number for every one of 'cats', came {described(bad)}")
        return [str(name) for name, score in cats.items() if score >= _SURE]
    groups = found.get("spans") or {}
    beside = [each for group in groups.values() for each in group] if isinstance(groups, Mapping) else groups
    return passages_in([*found["ents"], *beside])


SHAPE = Shape(name="spacy", says="JSON lines of spaCy", is_one=_is_one, flat=_flat)
