"""Records that come to a project after the others, unlabelled: what a log proposes, each with the reason to read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from curation.project import ledger
from curation.project.artifacts import read_table, write_table
from curation.project.folder import ADDED, CONTENTS, Project, Round
from curation.project.records import column, labels_schema, table
from curation.project.standing import Method

METADATA = "metadata.parquet"
_SCHEMA = pa.schema({"record_id": pa.string(), "reason": pa.string()})


@dataclass(frozen=True, kw_only=True)
class Added:
    """A record to be added.

    Attributes:
        record_id: Its id, which no record of the project has.
        fields: Its texts by the names of the task's fields.
        shaped: Those of them that are more than a text, as they are.
        reason: Why to read it, in one sentence.
        beside: Its values of the columns that are kept beside the records.
    """

    record_id: str
    fields: Mapping[str, str]
    reason: str
    shaped: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, str | None] = field(default_factory=dict)


def reasons(project: Project) -> dict[str, str]:
    """Return why to read each record that was added, by its id, in the order in which they came."""
    if not project.has(ADDED):
        return {}
    found = read_table(project.path(ADDED))
    return dict(zip(column(found, "record_id"), column(found, "reason"), strict=True))


def add_records(project: Project, records: Sequence[Added]) -> int:
    """Add records without a label, and return how many are new: those whose id is known are left as they are.

    Labels are written first and the records last, so that what was cut short is made whole by the same call: a label
    of a record that is not there says nothing.

    Args:
        project: Any view of it; its lock is held.
        records: What to add.
    """
    known = {*column(project.records, "record_id")}
    new = [each for each in records if each.record_id not in known]
    if not new:
        return 0
    for view in project.views:
        for round_ in view.rounds():
            if round_.has("labels.parquet"):
                _append_labels(view, round_, new)
    _append_columns(project, new)
    _append_reasons(project, new)
    path = project.folder / "records.parquet"
    there = read_table(path)
    names = {"record_id", "fields", "shaped"} & {*there.column_names}
    rows = ({name: getattr(each, name) for name in names} for each in new)
    write_table(path, pa.concat_tables([there, table(rows, there.schema)]))
    ledger.append(project.folder, "add", records=[each.record_id for each in new])
    return len(new)


def _append_labels(view: Project, round_: Round, new: Sequence[Added]) -> None:
    there, ids = round_.table("labels.parquet"), {each.record_id for each in new}
    if ids & {*column(there, "record_id")}:
        return  # of a call that was cut short
    schema = labels_schema(view.config.task.kind.value())
    rows = ({"record_id": i, "source": Method.NONE, "round": 0} for i in sorted(ids))
    round_.write_table("labels.parquet", pa.concat_tables([there, table(rows, schema).cast(there.schema)]))


def _append_columns(project: Project, new: Sequence[Added]) -> None:
    if not project.has(METADATA):
        return
    there = read_table(project.path(METADATA))
    ids, kept = column(project.records, "record_id"), {name: column(there, name) for name in there.column_names}
    size = len(ids)  # rows beyond it are of a call that was cut short
    found = {name: [*values[:size], *(each.beside.get(name) for each in new)] for name, values in kept.items()}
    found["record_id"] = [*ids, *(each.record_id for each in new)]
    write_table(project.path(METADATA), pa.table(found, schema=there.schema))


def _append_reasons(project: Project, new: Sequence[Added]) -> None:
    """Keep the reasons, and with them the hash of the records that came in, by which servers know the project."""
    contents = project.contents
    known = reasons(project) | {each.record_id: each.reason for each in new}
    rows = table(({"record_id": i, "reason": why} for i, why in known.items()), _SCHEMA)
    write_table(project.path(ADDED), rows.replace_schema_metadata({CONTENTS: contents}))
