"""The files of a project, whole or not there; what is read and written is noted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import TwofoldError
from curation.project.reads import note_read, note_written
from training.whole_files import write_whole


def write_atomically(path: Path, write: Callable[[Path], None], *, mode: int = 0o644) -> None:
    """Let `write` fill a file of the project, which is there only when it is whole, and note it.

    Raises:
        TwofoldError: The folder cannot be written, or the disk is full.
    """
    note_written(path)
    try:
        write_whole(path, write, mode=mode)
    except OSError as error:
        raise TwofoldError(f"{path}: cannot be written ({error.strerror or error})") from error


def clear_leftovers(folder: Path) -> None:
    """Delete the temporary files of writers that were killed. Nobody may be writing in the folder."""
    for path in folder.rglob(f".*.{'[0-9a-f]' * 32}.tmp"):
        if not path.is_dir() or path.is_symlink():
            path.unlink()


def write_table(path: Path, table: pa.Table) -> None:
    """Write an Arrow table as Parquet."""
    write_atomically(path, lambda to: pq.write_table(table, to, compression="zstd"))


def write_json(path: Path, value: Any, *, mode: int = 0o644) -> None:
    """Write a value as indented, key-sorted JSON; NaN is refused."""
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"
    write_text(path, text, mode=mode)


def write_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write UTF-8 text."""
    write_atomically(path, lambda to: _put(to, text), mode=mode)


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a Parquet artifact, or some of its columns.

    Raises:
        TwofoldError: The file is not there or is not Parquet.
    """
    note_read(path)
    try:
        with pq.ParquetFile(path) as file:  # `pq.read_table` would import pandas
            return file.read(columns=columns)
    except FileNotFoundError:
        raise TwofoldError(f"{path}: not there yet") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise TwofoldError(f"{path}: expected a Parquet file, came something else ({error})") from error


def read_json(path: Path) -> Any:
    """Read a JSON artifact.

    Raises:
        TwofoldError: The file is not there or is not JSON.
    """
    note_read(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TwofoldError(f"{path}: not there yet") from None
    except (ValueError, RecursionError, OSError) as error:
        raise TwofoldError(f"{path}: expected JSON ({error})") from error
