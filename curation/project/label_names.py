"""Renaming a label, or making it one with another, wherever a project keeps labels.

Votes stay as they were pulled: what a round asked (`asked.json`) says which label each stored value means. Tables of
labels are written anew. The change is written down first, so that one cut short is finished by the same command.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import tomlkit

from curation.errors import TwofoldError, suggest
from curation.project import ledger
from curation.project.artifacts import read_table, write_json, write_table, write_text
from curation.project.asked import Asked
from curation.project.collected import UNDER_WAY, Change, change_under_way, labels_in_use
from curation.project.folder import Project
from curation.project.older_tables import with_names_of_today
from curation.project.records import LABEL_NAMES, question_of
from curation.tasks.kind import Kind
from curation.tasks.task import Task

ANSWERS = "answers"
QUEUES = ("batch.parquet", "queue.parquet")
COLUMNS = frozenset({"value", "label", "unit", "choice", "suggested", "predicted", "before", "after", ANSWERS})
"""Columns of a project's tables that hold labels."""


def rename_label(project: Project, old: str, new: str) -> None:
    """Give a label another name; its records, its votes and the open questions keep their meaning.

    `twofold.toml` may say the new name already.

    Raises:
        TwofoldError: There is no such label, or the new name stands for another one.
    """
    in_use = set(labels_in_use(project))
    _refuse_unknown(project, old, in_use)
    if new in in_use or (old in project.config.task.labels and new in project.config.task.labels):
        merging = Change("merge", old, new, project.question).typed(project.folder)
        raise TwofoldError(f"{new!r} is a label already; to make the two one: `{merging}`")
    _change(project, "rename", old, new)


def merge_label(project: Project, old: str, into: str) -> None:
    """Make a label one with another: what was `old` is `into` from now on, and cannot be told apart any more.

    Raises:
        TwofoldError: There is no such label, or nothing to make it one with.
    """
    in_use = set(labels_in_use(project))
    _refuse_unknown(project, old, in_use)
    _refuse_unknown(project, into, in_use)
    if old == into:
        raise TwofoldError(f"{old!r} is that label: name two")
    if len(set(project.config.task.labels) - {old}) < 2:
        raise TwofoldError(f"merging {old!r} into {into!r} would leave one label, and a question needs two")
    _change(project, "merge", old, into)


def _refuse_unknown(project: Project, label: str, in_use: set[str]) -> None:
    known = [*project.config.task.labels, *sorted(in_use - set(project.config.task.labels))]
    if label not in known:
        raise TwofoldError(f"{project.folder}: no label {label!r}{suggest(label, known)}")


def _change(project: Project, how: str, old: str, new: str) -> None:
    journal = project.path(UNDER_WAY)
    said = {"how": how, "old": old, "new": new, "question": project.question}
    begun = change_under_way(project)
    if begun and begun != Change(how, old, new, project.question):
        raise TwofoldError(f"{project.folder}: finish first what was cut short: `{begun.typed(project.folder)}`")
    write_json(journal, said)
    for path in _tables(project):
        _rewrite(path, project.config.task, old, new)
    for round_ in project.rounds():
        if round_.has("asked.json"):
            asked = Asked.kept_in(round_)
            options = {value: new if label == old else label for value, label in asked.options.items()}
            round_.write_json("asked.json", asked.model_copy(update={"options": options}).model_dump(mode="json"))
    _write_labels(project, old, new)
    ledger.append(project.folder, "labels", **said)
    journal.unlink()


def _tables(project: Project) -> Iterator[Path]:
    """All tables that hold labels by their names of today: not the records as they came in, and no votes."""
    for round_ in project.rounds():
        own = round_.path("labels.parquet").parent.glob("*.parquet")
        yield from sorted({*own, *(path for name in QUEUES if (path := round_.path(name)).exists())})
    yield from (path for name in ("test.parquet", "gold.parquet") if (path := project.path(name)).exists())


def _rewrite(path: Path, task: Task, old: str, new: str) -> None:
    kind, before = task.kind, with_names_of_today(path.name, read_table(path))
    if path.name in QUEUES and question_of(before) not in (None, task.question):
        return  # what it suggests are answers to another question
    after = before
    for i, name in enumerate(before.column_names):
        if name in COLUMNS:
            after = after.set_column(i, before.schema.field(i), _renamed(name, before.column(i), kind, old, new))
    names = json.loads((before.schema.metadata or {}).get(LABEL_NAMES, b"[]"))
    if old in names:
        renamed = [new if name == old else name for name in names]
        after = after.replace_schema_metadata({**(before.schema.metadata or {}), LABEL_NAMES: json.dumps(renamed)})
    if not after.equals(before, check_metadata=True):
        write_table(path, after)


def _renamed(name: str, values: pa.ChunkedArray, kind: Kind, old: str, new: str) -> Any:
    if name == ANSWERS:  # lists of words, whatever an answer is
        lists = values.to_pylist()
        return pa.array([x and [_in_words(words, kind, old, new) for words in x] for x in lists], values.type)
    if values.type == kind.value():
        return pa.array([x if x is None else kind.decode(x, {old: new}) for x in values.to_pylist()], values.type)
    if not pa.types.is_string(values.type):
        return values  # a number that bears the name of a column of labels elsewhere
    if kind.is_nested:
        return pa.array([_in_words(words, kind, old, new) for words in values.to_pylist()], values.type)
    return pc.if_else(pc.fill_null(pc.equal(values, old), False), new, values)


def _in_words(words: str | None, kind: Kind, old: str, new: str) -> str | None:
    """Return an answer in words, or one label, with a label by its new name; other words as they are."""
    if words is None or words == old:
        return words and new
    try:
        return kind.renamed(words, {old: new}) if old in kind.names_in(words) else words
    except ValueError:  # a discard, for example
        return words


def _write_labels(project: Project, old: str, new: str) -> None:
    """Change the one key, and leave what people wrote around it."""
    path = project.path("twofold.toml")
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    task: Any = document["task"]
    labels: Any = task["questions"][project.config.task.question]["labels"]
    if old not in labels:
        return
    if new in labels:
        labels.remove(old)
    else:
        labels[list(labels).index(old)] = new
    write_text(path, tomlkit.dumps(document))
