"""JSON: an object per line, or one array of objects."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from curation.errors import TwofoldError
from curation.sources.opening import open_text
from curation.sources.rows import Reading, Row, check_names
from curation.sources.values import described

_BLANK = " \t\r\n"
_PIECE = 1 << 20  # characters read at once
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

    The file is read piece by piece: what is held is one object, and the piece that it stands in.

    Raises:
        TwofoldError: Anything else, an object with a key twice, or none that has a wanted key.
    """
    keys = _Keys(path, wanted)
    rows = 0
    with open_text(path, reading.encoding) as handle:
        text = _Pieces(handle)
        try:
            for found in _elements(text):
                rows += 1
                yield Row(rows, keys.of(found, f"{path}, row {rows}"))
        except json.JSONDecodeError as error:
            line = text.lines + error.lineno
            raise TwofoldError(f"{path}, line {line}: expected an array of JSON objects ({error.msg})") from None
        except (ValueError, RecursionError) as error:
            raise TwofoldError(f"{path}, after row {rows}: expected an array of JSON objects ({error})") from None
    if rows == 1 and not text.is_array:
        raise TwofoldError(f"{path}: expected an array of JSON objects, came one object")
    keys.check()


class _Pieces:
    """A text of which only the part that is being decoded is held.

    Attributes:
        lines: How many line ends were let go.
        is_array: Whether the text begins like an array.
    """

    def __init__(self, handle: IO[str]) -> None:
        self._handle = handle
        self._held = ""
        self._at = 0
        self._decoder = json.JSONDecoder(object_pairs_hook=_no_key_twice)
        self.lines = 0
        self.is_array = self.next() == "["

    def next(self) -> str:
        """Return the next character that is not blank, without taking it; nothing at the end."""
        while True:
            while self._at < len(self._held) and self._held[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                return ""

    def take(self) -> None:
        """Take that character."""
        self._at += 1

    def decoded(self) -> Any:
        """Take the value that stands next; a piece is as long as what is held, so that no text is decoded often."""
        while True:
            try:
                found, self._at = self._decoder.raw_decode(self._held, self._at)
            except json.JSONDecodeError:
                if not self._more():
                    raise
            else:
                return found

    def wrong(self, what: str) -> json.JSONDecodeError:
        """Return the error that something is wrong here."""
        return json.JSONDecodeError(what, self._held, self._at)

    def _more(self) -> bool:
        """Read a further piece, and let go of what was taken."""
        piece = self._handle.read(max(_PIECE, len(self._held) - self._at))
        if piece:
            self.lines += self._held.count("\n", 0, self._at)
            self._held, self._at = self._held[self._at :] + piece, 0
        return bool(piece)


def _elements(text: _Pieces) -> Iterator[Any]:
    """Decode one element after the other."""
    if text.next() not in ("[", "{"):
        raise text.wrong("it begins otherwise")
    array = text.is_array
    if array:
        text.take()
    while text.next() and not (array and text.next() == "]"):
        yield text.decoded()
        if array and text.next() == ",":
            text.take()
            if text.next() == "]":
                raise text.wrong("a comma before the end")
        elif array and text.next() != "]":
            raise text.wrong("a comma or the end is missing")
    if array:
        if not text.next():
            raise text.wrong("the array does not end")
        text.take()
        if text.next():
            raise text.wrong("something follows the array")


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
