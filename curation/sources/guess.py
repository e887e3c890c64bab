"""Which kind of answer a column holds, guessed from its cells, for whoever did not say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from curation.sources.values import is_missing
from curation.tasks.kinds import OURS
from curation.tasks.limits import RATINGS
from curation.tasks.multi_label import BETWEEN
from curation.tasks.orders import ABOVE
from curation.tasks.preference import EQUAL, FIRST, SECOND
from curation.tasks.ranking import read as read_order
from evaluation.words import words

_SEVERAL = 4  # words of an answer that hardly is the name of a label


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A kind of answer, and why.

    Attributes:
        kind: Its name.
        settings: Settings of its question that the cells show.
        why: What the cells are, in words; empty where nothing speaks for another kind than the usual one.
    """

    kind: str = "single_label"
    settings: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""


def guess_kind(cells: Iterable[Any], *, labels: Collection[str] | None = None, has_labels: bool = False) -> Guess:
    """Guess from a column of answers.

    Args:
        cells: The column, as a reader gives it.
        labels: The labels, where they were named.
        has_labels: Whether labels are asked for, so that numbers are names.

    Example:
        >>> guess_kind([["late"], ["late", "lost"]]).kind, guess_kind(["late|lost", "late", "lost", "lost|late"]).kind
        ('multi_label', 'multi_label')
        >>> guess_kind([[], [{"start": 0, "end": 4, "label": "PER"}]]).kind, guess_kind([[[0, 4, "PER"]]]).kind
        ('span', 'span')
        >>> guess_kind([1, 5, 3.0, None])
        Guess(kind='rating', settings={'values': [1, 2, 3, 4, 5]}, why='whole numbers from 1 to 5')
        >>> guess_kind(["late", "a|b"]).kind, guess_kind([f"where is my parcel number {n}" for n in range(3)]).kind
        ('single_label', 'text')
    """
    there = [cell for cell in cells if not is_missing(cell) and cell != ""]
    if not has_labels and {FIRST, SECOND} <= (said := {str(cell) for cell in there}) <= {FIRST, SECOND, EQUAL}:
        return Guess(kind="preference", settings={"ties": EQUAL in said}, why=f"{FIRST!r} and {SECOND!r}")
    listed = [each for cell in there if isinstance(cell, list | tuple) for each in cell]
    if listed and all(isinstance(cell, list | tuple) for cell in there):
        if all(_is_passage(each) for each in listed):
            return Guess(kind="span", why="lists of passages with a start, an end and a label")
        if all(isinstance(each, str) for each in listed):
            return Guess(kind="multi_label", why="lists of labels")
    if _are_joined([cell for cell in there if isinstance(cell, str)], labels):
        return Guess(kind="multi_label", why=f"labels with {BETWEEN!r} between them")
    if options := _ranked(there):
        return Guess(kind="ranking", settings={"options": options}, why="options in order")
    steps = {_step(cell) for cell in there}
    if there and not has_labels and steps <= set(RATINGS) and len(steps) > 1:
        low, high = min(map(int, steps)), max(map(int, steps))
        return Guess(
            kind="rating",
            settings={"values": list(range(low, high + 1))},
            why=f"whole numbers from {low} to {high}",
        )
    if not has_labels and _are_written(there):
        return Guess(kind="text", why="texts of several words that hardly ever come twice")
    return Guess()


def guess_from_columns(fields: Collection[str]) -> Guess:
    """Guess from the names of the text columns, where they give the answers away.

    Example:
        >>> guess_from_columns(["prompt", "chosen", "rejected"]).kind, guess_from_columns(["prompt", "chosen"]).kind
        ('preference', 'single_label')
    """
    for kind in OURS.values():
        if kind.telling_columns and {*kind.telling_columns} <= {*fields}:
            named = " and ".join(map(repr, kind.telling_columns))
            return Guess(kind=kind.name, why=f"columns called {named}, which are shown in an order that is drawn")
    return Guess()


def _is_passage(each: Any) -> bool:
    if isinstance(each, Mapping):
        return {"start", "end"} <= each.keys()
    return isinstance(each, list | tuple) and len(each) == 3 and isinstance(each[0], int) and isinstance(each[1], int)


def _are_written(cells: Sequence[Any]) -> bool:
    """Whether cells are texts that somebody wrote for each record: most of them different, and of several words."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    different = set(texts)
    if len(texts) < len(cells) or len(different) < max(3, 0.9 * len(texts)):
        return False
    return sum(len(words(cell)) >= _SEVERAL for cell in different) > len(different) / 2


def _ranked(cells: Collection[Any]) -> list[str]:
    """Return the options that every cell puts in order; none where one does not, or orders others."""
    if not cells or not any(isinstance(cell, str) and ABOVE in cell for cell in cells):
        return []
    try:
        named = {tuple(sorted(name for tier in read_order(cell) for name in tier)) for cell in cells}
    except ValueError:
        return []
    return list(named.pop()) if len(named) == 1 and len(max(named)) > 1 else []


def _are_joined(cells: Collection[str], labels: Collection[str] | None) -> bool:
    """Whether cells name several labels each: all those named, or each of them in several cells."""
    joined = [[part.strip() for part in cell.split(BETWEEN)] for cell in cells if BETWEEN in cell]
    if not joined:
        return False
    if labels is not None:
        return not any(cell in labels for cell in cells if BETWEEN in cell) and all(
            part in labels for parts in joined for part in parts
        )
    counts = Counter(part.strip() for cell in cells for part in set(cell.split(BETWEEN)))
    return len(joined) > 1 and all(counts[part] > 1 for parts in joined for part in parts)


def _step(cell: Any) -> float:
    """Return a cell as a number, NaN where it is none, which is no step of a scale."""
    try:
        return float(cell) if not isinstance(cell, bool) else float("nan")
    except (TypeError, ValueError):
        return float("nan")
