"""JSON bodies with values that could be stored but never shown again, refused when they are read.

Python's reader takes NaN, Infinity, numbers that are too large for a float, and halves of surrogate pairs. SQLite keeps
them, and from then on every page of records that holds one is an error.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn

from starlette.requests import Request

from curation.embedded.patches.replace import replaced

DEEPEST = 100
"""Levels of lists and objects: what is nested much deeper can be read, but not written again."""

_LARGE = re.compile(rb"[0-9][eE]\+?[0-9]{3}|[0-9]{300}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\xed")


def refuse_loose_json() -> None:
    """Have all routes of this process read JSON strictly."""
    replaced(
        Request,
        "json",
        _json,
        parameters=("self",),
        reason="JSON that could be stored but never shown again is refused",
        test="test_no_value_in_a_body_is_an_error",
    )


async def _json(self: Request) -> Any:
    if not hasattr(self, "_json"):
        self._json = read(await self.body())
    return self._json


def read(body: bytes) -> Any:
    """Read a body.

    Raises:
        json.JSONDecodeError: It is no JSON by RFC 8259, or holds a value that no float or no UTF-8 has.
    """
    hooks: dict[str, Any] = {"parse_float": _finite, "parse_int": _short} if _LARGE.search(body) else {}
    try:
        value = json.loads(body, parse_constant=_refuse, **hooks)
        if _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode()
        _check_depth(value)
    except UnicodeError:
        raise json.JSONDecodeError("expected UTF-8 without halves of surrogate pairs", "", 0) from None
    except RecursionError:
        raise json.JSONDecodeError("nested too deeply", "", 0) from None
    return value


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level := [each for held in level if isinstance(held, dict | list) for each in _held(held)]:
        depth += 1
        if depth > DEEPEST:
            raise RecursionError


def _held(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _refuse(constant: str) -> NoReturn:
    raise json.JSONDecodeError(f"{constant} is no JSON", "", 0)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse("a number of this size")


def _short(text: str) -> int:
    return int(text) if len(text) < 300 else _refuse("a number of this size")
