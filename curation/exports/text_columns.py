"""The texts beside every exported row: under their own names, whatever those are."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

import pyarrow as pa

from curation.errors import TwofoldError
from curation.project.folder import Project
from curation.project.labelled import fields_by_id, outside_test, soft_labels
from curation.project.records import by_id, column
from curation.tasks.task import Task

APART = "twofold_"
"""Put before a column of ours that has the name of a text field, which keeps it."""


def apart(name: str, project: Project) -> str:
    """Return the name of a column of ours in the exported tables of a project."""
    return apart_from(name, project.config.task.fields)


def apart_from(name: str, theirs: Container[str]) -> str:
    """Return the name of a column of ours beside columns that keep their names."""
    while name in theirs:
        name = f"{APART}{name}"
    return name


def with_texts(project: Project, found: pa.Table, **more: Mapping[str, Any]) -> pa.Table:
    """Return a table of records with their texts, and the row of the file they came from.

    Args:
        project: Whose records they are.
        found: A table with a column `record_id`; its columns come first, in their order.
        more: Columns to add by name, each as values by record id; one that the table has already stays as it is.
    """
    ids, texts = column(found, "record_id"), fields_by_id(project)
    ours = {name: found[name] for name in found.column_names}
    for name, values in {**more, "source_row": _source_rows(project)}.items():
        ours.setdefault(name, pa.array([values.get(i) for i in ids], _type(name, project)))
    theirs = {
        field: pa.array([texts.get(i, {}).get(field) for i in ids], pa.string()) for field in project.config.task.fields
    }
    return pa.table({**{apart(name, project): values for name, values in ours.items()}, **theirs})


PROBABILITIES = "probabilities"
_SOFT = pa.list_(pa.struct({"answer": pa.string(), "probability": pa.float64()}))


def with_soft_labels(project: Project, found: pa.Table) -> pa.Table:
    """Return a table of records with what the readers of its newest round make of each: answers, the likeliest first.

    Raises:
        TwofoldError: No round was reviewed, or by an older version alone.
    """
    if not any(round_.has("soft.parquet") for round_ in project.rounds()):
        raise TwofoldError(f"{project.folder}: no round has probabilities yet (run `twofold review`)")
    soft = soft_labels(project)
    ids = column(found, apart("record_id", project))
    answers = pa.array([soft.get(i) for i in ids], _SOFT)
    return found.append_column(apart(PROBABILITIES, project), answers)


def outcomes(task: Task, answered: Sequence[tuple[Any, Mapping[str, str]]]) -> dict[str, pa.Array]:
    """Return what answers make of their texts, such as which was chosen, as columns; none for most kinds."""
    if task.kind.outcome is None:
        return {}
    found = [task.kind.outcome(value, task.asked, texts) for value, texts in answered]
    return {name: pa.array([each[name] for each in found], pa.string()) for name in task.kind.outcome_names}


def _type(name: str, project: Project) -> pa.DataType:
    """Return the type of a column that is added: an answer, unless it is a number of ours."""
    known = {"suggested_prob": pa.float64(), "source_row": pa.int64()}
    return known.get(name) or project.config.task.kind.value()


def _source_rows(project: Project) -> dict[str, int]:
    outside = outside_test(project)
    tables = [project.records, *([] if outside is None else [outside])]
    return {i: row for each in tables for i, row in by_id(each, "source_row").items()}
