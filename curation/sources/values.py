"""What a cell says: missing, a text, or something that is no text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence, Set
from datetime import date, time, timedelta
from decimal import Decimal
from uuid import UUID

_WRITTEN_PLAINLY = (int, float, Decimal, date, time, timedelta, UUID)  # a datetime is a date
_LONGEST_SHOWN = 60  # characters of a value that an error quotes


def is_missing(value: object) -> bool:
    """Say whether a typed cell holds nothing: null, or a number that is none. Words like "NA" are words."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, Decimal) and value.is_nan())


def as_text(value: object) -> str:
    """Return what a cell says, as it is written; "" where it is missing.

    Raises:
        ValueError: It holds no text: a list, a dictionary, bytes that are not UTF-8, half of a character. The
            message says what came.
    """
    if isinstance(value, str):
        _check_whole(value)
        return value
    if is_missing(value):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return _decoded(value)
    if isinstance(value, _WRITTEN_PLAINLY):
        return str(value)
    raise ValueError(f"expected a text, came {described(value)}")


def as_answer(value: object) -> str:
    """Return a cell as `as_text` does, and what is a list or has parts as JSON, which says it in one way.

    Raises:
        ValueError: As `as_text`, or it holds something that JSON does not.
    """
    plain = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(plain, list | tuple | Mapping):
        return as_text(plain)
    try:
        return json.dumps(plain, ensure_ascii=False, sort_keys=True)
    except (TypeError, ValueError):
        raise ValueError(f"expected texts and numbers, came {described(value)}") from None


def as_id(value: object) -> str:
    """Return a cell as an id: a whole number is the same id whether its column holds fractions or not.

    Raises:
        ValueError: As `as_text`, or it holds a control character.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    found = as_text(value).strip()
    if not found.isprintable() and any(c < " " or "\x7f" <= c < "\xa0" for c in found):
        raise ValueError(f"expected an id without control characters, came {found!r}")
    return found


def described(value: object) -> str:
    """Say what a value is, with its beginning: "a list: ['a', 'b']"."""
    kind = type(value).__name__
    if isinstance(value, Mapping):
        kind = "dictionary"
    elif isinstance(value, Sequence | Set) and not isinstance(value, str | bytes):
        kind = "list"
    shown = repr(value)
    return f"a {kind}: {shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 1] + '…'}"


def _check_whole(text: str) -> None:
    try:
        text.isascii() or text.encode()
    except UnicodeEncodeError as error:
        half = ascii(text[error.start])[1:-1]
        raise ValueError(
            f"expected whole characters, came half of one ({half}) at position {error.start + 1}"
        ) from None


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"expected UTF-8, came byte 0x{value[error.start]:02x} at byte {error.start + 1}") from None
