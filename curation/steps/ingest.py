"""Raw file -> records: the project folder, and round 0, which holds what came in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
from pydantic import ValidationError

from curation.annotation.first_guidelines import first_guidelines
from curation.errors import TwofoldError
from curation.project import ledger
from curation.project.artifacts import write_json, write_table, write_text
from curation.project.config import Config, describe, write_config
from curation.project.folder import Project, read_guidelines, read_page
from curation.project.judged_systems import SYSTEMS
from curation.project.labelled import prefix_of_tests
from curation.project.reads import content_hash
from curation.project.records import labels_schema, records_schema, table
from curation.project.standing import Method
from curation.sources.cleaning import Cleaned, Columns, clean
from curation.sources.columnar import declared
from curation.sources.goldcheck import gold_columns, gold_table
from curation.sources.labels import (
    count_labels,
    join_twins,
    notes_on_labels,
    one_per_twins,
    parse_answers,
    twin_key,
)
from curation.sources.outputs import Blinded, Outputs, blinded
from curation.sources.readers import column_names, read_rows
from curation.sources.repair import repaired_name
from curation.sources.rows import Reading
from curation.tasks.kind import Kind
from curation.tasks.kinds import kind_named
from curation.tasks.task import Task
from training.whole_files import put_in_place


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What `twofold init` was asked for.

    Attributes:
        folder: Where the project is to be; must not hold one.
        data: The file.
        columns: Which of its columns is what.
        kind: The kind of answer that is asked for.
        settings: Settings of the question, other than its labels.
        labels: The possible labels, for a kind that has some; None takes those that stand in the file.
        test: A file with the same columns, set aside for testing only.
        gold: Gold labels by id, which only the report reads.
        gold_label: Their column; `label`, or that of the data, by default.
        guidelines: What annotators read; None writes a page to start from.
        custom: The page that shows them, for text fields that hold values, by name.
        reading: How all three files are read, where they are text.
        join_labels: Whether labels that are equal as numbers, or differ in case or blanks only, become one.
        name: Name of the project in Argilla; that of the folder by default.
        objective: What the model is for, and what counts as a success.
        outputs: The file of every system whose outputs people judge, by its name; `data` is one of them then, and the
            last text column holds what a system wrote.
        criteria: Names of further questions of the same kind.
    """

    folder: Path
    data: Path
    columns: Columns
    kind: Kind = field(default_factory=lambda: kind_named("single_label"))
    settings: Mapping[str, Any] = field(default_factory=dict)
    labels: Sequence[str] | None = None
    test: Path | None = None
    gold: Path | None = None
    gold_label: str | None = None
    guidelines: Path | None = None
    custom: Mapping[str, Path] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)
    join_labels: bool = False
    name: str | None = None
    objective: str = ""
    outputs: Mapping[str, Path] = field(default_factory=dict)
    criteria: Sequence[str] = ()

    @property
    def is_telling(self) -> bool:
        """Whether the names of the text columns give the answers away, so that texts are seated anew."""
        telling = self.kind.telling_columns
        return bool(telling) and self.columns.label is None and {*telling} <= {*self.columns.fields}

    @property
    def answers_in(self) -> str | None:
        """The column in which the answers stand, if there is one."""
        return self.kind.telling_columns[0] if self.is_telling else self.columns.label


@dataclass(frozen=True, kw_only=True)
class _Came:
    """What came in, cleaned: the records, and where they were given the test records and the gold labels."""

    data: Cleaned
    test: Cleaned | None
    gold: Cleaned | None

    def inputs(self) -> dict[str, Cleaned]:
        """Every file by what it was given as."""
        given = {"data": self.data, "test": self.test, "gold": self.gold}
        return {name: cleaned for name, cleaned in given.items() if cleaned is not None}

    def summary(self) -> dict[str, Any]:
        """Counts for the report: those of the data, and beside them those of the other files."""
        counts = {name: cleaned.summary() for name, cleaned in self.inputs().items()}
        return {**counts.pop("data"), **counts}

    def rows(self, what: str) -> list[dict[str, Any]]:
        """Return what was left out of, or repaired in, every file."""
        return [{"input": name, **row} for name, cleaned in self.inputs().items() for row in getattr(cleaned, what)]


def ingest(intake: Intake) -> Project:
    """Read, clean and check everything, then make the project folder in one rename.

    Raises:
        TwofoldError: Anything is wrong with the input; nothing is left behind then.
    """
    if (intake.folder / "twofold.toml").exists():
        raise TwofoldError(f"{intake.folder}: there is a project here already")
    if intake.folder.exists() and (not intake.folder.is_dir() or any(intake.folder.iterdir())):
        raise TwofoldError(f"{intake.folder}: expected a new or an empty folder")
    blind = _blinded(intake) if intake.outputs else None
    data = _cleaned(intake, intake.data, intake.columns) if blind is None else blind.cleaned
    if len(data.kept) < 2:
        raise TwofoldError(f"{intake.data}: expected at least 2 records, found 1")
    config = _config(intake, data)
    task = config.task
    if intake.answers_in:
        _settle(intake, data, task, intake.answers_in)
        data.notes += _notes(intake, data, task)
    came = _Came(data=data, test=_test(intake, data, task), gold=_gold(intake, data, task))
    guidelines = _guidelines(intake, config.task)
    data_hash = content_hash(intake.data) if intake.data.is_file() else ""
    pages = {path.name: read_page(path) for path in intake.custom.values()}

    def fill(to: Path) -> None:
        _write(to, config, came, {**pages, "guidelines.md": guidelines}, data_hash)
        if blind is not None:
            write_table(to / SYSTEMS, blind.systems)

    _make_folder(intake.folder, fill)
    return Project(intake.folder)


def _blinded(intake: Intake) -> Blinded:
    """Join the outputs of several systems into records that do not tell them apart."""
    *prompts, output = intake.columns.fields.items()
    return blinded(
        Outputs(
            files=intake.outputs,
            prompts=dict(prompts),
            output=output,
            record_id=intake.columns.record_id,
            pairs=intake.kind.compares,
            reading=intake.reading,
        )
    )


def _cleaned(intake: Intake, path: Path, columns: Columns, *, labelled: bool = False) -> Cleaned:
    """Read and clean a file: the same way for all that come in."""
    columns = replace(columns, nested=intake.kind.is_nested, written=intake.kind.is_written)
    if columns.label and path.exists() and (said := declared(path, columns.label)):
        said.check(f"{path}, column {columns.label!r}", intake.kind)
    reading = intake.reading if columns.fields else replace(intake.reading, format=None)  # gold is a table
    rows = read_rows(path, reading, columns=columns.named(), alone=not intake.kind.is_nested)
    same_label = twin_key if intake.join_labels else str
    labelled = labelled and not intake.is_telling
    return _seated(intake, clean(rows, columns, source=path.name, same_label=same_label, labelled=labelled))


def _seated(intake: Intake, cleaned: Cleaned) -> Cleaned:
    """Put the texts of columns that give the answers away into fields that do not."""
    if not intake.is_telling or intake.kind.seated is None:
        return cleaned
    for row in cleaned.kept:
        if row["fields"]:
            try:
                found = intake.kind.seated(row["record_id"], row["fields"])
            except ValueError as error:
                raise TwofoldError(f"{cleaned.source}, row {row['source_row']}: {error}") from None
            row["fields"], row["label"] = found.fields, found.answer
            if "shaped" in row:
                row["shaped"] = _seated_shaped(intake, row["record_id"], row["shaped"])
    return cleaned


def _seated_shaped(intake: Intake, record_id: str, shaped: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put what is more than a text into the fields into which the texts were put."""
    assert intake.kind.seated is not None  # noqa: S101
    where = intake.kind.seated(record_id, {name: name for name in intake.columns.fields}).fields
    return {name: shaped[came] for name, came in where.items() if came in shaped}


def _settle(intake: Intake, cleaned: Cleaned, task: Task, column: str) -> None:
    if intake.join_labels:
        join_twins(cleaned, task.kind, task.labels)
    parse_answers(cleaned, task, column=column)


def _notes(intake: Intake, data: Cleaned, task: Task) -> list[str]:
    column = str(intake.answers_in)
    return notes_on_labels(data, task.kind, task.labels, column=column) if task.labels else []


def _config(intake: Intake, data: Cleaned) -> Config:
    asked = _question(intake, data)
    questions = dict.fromkeys((intake.kind.column, *intake.criteria), asked)
    task = {"fields": _field_names(data), "questions": questions}
    shaped = data.kept[0].get("shaped", {})
    if custom := {name: path.name for name, path in intake.custom.items() if name in shaped}:
        task["custom"] = custom
    if chat := [name for name in shaped if name not in custom]:
        task["chat"] = chat
    try:
        name = intake.name or _slug(intake.folder.resolve().name)
        found = {"name": name, "objective": intake.objective, "task": task}
        return Config.model_validate({**found, **(_of_outputs(data) if intake.outputs else {})})
    except ValidationError as error:
        raise TwofoldError(f"the project: {describe(error)}") from None


def _of_outputs(data: Cleaned) -> dict[str, Any]:
    """Return settings under which people judge systems: nothing sways them, and no model picks what they read."""
    return {"annotation": {"suggestions": False, "batch_size": min(len(data.kept), 100_000)}}


def _field_names(data: Cleaned) -> list[str]:
    return list(data.kept[0]["fields"])


def _question(intake: Intake, data: Cleaned) -> dict[str, Any]:
    try:
        placed = intake.kind.placed(_field_names(data))
    except ValueError as error:
        raise TwofoldError(f"{intake.data}: {error}") from None
    question = {"kind": intake.kind.name, **placed, **intake.settings}
    if "field" in intake.kind.settings.model_fields:
        question.setdefault("field", next(iter(intake.columns.fields)))
    if not intake.kind.has_labels:
        return question
    labels = _labels(intake, data)
    fewest = intake.kind.fewest_labels
    if len(labels) < fewest:
        expected = f"expected at least {fewest} label{'s' * (fewest > 1)}"
        raise TwofoldError(f"{intake.data}: {expected}, came {len(labels)}; name them with --labels")
    return {**question, "labels": labels}


def _labels(intake: Intake, data: Cleaned) -> list[str]:
    """Return the labels as the file has them, or as they were named, which repair does not make another name."""
    if intake.labels is None:
        counts = count_labels(data, intake.kind, column=str(intake.columns.label))
        return one_per_twins(counts) if intake.join_labels else sorted(counts)
    named = [repaired_name(label) for label in intake.labels]
    return list({twin_key(label): label for label in reversed(named)}.values())[::-1] if intake.join_labels else named


def _slug(name: str) -> str:
    kept = "".join(c if c.isalnum() and c.isascii() else "-" for c in name.lower()).strip("-")
    return kept[:60] or "project"


def _test(intake: Intake, data: Cleaned, task: Task) -> Cleaned | None:
    if intake.test is None:
        return None
    if intake.answers_in is None:
        raise TwofoldError(f"--test {intake.test}: a test file needs labels, name their column with --label")
    test = _cleaned(intake, intake.test, intake.columns, labelled=True)
    _settle(intake, test, task, intake.answers_in)
    prefix = prefix_of_tests({row["record_id"] for row in data.kept})
    for row in [*test.kept, *test.rejected, *test.repaired]:
        row["record_id"] = prefix + row["record_id"]
    return test


def _gold(intake: Intake, data: Cleaned, task: Task) -> Cleaned | None:
    if intake.gold is None:
        return None
    names = column_names(intake.gold, replace(intake.reading, format=None))
    columns = gold_columns(intake.gold, names, intake.columns, intake.gold_label)
    gold = _cleaned(intake, intake.gold, columns, labelled=True)
    _settle(intake, gold, task, str(columns.label))
    known = {row["record_id"] for row in data.kept}
    gold.leave_out(lambda row: row["record_id"] not in known, "no record of the project has this id")
    if not gold.kept:
        hint = "" if intake.columns.record_id else "; without --id, a record's id is the number of its row"
        raise TwofoldError(f"{intake.gold}: none of its ids is in the project{hint}")
    return gold


def _guidelines(intake: Intake, task: Task) -> str:
    if intake.guidelines is None:
        return first_guidelines(task, intake.criteria)
    return read_guidelines(intake.guidelines)


def _make_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    temporary = folder.parent / f".{folder.name}.{uuid4().hex}.tmp"
    try:
        temporary.mkdir(parents=True)
        fill(temporary)
        if folder.exists():
            folder.rmdir()
        put_in_place(temporary, folder)
    except OSError as error:
        raise TwofoldError(f"{folder}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(folder: Path, config: Config, came: _Came, texts: Mapping[str, str], data_hash: str) -> None:
    value = config.task.kind.value()
    schema = records_schema(config.task.fields, value, config.task.shapes)
    write_table(folder / "records.parquet", _records(came.data, schema))
    write_table(folder / "rejected.parquet", table(came.rows("rejected"), _REJECTED))
    write_table(folder / "repaired.parquet", table(came.rows("repaired"), _REPAIRED))
    write_json(folder / "intake.json", came.summary())
    if came.test is not None:
        write_table(folder / "test.parquet", _records(came.test, schema))
    if came.gold is not None:
        write_table(folder / "gold.parquet", gold_table(came.gold, value))
    write_table(folder / "rounds" / "000" / "labels.parquet", _given(came.data, value))
    for name, text in texts.items():
        write_text(folder / name, text)
    write_text(folder / ".gitignore", ".cache/\n.lock\n*.tmp\n")
    write_config(folder / "twofold.toml", config)
    ledger.append(folder, "init", data=data_hash)


def _records(cleaned: Cleaned, schema: pa.Schema) -> pa.Table:
    return table(({name: row.get(name) for name in schema.names} for row in cleaned.kept), schema)


def _given(cleaned: Cleaned, value: pa.DataType) -> pa.Table:
    rows = (
        {
            "record_id": row["record_id"],
            "value": row.get("value"),
            "source": Method.NONE if row.get("value") is None else Method.GIVEN,
            "round": 0,
            "confidence": None,
        }
        for row in cleaned.kept
    )
    return table(rows, labels_schema(value))


_REJECTED = pa.schema(
    {
        "input": pa.string(),  # data, test or gold
        "source_row": pa.int64(),
        "record_id": pa.string(),
        "label": pa.string(),
        "reason": pa.string(),
    }
)
_REPAIRED = pa.schema(
    {
        "input": pa.string(),
        "record_id": pa.string(),
        "field": pa.string(),  # a text field, or label
        "before": pa.string(),
        "after": pa.string(),
    }
)
