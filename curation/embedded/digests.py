"""Digests by which a client and the server tell whether they hold the same of a record, without sending it."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, TypedDict

from pydantic_core import to_json


class KnownRecord(TypedDict):
    """Digests of a record's parts; suggestions by the question's id, vectors by their name."""

    fields: str
    metadata: str
    suggestions: dict[str, str]
    vectors: dict[str, str]


def digest(value: Any) -> str:
    """Return a digest of a JSON value; keys in another order give another one, which costs no more than sending."""
    return blake2b(to_json(value, inf_nan_mode="constants"), digest_size=12).hexdigest()


def suggestion_digest(suggestion: Mapping[str, Any]) -> str:
    """Return a digest of a suggestion's value, score, agent and type."""
    score = suggestion["score"]
    if isinstance(score, int | float):
        score = float(score)  # SQLite gives 1.0 back as 1
    return digest([suggestion["value"], score, suggestion["agent"], suggestion["type"]])
