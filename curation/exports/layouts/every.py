"""Every layout by its name, and a project's records written in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from curation.exports.layouts import chat, conll, doccano, label_studio, prodigy, spacy_docs
from curation.exports.layouts.layout import Entry, Layout, check_fits, written
from curation.exports.table_files import rows
from curation.exports.text_columns import apart
from curation.project.artifacts import write_atomically
from curation.project.folder import Project
from curation.project.records import shaped_by_id

LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        layout.name: layout
        for layout in (
            conll.LAYOUT,
            spacy_docs.LAYOUT,
            doccano.LAYOUT,
            label_studio.LAYOUT,
            prodigy.LAYOUT,
            chat.OPENAI,
            chat.TRL,
        )
    }
)
TABLES = ("csv", "jsonl", "parquet", "hf")
"""Formats that hold every kind of answer."""


def laid_out(project: Project, found: pa.Table, layout: Layout, notes: Counter[str]) -> Iterator[str]:
    """Yield a file of a table's records, piece by piece.

    Args:
        project: Whose table it is.
        found: An exported table that has an answer for every record, under the name of the kind or the question.
        layout: How it is to be written.
        notes: Counts what a reader of the file should know.

    Raises:
        TwofoldError: The layout cannot hold such answers, or one of them.
    """
    task = project.config.task
    check_fits(layout, task, LAYOUTS.values(), TABLES)
    names = [apart(name, project) for name in (task.question, task.kind.column)]
    answers = next(name for name in names if name in found.column_names)
    record_id = apart("record_id", project)

    shaped = shaped_by_id(project.records) if task.chat else {}

    def say(what: str) -> None:
        notes[what] += 1

    entries = (
        Entry(
            record_id=row[record_id],
            fields={name: row[name] for name in task.fields},
            value=row[answers],
            task=task,
            say=say,
            chats={name: each for name, each in shaped.get(row[record_id], {}).items() if name in task.chat},
        )
        for row in rows(found)
    )
    return written(layout, entries)


def write_layout(path: Path, pieces: Iterator[str]) -> None:
    """Write a file, whole or not at all.

    Raises:
        TwofoldError: It cannot be written.
    """

    def fill(to: Path) -> None:
        with to.open("w", encoding="utf-8", newline="") as handle:
            handle.writelines(pieces)

    write_atomically(path, fill)
