"""Bringing a project of an older format to this one, after a copy of all that changes.

Format 1 knew one kind of answer: `task` held its labels, and tables called an answer `label`. Since format 2 a task has
questions of a kind each, and an answer is a `value` of that kind's type. Snapshots of votes stay as they were pulled,
and the records as they came in: their hash tells the project's data sets in Argilla from others.

The copy is whole before anything changes, and the format's number is written last: a migration that was cut short is
done again, from the copy.
"""

from __future__ import annotations

import logging
import shutil
import tomllib
from collections.abc import Iterator
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
    config = folder / "twofold.toml"
    if not is_of_format_1(folder):
        return
    try:
        _copy(folder)
    except OSError as error:
        raise TwofoldError(f"{folder}: cannot be brought to format 2 ({error.strerror or error})") from error
    for old in _tables(folder / COPY):
        _rewrite_table(old, folder / old.relative_to(folder / COPY))
    for old in sorted((folder / COPY).glob("rounds/*/asked.json")):
        asked = {**read_json(old), "settings": {"kind": "single_label"}}
        write_json(folder / old.relative_to(folder / COPY), asked)
    ledger.append(folder, "migrate", format=2, copy=COPY)
    write_text(config, _config_text((folder / COPY / "twofold.toml").read_text(encoding="utf-8")))
    _log.warning("twofold: %s was brought to format 2; what changed is kept as it was in %s", folder, folder / COPY)


def is_of_format_1(folder: Path) -> bool:
    """Whether a project's configuration is of the first format."""
    try:
        raw = tomllib.loads((folder / "twofold.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False  # whoever reads it next says what is wrong
    task = raw.get("task")
    return raw.get("format", 1) == 1 and isinstance(task, dict) and "questions" not in task


def _copy(folder: Path) -> None:
    """Copy the files that will change, unless they were; models and votes stay where they are."""
    if (folder / COPY).exists():
        return
    temporary = folder / f"{COPY}.{uuid4().hex}.tmp"
    try:
        for path in (folder / "twofold.toml", *folder.glob("rounds/*/asked.json"), *_tables(folder)):
            to = temporary / path.relative_to(folder)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)
        put_in_place(temporary, folder / COPY)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _tables(folder: Path) -> Iterator[Path]:
    yield from (path for name in _TOP if (path := folder / name).exists())
    yield from (path for name in _TABLES for path in sorted(folder.glob(f"rounds/*/{name}")))


def _rewrite_table(old: Path, new: Path) -> None:
    found = read_table(old)
    found = found.rename_columns({"label": "value"} if "label" in found.column_names else {})
    write_table(new, found.select(["record_id", "value", "confidence"]) if old.name == "consensus.parquet" else found)


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
