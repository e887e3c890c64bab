"""What a judge says of outputs that people compare: a language model, or a trained one, asked by somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.errors import TwofoldError, suggest
from curation.project.artifacts import read_table, write_table
from curation.project.folder import Project
from curation.project.judged_systems import JUDGES, JUDGES_SAY, compares_systems
from curation.project.records import column, table
from curation.sources.beside import cell
from curation.sources.readers import read_rows
from curation.sources.rows import Row
from curation.sources.values import as_id, as_text
from curation.tasks import limits

IDS = ("record_id", "id")
SWAPPED = "_swapped"
"""What stands behind a question's name in the column of answers that were given with the sides swapped."""


def read_judge(project: Project, name: str, file: Path) -> pa.Table:
    """Read a judge's answers: a row for each record, and a column named like each question that it answered.

    A column `QUESTION_swapped` has the answers with the sides swapped, `first` meaning what the judge saw first then.
    An empty cell is no answer.

    Raises:
        TwofoldError: The name is none, the file cannot be read or has no such column, a record is not the project's or
            stands there twice, or a cell is no answer.
    """
    if not name.strip() or len(name) > limits.USERNAME or not name.isprintable():
        raise TwofoldError(f"--judge {name}={file}: expected a name of at most {limits.USERNAME} characters")
    views = {view.config.task.question: view for view in project.views if compares_systems(view)}
    if not views:
        raise TwofoldError(f"{project.folder}: people compare no outputs of systems here, so no judge can be measured")
    found = table((row for row in _answers(views, name, file)), JUDGES_SAY)
    if not found.num_rows:
        raise TwofoldError(f"{file}: expected an answer for at least one record, came none")
    return found


def keep_judge(project: Project, said: pa.Table) -> None:
    """Keep what a judge says, in place of what was kept of it before."""
    name = column(said, "judge")[0]
    before = read_table(project.path(JUDGES)).to_pylist() if project.has(JUDGES) else []
    rows = [*(row for row in before if row["judge"] != name), *said.to_pylist()]
    write_table(project.path(JUDGES), table(rows, JUDGES_SAY))


def _answers(views: dict[str, Project], name: str, file: Path) -> Iterator[dict[str, Any]]:
    ids, seen = {*column(next(iter(views.values())).records, "record_id")}, dict[str, int]()
    for row in read_rows(file):
        record_id = cell(file, row, _id_column(file, row, views), as_id)
        if record_id not in ids:
            raise TwofoldError(
                f"{_where(file, row)}: expected the id of a record of the project, came {record_id!r:.80}"
            )
        if record_id in seen:
            again = f"{record_id!r:.80} stands in row {seen[record_id]} already"
            raise TwofoldError(f"{_where(file, row)}: expected each record once, {again}")
        seen[record_id] = row.number
        for question, view in views.items():
            value = _parsed(view, file, row, question)
            swapped = _parsed(view, file, row, question + SWAPPED)
            if value is not None:
                yield {"judge": name, "question": question, "record_id": record_id, "value": value, "swapped": swapped}


def _id_column(file: Path, row: Row, views: dict[str, Project]) -> str:
    found = next((name for name in IDS if name in row.cells), None)
    if found is None:
        raise TwofoldError(f"{file.name}: no column {IDS[0]!r}{suggest(IDS[0], row.cells)}")
    if not any(question in row.cells for question in views):
        questions = ", ".join(map(repr, views))
        raise TwofoldError(f"{file.name}: expected a column named like a question: {questions}")
    return found


def _parsed(view: Project, file: Path, row: Row, name: str) -> Any:
    text = cell(file, row, name, as_text).strip() if name in row.cells else ""
    try:
        return view.config.task.kind.parse(view.config.task.asked, text) if text else None
    except ValueError as error:
        raise TwofoldError(f"{_where(file, row)}, column {name!r}: {error}") from None


def _where(file: Path, row: Row) -> str:
    return f"{file.name}, row {row.number}"
