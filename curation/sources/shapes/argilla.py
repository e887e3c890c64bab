"""Argilla's records as `Dataset.records.to_json` writes them, or flat: `NAME.responses` and `NAME.suggestion`.

What people responded is the answer; where they differ, what most of them did. Where nobody responded to a question, it
is the suggestion.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation.sources.shapes.shape import Flat, Shape, of_most, texts_of
from curation.sources.values import described, is_missing

_RESPONSES, _SUGGESTION = ".responses", ".suggestion"
_SUBMITTED = "submitted"
_SUGGESTED = "nobody responded: the suggestion came in"


def _is_one(found: Mapping[str, Any]) -> bool:
    nested = isinstance(found.get("fields"), Mapping) and ("responses" in found or "suggestions" in found)
    return nested or any(name.endswith((_RESPONSES, _SUGGESTION)) for name in found)


def _flat(found: Mapping[str, Any]) -> Flat:
    if not isinstance(found.get("fields"), Mapping):
        return _of_columns(found)
    responses, suggestions = found.get("responses") or {}, found.get("suggestions") or {}
    if not isinstance(responses, Mapping) or not isinstance(suggestions, Mapping):
        raise ValueError(f"expected responses and suggestions by question, came {described(responses or suggestions)}")
    return _record(
        found,
        found["fields"],
        {name: [_value(each) for each in given if _is_submitted(each)] for name, given in responses.items()},
        {name: _value(each) for name, each in suggestions.items()},
    )


def _value(each: Any) -> Any:
    return each.get("value") if isinstance(each, Mapping) else each


def _is_submitted(each: Any) -> bool:
    """Whether somebody meant it: neither a draft nor a discard."""
    return not isinstance(each, Mapping) or each.get("status", _SUBMITTED) == _SUBMITTED


def _of_columns(found: Mapping[str, Any]) -> Flat:
    """Return a record of which every question has columns of its own."""
    responses = {
        name.removesuffix(_RESPONSES): _submitted(given, found.get(f"{name}.status"))
        for name, given in found.items()
        if name.endswith(_RESPONSES)
    }
    suggestions = {n.removesuffix(_SUGGESTION): v for n, v in found.items() if n.endswith(_SUGGESTION)}
    questions = tuple(f"{name}." for name in {**responses, **suggestions})
    fields = {n: v for n, v in found.items() if n not in ("id", "status", "_server_id") and not n.startswith(questions)}
    return _record(found, fields, responses, suggestions)


def _submitted(given: Any, status: Any) -> list[Any]:
    """Return the responses that were meant, by the column of their statuses, where there is one."""
    values = list(given or ())
    meant = list(status) if isinstance(status, list) and len(status) == len(values) else [_SUBMITTED] * len(values)
    return [value for value, each in zip(values, meant, strict=True) if each == _SUBMITTED]


def _record(
    found: Mapping[str, Any],
    fields: Mapping[str, Any],
    responses: Mapping[str, list[Any]],
    suggestions: Mapping[str, Any],
) -> Flat:
    answers, doubts = {}, []
    for name in {**suggestions, **responses}:
        given = [value for value in responses.get(name, ()) if not is_missing(value)]
        suggested = suggestions.get(name)
        answers[name], doubt = of_most(given) if given else (suggested, None)
        doubts.append(_SUGGESTED if not given and not is_missing(suggested) else doubt)
    return Flat(
        fields=texts_of(fields),
        answers=answers,
        record_id=found.get("id"),
        doubt=next(filter(None, doubts), None),
    )


SHAPE = Shape(name="argilla", says="records of Argilla", is_one=_is_one, flat=_flat)
