"""Tables for other tools: the decisions, the labels, and the curated data set."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa

from curation.errors import TwofoldError
from curation.labelled import current_labels, labelled_dataset, records_by_part
from curation.project import Project, Round
from curation.records import by_id, column

DECISIONS = ["record_id", "label", "method", "confidence", "votes"]


def newest(project: Project, artifact: str) -> Round:
    """Return the newest round that has an artifact.

    Raises:
        TwofoldError: None has.
    """
    rounds = [round_ for round_ in project.rounds() if round_.has(artifact)]
    if not rounds:
        raise TwofoldError(f"{project.folder}: no round has {artifact} yet")
    return rounds[-1]


def _decisions(project: Project) -> pa.Table:
    """Return every decision of people, the newest per record."""
    rows = {}
    for round_ in project.rounds():
        if round_.has("decisions.parquet"):
            rows.update({row["record_id"]: row for row in round_.table("decisions.parquet").to_pylist()})
    if not rows:
        raise TwofoldError(f"{project.folder}: nobody has decided anything yet (run `twofold review`)")
    return pa.Table.from_pylist([rows[i] for i in sorted(rows)]).select(DECISIONS)


def _dataset(project: Project) -> pa.Table:
    """Return every labelled record with its text, label, where that came from, and its part."""
    round_ = newest(project, "split.parquet")
    labels, part = current_labels(project, round_), by_id(round_.table("split.parquet"), "part")
    source = by_id(round_.table("labels.parquet"), "source")
    rows = [
        {
            "record_id": i,
            **fields,
            project.config.task.question: labels[i],
            "source": source[i],
            "part": part[i],
        }
        for i, fields in zip(column(project.records, "record_id"), column(project.records, "fields"), strict=True)
        if i in labels
    ]
    if not rows:
        raise TwofoldError(f"{project.folder}: no record has a label yet")
    return pa.Table.from_pylist(rows)


EXPORTS: Mapping[str, Callable[[Project], pa.Table]] = {
    "decisions": _decisions,
    "labels": lambda project: newest(project, "labels.parquet").table("labels.parquet"),
    "votes": lambda project: newest(project, "votes").votes(),
    "queue": lambda project: newest(project, "queue.parquet").table("queue.parquet"),
    "errors": lambda project: newest(project, "errors.parquet").table("errors.parquet"),
    "dataset": _dataset,
}


def exported(project: Project, what: str) -> pa.Table:
    """Return one of the tables of `EXPORTS`."""
    return EXPORTS[what](project)


def export_hf(project: Project, to: Path) -> None:
    """Save the curated data set with its train, validation and test parts for `datasets.load_from_disk`.

    Raises:
        TwofoldError: The folder is there already, or nothing was split yet.
    """
    import datasets

    if to.exists():
        raise TwofoldError(f"{to}: is there already")
    round_ = newest(project, "split.parquet")
    parts = records_by_part(round_)
    saved = datasets.DatasetDict(
        {part: labelled_dataset(project, round_, parts[part]) for part in ("train", "validation", "test")}
    )
    temporary = to.with_name(f".{to.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    saved.save_to_disk(str(temporary))
    temporary.rename(to)
