"""CoNLL: a word and its tag in every line, a blank line behind every text; IOB1, IOB2, IOBES and BILOU tags.

The first column is the word, the last one the tag. Texts are made of the words with a blank between two. A passage that
begins with `I-` (as in IOB1, or where its beginning was cut off) begins there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from curation.errors import TwofoldError
from curation.sources.opening import open_text
from curation.sources.rows import Reading, Row
from curation.sources.shapes.shape import Flat, Shape

QUESTION = "spans"
_TAG = re.compile(r"O|([BIESLU])-(.+)")
_BEGIN, _ALONE, _LAST = "B", ("S", "U"), ("E", "L")
_CUT = "a passage that begins with I-, which was taken for its beginning"


def _objects(path: Path, reading: Reading) -> Iterator[Row]:
    """Read a file text by text; a row's number is the line of its first word.

    Raises:
        TwofoldError: A line is no word with a tag.
    """
    words: list[tuple[str, str]] = []
    first = 0
    with open_text(path, reading.encoding) as handle:
        for number, line in enumerate(chain(handle, [""]), start=1):
            cells = _cells(line.rstrip("\r\n"))
            if cells and cells[0] != "-DOCSTART-":
                first = first if words else number
                words.extend(_word(path, number, cells))
            elif words:
                yield Row(first, {"words": words})
                words = []


def _cells(line: str) -> list[str]:
    return [cell for cell in (line.split("\t") if "\t" in line else line.split()) if cell.strip()]


def _word(path: Path, number: int, cells: list[str]) -> list[tuple[str, str]]:
    if len(cells) > 1 and _TAG.fullmatch(cells[-1].strip()):
        return [(cells[0], cells[-1].strip())]
    if cells[0].startswith("#"):
        return []  # a comment, as CoNLL-U has them
    came = " ".join(cells)
    raise TwofoldError(f"{path}, line {number}: expected a word and a tag such as O, B-PER or I-PER, came {came!r:.60}")


def _flat(found: Mapping[str, Any]) -> Flat:
    words = found["words"]
    spans, cut, at = [], False, 0
    open_one: dict[str, Any] | None = None
    for word, tag in words:
        sign, label = _split(tag)
        if label is None:
            open_one = None
        elif open_one is None or sign == _BEGIN or sign in _ALONE or open_one["label"] != label:
            cut = cut or sign not in (_BEGIN, *_ALONE)
            open_one = {"start": at, "end": at + len(word), "label": label}
            spans.append(open_one)
        else:
            open_one["end"] = at + len(word)
        if sign in (*_ALONE, *_LAST):
            open_one = None
        at += len(word) + 1
    text = " ".join(word for word, _ in words)
    return Flat(fields={"text": text}, answers={QUESTION: spans}, doubt=_CUT if cut else None)


def _split(tag: str) -> tuple[str, str | None]:
    found = _TAG.fullmatch(tag)
    return (found[1], found[2].strip()) if found and found[1] else ("O", None)


SHAPE = Shape(
    name="conll",
    says="words with IOB tags",
    is_one=lambda found: False,
    flat=_flat,
    objects=_objects,
    endings=(".conll", ".iob", ".iob2", ".bio"),
)
