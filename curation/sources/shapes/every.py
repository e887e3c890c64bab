"""Every shape by its name, which one a file has, and its records as rows of columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

from curation.errors import TwofoldError
from curation.sources.rows import Reading, Row, check_names
from curation.sources.shapes import argilla, chat, conll, doccano, label_studio, prodigy, spacy_docs
from curation.sources.shapes.shape import ID, Flat, Objects, Shape

SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        shape.name: shape
        for shape in (
            label_studio.SHAPE,
            argilla.SHAPE,
            prodigy.SHAPE,
            spacy_docs.SHAPE,
            chat.SHAPE,
            doccano.SHAPE,
            conll.SHAPE,
        )
    }
)
"""In the order in which a record is held against them: the first that fits is it."""

NAMED: Mapping[str, Shape] = MappingProxyType({**SHAPES, "trl": chat.SHAPE})
"""Every shape by all that it is called."""

_LOOKED_AT = 1000  # records, until one has an answer


def shape_of(path: Path, reading: Reading, objects: Objects) -> Shape | None:
    """Return the shape of a file, by its ending, or by its first records; None where it has none of them.

    Args:
        path: The file.
        reading: How text is read.
        objects: Reads its objects.

    Raises:
        TwofoldError: The file cannot be read.
    """
    name = path.name.lower().removesuffix(".gz")
    if by_ending := next((shape for shape in SHAPES.values() if name.endswith(shape.endings or ("\0",))), None):
        return by_ending
    for row in islice(objects(path, reading), _LOOKED_AT):
        for shape in SHAPES.values():
            if shape.is_one(row.cells):
                return shape
    return None


def flats(path: Path, reading: Reading, shape: Shape, objects: Objects) -> Iterator[tuple[int, Flat]]:
    """Yield every record of a file, with the number of its row.

    Raises:
        TwofoldError: A record is of another shape; it is named.
    """
    for row in (shape.objects or objects)(path, reading):
        try:
            yield row.number, shape.flat(row.cells)
        except ValueError as error:
            raise TwofoldError(f"{path}, row {row.number}: {error}") from None


def shaped_rows(
    path: Path, reading: Reading, shape: Shape, objects: Objects, wanted: Collection[str], *, alone: bool = False
) -> Iterator[Row]:
    """Yield every record of a file as a row of the wanted columns, answers alone in a list without it if `alone`.

    Raises:
        TwofoldError: As `flats`, or no record has a wanted column.
    """
    known: dict[str, None] = {}
    for number, flat in flats(path, reading, shape, objects):
        known |= flat.names
        cells = {name: flat.cell(name) for name in wanted or flat.names}
        if alone:
            shown = {ID, *flat.more, *flat.fields} - flat.answers.keys()
            cells = {name: cell if name in shown else _alone(cell) for name, cell in cells.items()}
        yield Row(number, cells, flat.doubt)
    check_names(str(path), list(known), wanted)


def _alone(cell: Any) -> Any:
    """Return what is alone in a list."""
    if not isinstance(cell, list) or len(cell) > 1:
        return cell
    return cell[0] if cell else None


@dataclass(kw_only=True)
class Survey:
    """What a file of a shape holds.

    Attributes:
        fields: Its columns of texts that people are shown, in order.
        questions: How many records have an answer, by question.
        labels: What could have been answered, where the file says so.
        chats: The column of a chat by the text that it would be, where some record has several turns.
        written: The questions that were answered with texts.
        answered: Whether somebody answered anything, or with nothing.
        has_ids: Whether every record has an id.
    """

    fields: dict[str, None] = field(default_factory=dict)
    questions: Counter[str] = field(default_factory=Counter)
    labels: dict[str, None] = field(default_factory=dict)
    chats: dict[str, str] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    answered: bool = False
    has_ids: bool = True


def survey(path: Path, reading: Reading, shape: Shape, objects: Objects) -> Survey:
    """Look through a file once.

    Raises:
        TwofoldError: As `flats`.
    """
    found = Survey()
    for _, flat in flats(path, reading, shape, objects):
        found.fields |= dict.fromkeys(flat.fields)
        found.questions.update(flat.answers.keys())
        found.labels |= dict.fromkeys(flat.labels)
        found.chats |= flat.chats
        found.written |= flat.written
        found.answered = found.answered or flat.answered
        found.has_ids = found.has_ids and flat.record_id is not None and ID not in flat.fields
    return found
