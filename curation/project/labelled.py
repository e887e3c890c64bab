"""The test part, frozen, and labelled records by part: what curation hands over to training.

The test part is an outside file if there is one, else records drawn by chance at first use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import chain, count
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curation.project.artifacts import read_json, read_table, write_json
from curation.project.folder import Project, Round
from curation.project.records import by_id, column, labels_schema, table
from curation.project.standing import USED_PARTS, Part
from training.models.writers import why_no_writer

if TYPE_CHECKING:
    import datasets

FEWEST_PER_PART = 2


def prefix_of_tests(taken: Collection[str]) -> str:
    """Return what stands before the ids of an outside test set, so that none of them can be one of `taken`."""
    prefixes = chain(["test/"], (f"test{n}/" for n in count(2)))
    return next(prefix for prefix in prefixes if not any(i.startswith(prefix) for i in taken))


def outside_test(project: Project) -> pa.Table | None:
    """Return the outside test set, its ids behind a prefix of their own (`prefix_of_tests`), or None."""
    return read_table(project.path("test.parquet")) if project.has("test.parquet") else None


def frozen_test(project: Project) -> frozenset[str]:
    """Return the record ids of the frozen test part; empty before its first use."""
    return frozenset(read_json(project.path("test_part.json"))) if project.has("test_part.json") else frozenset()


def freeze_test(project: Project, record_ids: list[str]) -> None:
    """Freeze the test part."""
    write_json(project.path("test_part.json"), sorted(record_ids))


def records_by_part(round_: Round) -> dict[Part, list[str]]:
    """Return the record ids of every part of a round's split."""
    parts: dict[Part, list[str]] = {part: [] for part in Part}
    for record_id, part in by_id(round_.table("split.parquet"), "part").items():
        parts[Part(part)].append(record_id)
    return parts


def begin_labels(project: Project) -> None:
    """Let every question have labels in every round: none, or those of the round before, where it was added later."""
    for view in project.views:
        if view.question:
            for round_ in view.rounds():
                if not round_.has("labels.parquet"):
                    round_.write_table("labels.parquet", _labels_to_begin_with(view, round_))


def _labels_to_begin_with(view: Project, round_: Round) -> pa.Table:
    if round_.number:
        return view.before(round_).table("labels.parquet")
    schema = labels_schema(view.config.task.kind.value())
    return table(({"record_id": i, "round": 0} for i in column(view.records, "record_id")), schema)


def current_values(project: Project, round_: Round) -> dict[str, Any]:
    """Return the answer that every record has that has one, the outside test set included."""
    values = by_id(round_.table("labels.parquet"), "value")
    outside = outside_test(project)
    if outside is not None:
        values.update(by_id(outside, "value"))
    return {record_id: value for record_id, value in values.items() if value is not None}


def tested_values(project: Project, round_: Round) -> dict[str, Any]:
    """Return the same of the test part alone, in the order of the ids."""
    values = current_values(project, round_)
    return {i: values[i] for i in sorted(records_by_part(round_)[Part.TEST]) if i in values}


def current_labels(project: Project, round_: Round) -> dict[str, str]:
    """Return the same in words."""
    show = project.config.task.kind.show
    return {record_id: show(value) for record_id, value in current_values(project, round_).items()}


def words_by_id(project: Project, round_: Round) -> dict[str, str | None]:
    """Return the answer in words of every record of a round, None for none; the outside test set is not among them."""
    return project.config.task.worded(by_id(round_.table("labels.parquet"), "value"))


def fields_by_id(project: Project) -> dict[str, dict[str, str]]:
    """Return the text fields of every record, the outside test set included."""
    outside = outside_test(project)
    return by_id(project.records, "fields") | ({} if outside is None else by_id(outside, "fields"))


SOFT, WEIGHT = "twofold_soft_labels", "twofold_record_weight"
"""The column of soft labels beside what a model learns from."""


def labelled_dataset(
    project: Project, round_: Round, record_ids: Iterable[str], *, beside: Mapping[str, Mapping[str, Any]] | None = None
) -> datasets.Dataset:
    """Return the labelled ones of these records as a model learns from them, sorted by id.

    Args:
        project: Seen from one question.
        round_: The labels of this round.
        record_ids: Which records.
        beside: Further columns by name: values by record id.
    """
    import datasets

    task = project.config.task
    labels, fields = current_values(project, round_), fields_by_id(project)
    ids = sorted(i for i in record_ids if i in labels)
    columns = {name: [fields[i][name] for i in ids] for name in task.fields}
    targets = [task.target(labels[i]) for i in ids]
    found = datasets.Dataset.from_dict({**columns, task.question: targets}, features=task.training_features())
    for name, values in (beside or {}).items():
        found = found.add_column(name, [values[i] for i in ids])
    return found


def soft_labels(project: Project, round_: Round | None = None) -> dict[str, list[dict[str, Any]]]:
    """Return what the readers of its newest review make of each record: answers and probabilities, the likeliest first.

    Args:
        project: Seen from one question.
        round_: The last round that counts; None for the newest.
    """
    known: dict[str, list[dict[str, Any]]] = {}
    for each in project.rounds():
        if each.has("soft.parquet") and (round_ is None or each.number <= round_.number):
            known |= _by_record(each.table("soft.parquet"))
    return known


def _by_record(soft: pa.Table) -> dict[str, list[dict[str, Any]]]:
    listed: dict[str, list[dict[str, Any]]] = {}
    for row in soft.sort_by([("probability", "descending")]).to_pylist():
        listed.setdefault(row.pop("record_id"), []).append(row)
    return listed


def soft_targets(project: Project, round_: Round, record_ids: Iterable[str]) -> dict[str, list[float]]:
    """Return how likely each name that a model learns is, for records of one label.

    Where the label is another than what the readers thought likeliest, somebody has settled it: it is certain.
    """
    names, labels, soft = (
        project.config.task.target_names,
        current_labels(project, round_),
        soft_labels(project, round_),
    )
    found: dict[str, list[float]] = {}
    for i in record_ids:
        if i in labels:
            said = {row["answer"]: row["probability"] for row in soft.get(i, [])}
            if next(iter(said), None) != labels[i]:
                said = {labels[i]: 1.0}
            total = sum(said.values())
            found[i] = [said.get(name, 0.0) / total for name in names]
    return found


def why_not_trainable(project: Project, round_: Round) -> str | None:
    """Say what is missing before a model can be trained, or None."""
    kind = project.config.task.kind
    if kind.recipe is None:
        return f"no model can be trained on answers of the kind {kind.name!r}"
    if kind.is_written and (why := why_no_writer(project.config.training.model)):
        return f"training.model: {why}"
    labels, parts = current_labels(project, round_), records_by_part(round_)
    for part in USED_PARTS:
        labelled = [labels[i] for i in parts[part] if i in labels]
        if len(labelled) < FEWEST_PER_PART or (part == Part.TRAIN and len(set(labelled)) < 2):
            return f"the {part} part has {len(labelled)} labelled records of {len(set(labelled))} labels"
    return None
