"""What a file that another tool wrote says of itself: which columns are texts, ids and answers, and of which kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from curation.errors import TwofoldError
from curation.sources.guess import Guess, guess_kind
from curation.sources.readers import column_names, read_rows, shape_in, survey_of
from curation.sources.rows import Reading
from curation.sources.shapes.every import Survey
from curation.sources.shapes.shape import ID, UNNAMED
from curation.sources.values import is_missing
from curation.tasks.kinds import OURS
from curation.tasks.limits import NAME


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is to be read of a file, and how.

    Attributes:
        reading: How it is read.
        texts: The columns of its texts.
        chats: Those of them that hold a chat.
        label: The column of its answers, if it has any.
        record_id: The column of its ids, if every record has one.
        guess: The kind of its answers.
        labels: What they could have been, in order, where the file says so.
        says: All that in words; empty where nobody has to be told.
    """

    reading: Reading
    texts: tuple[str, ...]
    label: str | None
    record_id: str | None
    guess: Guess = field(default_factory=Guess)
    labels: tuple[str, ...] = ()
    chats: tuple[str, ...] = ()
    says: str = ""


def told_by(data: Path, reading: Reading, *, texts: Sequence[str], label: str | None, record_id: str | None) -> Told:
    """Return what a file says of itself where nobody said it: without text columns, or with a `reading.format`.

    Args:
        data: The file.
        reading: How it is read.
        texts: The columns of texts that were named; none to take those of the file.
        label: The column of answers, or the question, that was named.
        record_id: The column of ids that was named.

    Raises:
        TwofoldError: The file cannot be read, is no file of another tool, or answers several questions.
    """
    named = Told(reading=reading, texts=tuple(texts), label=label, record_id=record_id)
    if texts and reading.format is None:
        return named
    shape = shape_in(data, reading)
    if shape is None:
        columns = ", ".join(column_names(data, reading))
        raise TwofoldError(f"{data}: expected the columns of the texts, named with --text; it has {columns}")
    found = survey_of(data, reading, shape)
    if not found.fields and not texts:
        raise TwofoldError(f"{data}: expected records with texts, as it is {shape.says}; came none")
    reading = replace(reading, format=shape.name)
    told = replace(
        named,
        reading=reading,
        texts=tuple(texts) or tuple(found.chats.get(name, name) for name in found.fields),
        chats=() if texts else tuple(found.chats.values()),
        label=label or _question(data, found),
        record_id=record_id or (ID if found.has_ids else None),
    )
    return replace(_with_kind(told, data, found), says=_says(data, shape.says, told))


def _question(data: Path, found: Survey) -> str | None:
    """Return the question that was answered, where there is one."""
    if len(found.questions) > 1:
        names = ", ".join(f"{name!r} ({n})" for name, n in found.questions.items())
        raise TwofoldError(f"{data}: holds answers to several questions, {names}; name one of them with --label")
    return next(iter(found.questions), UNNAMED if found.answered else None)


def _with_kind(told: Told, data: Path, found: Survey) -> Told:
    if told.label is None:
        return told
    cells = [row.cells[told.label] for row in read_rows(data, told.reading, columns=[told.label])]
    there = [cell for cell in cells if not is_missing(cell)]
    if not all(isinstance(cell, list) for cell in there):
        there = [cell for cell in there if cell != []]  # answered with nothing, where no answer is a list
    if any(isinstance(cell, list) for cell in there) and all(_is_one_name(cell) for cell in there):
        there = [cell[0] if isinstance(cell, list) else cell for cell in there]
    written = next((kind.name for kind in OURS.values() if kind.is_written), None)
    if written is not None and (told.label in found.written or _are_written(there)):
        return replace(told, guess=Guess(kind=written, why="texts that people wrote"))
    return replace(told, guess=guess_kind(there), labels=_labels(found, there))


def _is_one_name(cell: Any) -> bool:
    return not isinstance(cell, list) or (len(cell) == 1 and isinstance(cell[0], str))


def _are_written(cells: Sequence[Any]) -> bool:
    """Whether cells are texts and no names: too long for one, or no two alike."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    if len(texts) < len(cells) or not texts:
        return False
    return any(len(text) > NAME for text in texts) or (len(texts) > 2 and len(set(texts)) == len(texts))


def _labels(found: Survey, cells: Sequence[Any]) -> tuple[str, ...]:
    """Return what could have been answered, as the file says, and behind it what was answered beside that."""
    if not found.labels:
        return ()
    used = {name for cell in cells for name in (cell if isinstance(cell, list) else [cell]) if isinstance(name, str)}
    return (*found.labels, *sorted(used - found.labels.keys()))


def _says(data: Path, shape: str, told: Told) -> str:
    texts = " and ".join(map(repr, told.texts))
    ids = f"ids from {told.record_id!r}" if told.record_id else "ids are the numbers of the rows"
    answers = f"answers from {told.label!r}" if told.label else "no answers"
    otherwise = "--text, --label, --id and --format say otherwise"
    return f"{data.name} is {shape}: texts from {texts}, {answers}, {ids}; {otherwise}"
