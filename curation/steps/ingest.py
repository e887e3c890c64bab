"""Raw file -> records: the project folder, and round 0, which holds what came in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

import pyarrow as pa

from curation import ledger
from curation.artifacts import content_hash, write_json, write_table, write_text
from curation.config import Config, write_config
from curation.errors import TwofoldError
from curation.goldcheck import read_gold
from curation.project import Project
from curation.records import LABELS, records_schema, table
from curation.sources.cleaning import Cleaned, Columns, check_labels, clean
from curation.sources.readers import read_rows
from curation.task import Task


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What `twofold init` was asked for.

    Attributes:
        folder: Where the project is to be; must not hold one.
        data: The file.
        columns: Which of its columns is what.
        labels: The possible answers; None takes the labels that stand in the file.
        test: A file with the same columns, set aside for testing only.
        gold: Gold labels by id, which only the report reads.
        guidelines: What annotators read; None writes a page to start from.
    """

    folder: Path
    data: Path
    columns: Columns
    labels: Sequence[str] | None
    test: Path | None = None
    gold: Path | None = None
    guidelines: Path | None = None
    encoding: str = "utf-8"
    name: str | None = None


def ingest(intake: Intake) -> Project:
    """Read, clean and check everything, then make the project folder in one rename.

    Raises:
        TwofoldError: Anything is wrong with the input; nothing is left behind then.
    """
    if (intake.folder / "twofold.toml").exists():
        raise TwofoldError(f"{intake.folder}: there is a project here already")
    if intake.folder.exists() and (not intake.folder.is_dir() or any(intake.folder.iterdir())):
        raise TwofoldError(f"{intake.folder}: expected a new or an empty folder")
    cleaned = clean(read_rows(intake.data, encoding=intake.encoding), intake.columns, source=intake.data.name)
    if len(cleaned.kept) < 2:
        raise TwofoldError(f"{intake.data}: expected at least 2 records, found 1")
    config = _config(intake, cleaned)
    if intake.columns.label:
        check_labels(cleaned, config.task.labels, column=intake.columns.label)
    test = _test_records(intake, config)
    guidelines = _guidelines(intake, config.task)
    gold = _gold(intake, cleaned, config.task)
    _make_folder(intake.folder, lambda to: _write(to, config, cleaned, test, gold, guidelines))
    ledger.append(intake.folder, "init", data=content_hash(intake.data) if intake.data.is_file() else "")
    return Project(intake.folder)


def _config(intake: Intake, cleaned: Cleaned) -> Config:
    labels = intake.labels or sorted({row["label"] for row in cleaned.kept if row["label"] is not None})
    if len(labels) < 2:
        raise TwofoldError(f"{intake.data}: expected at least 2 labels, came {len(labels)}; name them with --labels")
    try:
        task = Task(fields=tuple(intake.columns.fields), labels=tuple(labels))
    except ValueError as error:
        raise TwofoldError(f"the task: {error}") from None
    return Config(name=intake.name or _slug(intake.folder.resolve().name), task=task)


def _slug(name: str) -> str:
    kept = "".join(c if c.isalnum() and c.isascii() else "-" for c in name.lower()).strip("-")
    return kept[:60] or "project"


def _test_records(intake: Intake, config: Config) -> Cleaned | None:
    if intake.test is None:
        return None
    if intake.columns.label is None:
        raise TwofoldError(f"--test {intake.test}: a test file needs labels, name their column with --label")
    rows = read_rows(intake.test, encoding=intake.encoding)
    cleaned = clean(rows, intake.columns, source=intake.test.name)
    for row in cleaned.kept:
        if row["label"] not in config.task.labels:
            raise TwofoldError(f"{intake.test}, row {row['source_row']}: label {row['label']!r} is not in the task")
        row["record_id"] = f"test/{row['record_id']}"
    return cleaned


def _gold(intake: Intake, cleaned: Cleaned, task: Task) -> pa.Table | None:
    if intake.gold is None:
        return None
    return read_gold(intake.gold, {row["record_id"] for row in cleaned.kept}, task.labels)


def _guidelines(intake: Intake, task: Task) -> str:
    if intake.guidelines is None:
        return _first_guidelines(task)
    try:
        return intake.guidelines.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TwofoldError(f"{intake.guidelines}: cannot be read as UTF-8 text ({error})") from None


def _first_guidelines(task: Task) -> str:
    template = files("curation.steps").joinpath("guidelines.md").read_text(encoding="utf-8")
    return template.replace("LABELS", "\n".join(f"- **{label}**: " for label in task.labels))


def _make_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    temporary = folder.parent / f".{folder.name}.{uuid4().hex}.tmp"
    try:
        temporary.mkdir(parents=True)
        fill(temporary)
        if folder.exists():
            folder.rmdir()
        os.replace(temporary, folder)  # noqa: PTH105
    except OSError as error:
        raise TwofoldError(f"{folder}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(
    folder: Path,
    config: Config,
    cleaned: Cleaned,
    test: Cleaned | None,
    gold: pa.Table | None,
    guidelines: str,
) -> None:
    schema = records_schema(config.task.fields)
    records = table(cleaned.kept, schema)
    write_table(folder / "records.parquet", records)
    write_table(folder / "rejected.parquet", pa.Table.from_pylist(cleaned.rejected, schema=_REJECTED))
    write_table(folder / "repaired.parquet", pa.Table.from_pylist(cleaned.repaired, schema=_REPAIRED))
    write_json(folder / "intake.json", cleaned.summary())
    if test is not None:
        write_table(folder / "test.parquet", table(test.kept, schema))
    if gold is not None:
        write_table(folder / "gold.parquet", gold)
    write_table(folder / "rounds" / "000" / "labels.parquet", _given(cleaned))
    write_text(folder / "guidelines.md", guidelines)
    write_text(folder / ".gitignore", ".cache/\n.lock\n*.tmp\n")
    write_config(folder / "twofold.toml", config)


def _given(cleaned: Cleaned) -> pa.Table:
    rows = (
        {
            "record_id": row["record_id"],
            "label": row["label"],
            "source": "none" if row["label"] is None else "given",
            "round": 0,
            "confidence": None,
        }
        for row in cleaned.kept
    )
    return table(rows, LABELS)


_REJECTED = pa.schema({"source_row": pa.int64(), "record_id": pa.string(), "reason": pa.string()})
_REPAIRED = pa.schema({"record_id": pa.string(), "field": pa.string(), "before": pa.string(), "after": pa.string()})
