"""Bringing a project of an older format to this one, after a copy of all that changes.

Format 1 knew one kind of answer: `task` held its labels, and tables called an answer `label`. Since format 2 a task has
questions of a kind each, and an answer is a `value` of that kind's type. Snapshots of votes stay as they were pulled,
and the records as they came in: their hash tells the project's data sets in Argilla from others.

The copy is whole before anything changes, and the format's number is written last: a migration that was cut short goes
on where it was. A project that was taken back to format 1, and used, is copied again as it is then.
"""

from __future__ import annotations

import logging
import shutil
import tomllib
from pathlib import Path
from typing import Any
from uuid import uuid4

from curation.errors import TwofoldError
from curation.project import ledger
from curation.project.artifacts import read_json, read_table, write_json, write_table, write_text
from training.whole_files import put_in_place

_log = logging.getLogger(__name__)
COPY = ".format-1"
_TABLES = ("labels.parquet", "decisions.parquet", "consensus.parquet")  # of a round
_TOP = ("test.parquet", "gold.parquet")


def migrate(folder: Path) -> None:
    """Bring a project of format 1 to format 2; one that was brought there meanwhile is left as it is.

    Raises:
        TwofoldError: There is no room for the copy, or the folder cannot be written.
    """
    if not is_of_format_1(folder):
        return
    config, tables, asked = folder / "twofold.toml", _tables(folder), sorted(folder.glob("rounds/*/asked.json"))
    try:
        if not any(map(_is_of_format_2, [*tables, *asked])):
            _copy(folder, [config, *tables, *asked])
    except OSError as error:
        raise TwofoldError(f"{folder}: cannot be brought to format 2 ({error.strerror or error})") from error
    for path in tables:
        _rewrite_table(path)
    for path in asked:
        write_json(path, {**read_json(path), "settings": {"kind": "single_label"}})
    ledger.append(folder, "migrate", format=2, copy=COPY)
    write_text(config, _config_text(config.read_text(encoding="utf-8")))
    _log.warning("twofold: %s was brought to format 2; what changed is kept as it was in %s", folder, folder / COPY)


def is_of_format_1(folder: Path) -> bool:
    """Whether a project's configuration is of the first format."""
    try:
        raw = tomllib.loads((folder / "twofold.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False  # whoever reads it next says what is wrong
    task = raw.get("task")
    return raw.get("format", 1) == 1 and isinstance(task, dict) and "questions" not in task


def _is_of_format_2(path: Path) -> bool:
    return "value" in read_table(path).column_names if path.suffix == ".parquet" else "settings" in read_json(path)


def _copy(folder: Path, changing: list[Path]) -> None:
    """Copy the files that will change; models and votes stay where they are."""
    temporary = folder / f"{COPY}.{uuid4().hex}.tmp"
    try:
        for path in changing:
            to = temporary / path.relative_to(folder)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)
        if (folder / COPY).exists():  # of a migration before, which somebody took back
            shutil.rmtree(folder / COPY)
        put_in_place(temporary, folder / COPY)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _tables(folder: Path) -> list[Path]:
    top = [path for name in _TOP if (path := folder / name).exists()]
    return [*top, *(path for name in _TABLES for path in sorted(folder.glob(f"rounds/*/{name}")))]


def _rewrite_table(path: Path) -> None:
    found = read_table(path)
    if "label" in found.column_names:
        found = found.rename_columns({"label": "value"})
        write_table(
            path, found.select(["record_id", "value", "confidence"]) if path.name == "consensus.parquet" else found
        )


def _config_text(text: str) -> str:
    """Return the configuration with its question in place, and all that people wrote around it."""
    import tomlkit  # rarely needed, and half the time that `status` takes

    document = tomlkit.parse(text)
    task: Any = document["task"]
    question = tomlkit.table()
    for key in ("kind", "labels"):
        if key in task:
            question.add(key, task.pop(key))
    question.add(tomlkit.nl())
    questions = tomlkit.table(is_super_table=True)
    questions.add(str(task.pop("question", "label")), question)
    task.add("questions", questions)
    document["format"] = 2
    return tomlkit.dumps(document)
