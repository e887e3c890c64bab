"""What stands beside the records: further columns of them, and a sample of the stream that they were drawn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from curation.errors import TwofoldError, suggest
from curation.project.adding import METADATA
from curation.project.artifacts import read_table, write_table
from curation.project.folder import Project
from curation.project.records import column, joined_texts
from curation.sources.cleaning import Columns, clean
from curation.sources.readers import column_names, read_rows
from curation.sources.rows import Row
from curation.sources.values import as_id, as_text
from curation.tasks.task import Task

REFERENCE = "reference.parquet"


def keep_beside(
    project: Project,
    names: Sequence[str] = (),
    *,
    file: Path | None = None,
    record_id: str | None = None,
    reference: Path | None = None,
) -> None:
    """Keep columns beside the records, and a sample of the real stream; all of it or nothing.

    Args:
        project: Whose records.
        names: The columns; those that are kept already need no file.
        file: Where they stand: the file that `init` read, or another one with the ids of its records.
        record_id: Column of the ids; without one the number of a row is the id, as for `init`.
        reference: The sample: a file with the text columns that the records have.

    Raises:
        TwofoldError: A column is neither in the file nor kept, a file cannot be read, no id of it is known, or the
            sample lacks a text.
    """
    columns = None if file is None else _columns(project, names, file, record_id)
    kept = metadata(project)
    if columns is None and (lost := [name for name in names if name not in kept]):
        hint = suggest(lost[0], kept) or "; name the file that has it with --group-file"
        raise TwofoldError(f"--group {lost[0]}: no such column is kept of the records{hint}")
    sample = None if reference is None else _sample(project.config.task, reference)
    if columns is not None:
        ids = column(project.records, "record_id")
        write_table(project.path(METADATA), pa.table({"record_id": ids, **kept, **columns}))
    if sample is not None:
        write_table(project.path(REFERENCE), sample)


def metadata(project: Project) -> dict[str, list[str | None]]:
    """Return the columns that are kept beside the records, by name, in the order of the records."""
    if not project.has(METADATA):
        return {}
    found = read_table(project.path(METADATA)).slice(0, project.records.num_rows)  # more are of an addition cut short
    return {name: column(found, name) for name in found.column_names if name != "record_id"}


def metadata_of(project: Project, record_ids: Sequence[str]) -> dict[str, list[str | None]]:
    """Return the same columns of some records in their order; of an outside test set nothing is kept, so None."""
    row = {i: n for n, i in enumerate(column(project.records, "record_id"))}
    at = [row.get(i) for i in record_ids]
    return {name: [None if n is None else kept[n] for n in at] for name, kept in metadata(project).items()}


def kept_column(project: Project, name: str, setting: str) -> list[str | None]:
    """Return the column that a setting names, in the order of the records.

    Raises:
        TwofoldError: No such column is kept.
    """
    kept = metadata(project)
    if name not in kept:
        hint = suggest(name, kept) if kept else "; none is kept: name it with twofold check --group"
        raise TwofoldError(f"{setting}: no column {name!r} is kept of the records{hint}")
    return kept[name]


def makes_groups(values: Sequence[str | None]) -> bool:
    """Whether a value has five records on average: of numbers of orders nothing can be said by group."""
    return len(set(values)) <= max(2, len(values) // 5)


def reference_texts(project: Project, task: Task) -> list[str]:
    """Return the texts of the sample of the stream, each as one; none where there is no sample."""
    return joined_texts(read_table(project.path(REFERENCE)), task.fields) if project.has(REFERENCE) else []


def _sample(task: Task, file: Path) -> pa.Table:
    there = column_names(file)
    if lost := [name for name in task.fields if name not in there]:
        raise TwofoldError(f"{file}: no column {lost[0]!r}{suggest(lost[0], there)}")
    columns = Columns(fields={name: name for name in task.fields}, shapes=task.shapes)
    cleaned = clean(read_rows(file, columns=columns.named()), columns, source=file.name)
    schema = pa.schema({"fields": pa.struct([pa.field(name, pa.string()) for name in task.fields])})
    return pa.Table.from_pylist([{"fields": row["fields"]} for row in cleaned.kept], schema=schema)


def _columns(project: Project, names: Sequence[str], file: Path, record_id: str | None) -> dict[str, list[str | None]]:
    if "record_id" in names:
        raise TwofoldError("--group record_id: expected a column of groups, came that of the ids")
    wanted = [*dict.fromkeys([*names, *([record_id] if record_id else [])])]
    found: dict[str, dict[str, str]] = {}
    for row in read_rows(file, columns=wanted):
        key = str(row.number) if record_id is None else cell(file, row, record_id, as_id)
        found[key] = {name: cell(file, row, name, as_text) for name in names}
    ids = column(project.records, "record_id")
    if not any(i in found for i in ids):
        hint = "" if record_id else "; name the column of the ids with --id"
        raise TwofoldError(f"{file}: none of its rows is a record of the project{hint}")
    return {name: [found.get(i, {}).get(name) or None for i in ids] for name in names}


def cell(file: Path, row: Row, name: str, read: Callable[[object], str]) -> str:
    """Read a cell; raises a TwofoldError that says where it stands."""
    try:
        return read(row.cells[name])
    except ValueError as error:
        raise TwofoldError(f"{file.name}, row {row.number}, column {name!r}: {error}") from None
