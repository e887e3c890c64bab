"""Prodigy's JSON lines: what was accepted is an answer; what was rejected or ignored is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation.sources.shapes.shape import Flat, Shape, passages_in, texts_of
from curation.sources.values import described

_ANSWERS = ("accept", "reject", "ignore")
_SIGNS = ("_task_hash", "accept", "user_input")
QUESTION = "answer"


def _is_one(found: Mapping[str, Any]) -> bool:
    return isinstance(found.get("text"), str) and (
        found.get("answer") in _ANSWERS or any(sign in found for sign in _SIGNS)
    )


def _flat(found: Mapping[str, Any]) -> Flat:
    said = found.get("answer")
    if said not in (None, *_ANSWERS):
        raise ValueError(f"expected an 'answer' of {', '.join(_ANSWERS)}, came {described(said)}")
    meta = found.get("meta")
    options = found.get("options")
    return Flat(
        fields=texts_of({"text": found.get("text")}),
        answers={QUESTION: _answer(found)} if said == "accept" else {},
        record_id=found.get("id"),
        labels=[_name(option) for option in options] if isinstance(options, list) else (),
        written=frozenset({QUESTION} if "user_input" in found else ()),
        more=texts_of(meta if isinstance(meta, Mapping) else {}),
        doubt=f"answered with {said!r}: it comes in without an answer" if said in _ANSWERS[1:] else None,
    )


def _name(option: Any) -> str:
    name = option.get("id") if isinstance(option, Mapping) else option
    if not isinstance(name, str | int):
        raise ValueError(f"expected options with an 'id', came {described(option)}")
    return str(name)


def _answer(found: Mapping[str, Any]) -> Any:
    if "accept" in found:
        if not isinstance(found["accept"], list):
            raise ValueError(f"expected a list under 'accept', came {described(found['accept'])}")
        return [str(name) for name in found["accept"]]
    if "user_input" in found:
        return found["user_input"]
    if isinstance(found.get("label"), str):
        return [found["label"]]
    return passages_in(found.get("spans", []))


SHAPE = Shape(name="prodigy", says="Prodigy's JSON lines", is_one=_is_one, flat=_flat)
