"""A file as the columns that a model reads, and that of its labels where they are asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.errors import TwofoldError, suggest
from curation.prediction.chosen_model import ChosenModel
from curation.prediction.file_survey import survey, text_of
from curation.sources.readers import read_rows
from curation.sources.rows import Reading
from curation.sources.values import is_missing


def columns_of(
    path: Path, reading: Reading, model: ChosenModel, named: Sequence[str] = (), *, label: str | None = None
) -> dict[str, list[Any]]:
    """Return the texts of a file by what the model calls its columns, and under `label` its labels.

    Args:
        path: A file that `sources.readers` reads.
        reading: How text is to be read.
        model: The model.
        named: The columns of texts, in the order of the training; by default those of that name.
        label: The column of the labels; lists may be written as JSON.

    Raises:
        TwofoldError: As `survey`; or a label is missing.
    """
    found = survey(path, reading, model, named)
    if label is not None and label not in found.columns:
        raise TwofoldError(f"{path}: no column {label!r}{suggest(label, found.columns)}, named with --label")
    columns: dict[str, list[Any]] = {name: [] for name in (*found.texts, *([label] if label else []))}
    for row in read_rows(path, reading):
        for known, name in found.texts.items():
            columns[known].append(text_of(path, row, name, chats=False))
        if label is not None:
            cell = row.cells.get(label)
            if is_missing(cell):
                raise TwofoldError(f"{path}, row {row.number}, column {label!r}: expected a label, came nothing")
            columns[label].append(_unpacked(cell))
    return columns


def _unpacked(cell: Any) -> Any:
    """Return a label, or the list that a cell of text holds."""
    if isinstance(cell, str) and cell.startswith("["):
        try:
            found = json.loads(cell)
        except (ValueError, RecursionError):
            return cell
        return found if isinstance(found, list) else cell
    return cell if isinstance(cell, list) else str(cell)
