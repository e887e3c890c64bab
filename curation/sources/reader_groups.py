"""What is known of the people who answer: groups of them, from a file, beside the project's records."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import TwofoldError, suggest
from curation.project.artifacts import read_table, write_table
from curation.project.folder import Project
from curation.project.records import column
from curation.project.standing import Role
from curation.sources.beside import cell
from curation.sources.readers import read_rows
from curation.sources.rows import Row
from curation.sources.values import as_id, as_text

READERS = "readers.parquet"
REVIEWER = "reviewer"


def read_reader_groups(project: Project, file: Path) -> pa.Table:
    """Read a file with a row for each reader: the column `reviewer`, and one for each thing that is known of them.

    Raises:
        TwofoldError: The file cannot be read, a column is missing, a name is of nobody who reads for the project or
            stands there twice, or nobody reads for it yet.
    """
    known, seen, found = _readers(project), dict[str, int](), list[dict[str, str | None]]()
    if not known:
        raise TwofoldError(f"{file}: nobody reads for the project yet; `twofold pull` brings answers and readers")
    for row in read_rows(file):
        names = _columns(file, row)
        who = cell(file, row, REVIEWER, as_id)
        if who not in known:
            raise TwofoldError(_told(file, row, f"expected somebody who reads for the project, came {who!r}"))
        if who in seen:
            raise TwofoldError(_told(file, row, f"expected every reader once, came {who!r}, as in row {seen[who]}"))
        seen[who] = row.number
        found.append({REVIEWER: who, **{name: cell(file, row, name, as_text).strip() or None for name in names}})
    if not found:
        raise TwofoldError(f"{file}: expected a row for every reader, came none")
    return pa.Table.from_pylist(found, schema=pa.schema([(name, pa.string()) for name in found[0]]))


def keep_reader_groups(project: Project, groups: pa.Table) -> None:
    """Keep what is known of the readers, in place of what was kept before."""
    write_table(project.path(READERS), groups)


def reader_groups_of(project: Project) -> dict[str, dict[str, str | None]]:
    """Return the group of every reader by what is known of them; nothing where nothing is kept."""
    if not project.has(READERS):
        return {}
    found = read_table(project.path(READERS))
    who = column(found, REVIEWER)
    return {name: dict(zip(who, column(found, name), strict=True)) for name in found.column_names if name != REVIEWER}


def _columns(file: Path, row: Row) -> list[str]:
    if REVIEWER not in row.cells:
        raise TwofoldError(f"{file}: no column {REVIEWER!r}{suggest(REVIEWER, row.cells)}")
    names = [name for name in row.cells if name != REVIEWER]
    if not names:
        raise TwofoldError(f"{file}: expected a column of groups beside {REVIEWER!r}, came none")
    return names


def _told(file: Path, row: Row, what: str) -> str:
    return f"{file.name}, row {row.number}, column {REVIEWER!r}: {what}"


def _readers(project: Project) -> set[str]:
    """Return everybody who may read in a round of the project, or has."""
    found: set[str] = set()
    for view in project.views:
        for round_ in view.rounds():
            if round_.has("people.json"):
                found |= set(round_.json("people.json")[Role.ANNOTATOR])
            if round_.snapshots():
                votes = round_.votes()
                found |= set(column(votes.filter(pc.equal(votes["role"], Role.ANNOTATOR)), "reviewer"))
    return found
