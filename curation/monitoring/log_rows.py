"""A log of a model at work, read once: a sample of its rows, and what is counted of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from curation.errors import TwofoldError, suggest
from curation.monitoring.reservoir import Reservoir
from curation.project.folder import Project
from curation.project.reads import content_hash
from curation.sources.beside import metadata
from curation.sources.cleaning import Columns, clean
from curation.sources.readers import column_names, read_rows
from curation.sources.repair import is_visible, repaired
from curation.sources.rows import Reading, Row
from curation.sources.values import as_answer, as_text, is_missing
from curation.tasks.task import Task

PREDICTED, CONFIDENCE, SECONDS, TIME, THUMB, CORRECTION = (
    "predicted",
    "confidence",
    "seconds",
    "time",
    "thumb",
    "correction",
)
"""The columns of a log beside its texts, any of which may be missing; `twofold predict` writes the first two so."""

_THUMBS = {"up": True, "true": True, "1": True, "down": False, "false": False, "0": False}
_OBJECTIONS = 1_000  # rows kept of those to which an end user objected


@dataclass(frozen=True, kw_only=True)
class Logged:
    """One row of a log.

    Attributes:
        row: Its number in the file.
        fields: Its texts by the names of the task's fields, repaired as those of the project's records are.
        shaped: Those of them that are more than a text, as they are.
        predicted: What the model answered; None where the log does not say.
        confidence: How sure it was, in [0, 1]; None likewise.
        seconds: How long it took; None likewise.
        thumb: Whether the end user was content; None likewise.
        correction: What the end user would have answered; None likewise.
        beside: Its values of the columns that the project keeps beside its records.
    """

    row: int
    fields: Mapping[str, str]
    predicted: Any
    confidence: float | None
    seconds: float | None
    thumb: bool | None
    correction: Any
    beside: Mapping[str, str | None]
    shaped: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Log:
    """What a log holds.

    Attributes:
        path: The file.
        digest: Its SHA-256.
        rows: How many there are.
        sample: Of these a sample by chance, without copies and rows without a text.
        left_out: Why rows of the sample are left out, and how many.
        objections: Rows to which an end user objected, by a thumb or a correction: a sample by chance of at most 1,000.
        thumbs: How many are up and how many are down.
        corrections: How many say what the model said, and how many another thing.
        first, last: The earliest and the latest time; None where the log has none.
    """

    path: Path
    digest: str
    rows: int
    sample: Sequence[Logged]
    left_out: Mapping[str, int]
    objections: Sequence[Logged]
    thumbs: tuple[int, int]
    corrections: tuple[int, int]
    first: datetime | None
    last: datetime | None


def read_log(project: Project, path: Path, *, reading: Reading, texts: Sequence[str] = (), size: int = 10_000) -> Log:
    """Read a log in one pass; memory does not grow with its rows.

    Args:
        project: As it is seen from the question that a model learns.
        path: A file that `sources.readers` reads.
        reading: How text is to be read.
        texts: Its columns of texts, in the order of the task's fields; by default those of that name.
        size: Rows of the sample at most.

    Raises:
        TwofoldError: There is no such file or column, no row, or a cell says something else than it should.
    """
    columns, names = _columns(project.config.task, path, reading, texts), [*metadata(project)]
    cells = _Cells(path=path, task=project.config.task, beside=names)
    sample, against = (Reservoir[Row](kept, project.config.seed) for kept in (size, _OBJECTIONS))
    counted = _Counted()
    for row in read_rows(path, reading):
        said = cells.read(row)
        counted.note(said)
        needed = Row(row.number, {name: row.cells.get(name) for name in (*columns.fields.values(), *cells.names)})
        sample.offer(needed)
        if _objects(said) and _has_texts(row, columns):
            against.offer(needed)
    if not sample.offered:
        raise TwofoldError(f"{path}: expected at least one row, came none")
    kept, left_out = cells.cleaned(sample.items(), columns)
    objections, _ = cells.cleaned(against.items(), columns) if against.offered else ([], {})
    return Log(
        path=path,
        digest=content_hash(path),
        rows=sample.offered,
        sample=kept,
        left_out=left_out,
        objections=objections,
        thumbs=(counted.thumbs[True], counted.thumbs[False]),
        corrections=(counted.corrected[True], counted.corrected[False]),
        first=min(counted.ends, default=None),
        last=max(counted.ends, default=None),
    )


def _objects(said: Mapping[str, Any]) -> bool:
    return said[THUMB] is False or (said[CORRECTION] is not None and said[CORRECTION] != said[PREDICTED])


def _has_texts(row: Row, columns: Columns) -> bool:
    return all(is_visible(repaired(as_answer(row.cells.get(name)))) for name in columns.fields.values())


def _columns(task: Task, path: Path, reading: Reading, named: Sequence[str]) -> Columns:
    there = column_names(path, reading)
    if named and len(named) != len(task.fields):
        wanted = ", ".join(map(repr, task.fields))
        raise TwofoldError(f"--text: expected {len(task.fields)}, for the fields {wanted}; came {len(named)}")
    for name in named or task.fields:
        if name not in there:
            hint = "" if named else "; name the columns of the texts with --text"
            raise TwofoldError(f"{path}: no column {name!r}{suggest(name, there)}{hint}")
    return Columns(fields=dict(zip(task.fields, named or task.fields, strict=True)), shapes=task.shapes)


@dataclass
class _Counted:
    """What is counted of all rows."""

    thumbs: Counter[bool] = field(default_factory=Counter)
    corrected: Counter[bool] = field(default_factory=Counter)
    ends: list[datetime] = field(default_factory=list)

    def note(self, said: Mapping[str, Any]) -> None:
        if said[THUMB] is not None:
            self.thumbs[said[THUMB]] += 1
        if said[CORRECTION] is not None and said[PREDICTED] is not None:
            self.corrected[said[CORRECTION] == said[PREDICTED]] += 1
        if said[TIME] is not None:
            self.ends = [min([*self.ends, said[TIME]]), max([*self.ends, said[TIME]])]


@dataclass(frozen=True, kw_only=True)
class _Cells:
    """What stands in the cells of a log other than its texts."""

    path: Path
    task: Task
    beside: Sequence[str]

    @property
    def names(self) -> list[str]:
        """The columns that are read."""
        ours = [*self._called(PREDICTED), *self._called(CONFIDENCE), SECONDS, TIME, THUMB, CORRECTION]
        return [*dict.fromkeys([*ours, *self.beside])]

    def _called(self, name: str) -> tuple[str, str]:
        """Return what a column is called, by a model of one question and by one of several."""
        return f"{self.task.question} {name}", name

    def read(self, row: Row) -> dict[str, Any]:
        """Return what the cells of a row say, None where they say nothing."""
        return {
            PREDICTED: self._cell(row, self._called(PREDICTED), self._answer),
            CONFIDENCE: self._cell(row, self._called(CONFIDENCE), _share),
            SECONDS: self._cell(row, (SECONDS,), _seconds),
            TIME: self._cell(row, (TIME,), _time),
            THUMB: self._cell(row, (THUMB,), _thumb),
            CORRECTION: self._cell(row, (CORRECTION,), self._answer),
        }

    def _answer(self, cell: Any) -> Any:
        return self.task.kind.parse(self.task.asked, as_answer(cell))

    def _cell(self, row: Row, names: Sequence[str], read: Any) -> Any:
        name = next((name for name in names if not is_missing(row.cells.get(name))), None)
        if name is None or row.cells[name] == "":
            return None
        try:
            return read(row.cells[name])
        except ValueError as error:
            raise TwofoldError(f"{self.path}, row {row.number}, column {name!r}: {error}") from None

    def cleaned(self, rows: Sequence[Row], columns: Columns) -> tuple[list[Logged], Mapping[str, int]]:
        """Return rows as records come in: characters repaired, and copies and rows without a text left out."""
        found = clean(iter(rows), columns, source=str(self.path))
        by_number = {row.number: row for row in rows}
        return [*self._logged(found.kept, by_number)], found.summary()["rejected"]

    def _logged(self, records: Sequence[Mapping[str, Any]], rows: Mapping[int, Row]) -> Iterator[Logged]:
        for record in records:
            row = rows[record["source_row"]]
            said = self.read(row)
            yield Logged(
                row=row.number,
                fields=record["fields"],
                **{name: said[name] for name in (PREDICTED, CONFIDENCE, SECONDS, THUMB, CORRECTION)},
                shaped=record.get("shaped", {}),
                beside={name: self._cell(row, (name,), as_text) for name in self.beside},
            )


def _number(cell: Any) -> float:
    try:
        return float(as_text(cell))
    except ValueError:
        raise ValueError(f"expected a number, came {as_text(cell)!r:.60}") from None


def _share(cell: Any) -> float:
    found = _number(cell)
    if not 0 <= found <= 1:
        raise ValueError(f"expected a probability from 0 to 1, came {found:g}")
    return found


def _seconds(cell: Any) -> float:
    found = _number(cell)
    if not 0 <= found < float("inf"):
        raise ValueError(f"expected seconds, a number from 0, came {found:g}")
    return found


def _time(cell: Any) -> datetime:
    try:
        found = cell if isinstance(cell, datetime) else datetime.fromisoformat(as_text(cell))
    except ValueError:
        raise ValueError(f"expected a time such as 2026-05-31T14:30:00, came {as_text(cell)!r:.60}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _thumb(cell: Any) -> bool:
    found = _THUMBS.get(as_text(cell).strip().lower())
    if found is None:
        raise ValueError(f"expected up or down, came {as_text(cell)!r:.60}")
    return found
