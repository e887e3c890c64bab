"""JSON: an object per line, or one array of objects."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from curation.errors import TwofoldError
from curation.sources.opening import open_text
from curation.sources.rows import Reading, Row, check_names
from curation.sources.values import described

_BLANK = " \t\r\n"
_NAME_IT_JSON = "; if the whole file is a JSON array, name it .json"


def read_json_lines(path: Path, reading: Reading, wanted: Collection[str]) -> Iterator[Row]:
    """Read one object per line; a key that a line does not have is a missing value.

    Raises:
        TwofoldError: A line is no JSON object, has a key twice, or no line has a wanted key.
    """
    keys = _Keys(path, wanted)
    with open_text(path, reading.encoding) as handle:
        for number, line in enumerate(handle, start=1):
            if not line.strip():
                continue
            hint = _NAME_IT_JSON if line.lstrip()[0] == "[" else ""
            try:
                found = json.loads(line, object_pairs_hook=_no_key_twice)
            except (ValueError, RecursionError) as error:
                why = f"{error.msg}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else error
                raise TwofoldError(f"{path}, line {number}: expected a JSON object ({why}){hint}") from None
            yield Row(number, keys.of(found, f"{path}, line {number}", hint))
    keys.check()


def read_json(path: Path, reading: Reading, wanted: Collection[str]) -> Iterator[Row]:
    """Read one array of objects, or objects one after the other; a row's number is its position, from 1.

    Raises:
        TwofoldError: Anything else, an object with a key twice, or none that has a wanted key.
    """
    with open_text(path, reading.encoding) as handle:
        text = handle.read()
    keys = _Keys(path, wanted)
    rows = 0
    try:
        for found in _elements(text):
            rows += 1
            yield Row(rows, keys.of(found, f"{path}, row {rows}"))
    except json.JSONDecodeError as error:
        raise TwofoldError(f"{path}, line {error.lineno}: expected an array of JSON objects ({error.msg})") from None
    except (ValueError, RecursionError) as error:
        raise TwofoldError(f"{path}, after row {rows}: expected an array of JSON objects ({error})") from None
    if rows == 1 and not text.lstrip().startswith("["):
        raise TwofoldError(f"{path}: expected an array of JSON objects, came one object")
    keys.check()


def _elements(text: str) -> Iterator[Any]:
    """Decode one element after the other, so that only the text itself is held as a whole."""
    decoder = json.JSONDecoder(object_pairs_hook=_no_key_twice)
    at = _next(text, 0)
    if text[at : at + 1] not in ("[", "{"):
        raise json.JSONDecodeError("it begins otherwise", text, at)
    array = text[at] == "["
    at = _next(text, at + 1) if array else at
    while at < len(text) and not (array and text[at] == "]"):
        found, at = decoder.raw_decode(text, at)
        yield found
        at = _next(text, at)
        if array and text[at : at + 1] == ",":
            at = _next(text, at + 1)
            if text[at : at + 1] == "]":
                raise json.JSONDecodeError("a comma before the end", text, at)
        elif array and text[at : at + 1] != "]":
            raise json.JSONDecodeError("a comma or the end is missing", text, at)
    if array and (at >= len(text) or _next(text, at + 1) < len(text)):
        raise json.JSONDecodeError("the array does not end, or something follows it", text, at)


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key {next(n for n in names if names.count(n) > 1)!r} stands there twice")
    return found


class _Keys:
    """Takes the wanted keys out of every object, and remembers which were never there."""

    def __init__(self, path: Path, wanted: Collection[str]) -> None:
        self._path = path
        self._wanted = tuple(wanted)
        self._unseen = set(wanted)
        self._names: list[str] | None = None  # of the first object

    def of(self, found: Any, where: str, hint: str = "") -> Mapping[str, Any]:
        if not isinstance(found, dict):
            raise TwofoldError(f"{where}: expected a JSON object, came {described(found)}{hint}")
        if self._names is None:
            self._names = list(found)
        if self._unseen:
            self._unseen -= found.keys()
        return {name: found.get(name) for name in self._wanted} if self._wanted else found

    def check(self) -> None:
        if self._unseen and self._names is not None:
            check_names(str(self._path), self._names, [name for name in self._wanted if name in self._unseen])
