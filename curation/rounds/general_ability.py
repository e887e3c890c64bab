"""What a model is worth on a file that has nothing to do with the project: general texts, or pairs of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.errors import TwofoldError
from curation.project.step import Tick
from curation.sources.readers import column_names, read_rows
from curation.sources.repair import is_visible
from curation.sources.rows import Reading, Row
from curation.sources.values import as_text

if TYPE_CHECKING:
    from evaluation.forgetting import Forgetting

TEXT, FIRST, SECOND, SCORE = "text", "first", "second", "score"


@dataclass(frozen=True, kw_only=True)
class General:
    """A file of general texts or pairs, and what it holds as `training.forgetting.forgotten` takes it."""

    file: Path
    columns: Mapping[str, Any]


def read_general(file: Path) -> General:
    """Read a file of general texts, a column `text`, or of pairs: the columns `first`, `second` and `score`.

    Raises:
        TwofoldError: There is no such file or column, or a cell says something else than it should.
    """
    reading = Reading()
    names = column_names(file, reading)
    if TEXT in names:
        return General(file=file, columns={"texts": [_text(file, row, TEXT) for row in read_rows(file, reading)]})
    if not {FIRST, SECOND, SCORE} <= {*names}:
        wanted = f"expected a column {TEXT!r}, or the columns {FIRST!r}, {SECOND!r} and {SCORE!r}"
        raise TwofoldError(f"{file}: {wanted}, came {', '.join(map(repr, names)) or 'none'}")
    rows = [*read_rows(file, reading)]
    sides = [[_text(file, row, name) for row in rows] for name in (FIRST, SECOND)]
    return General(file=file, columns={"pairs": sides, "scores": [_score(file, row) for row in rows]})


def general_ability(general: General, before: Path, after: Path, *, seed: int, tick: Tick) -> Forgetting:
    """Hold two models against each other on such a file: perplexity of its texts, or how alike they find its pairs.

    Args:
        general: As `read_general` reads it.
        before: The model that was there before, a folder.
        after: The other one.
        seed: Of the bootstrap.
        tick: How far it is.

    Raises:
        TwofoldError: There are too few rows, or the models cannot be held against each other on them.
    """
    from training.forgetting import forgotten

    try:
        return forgotten(before, after, **general.columns, seed=seed, progress=tick)
    except ValueError as error:  # of `training`, which knows no file
        raise TwofoldError(f"{general.file}: {error}") from error


def _text(file: Path, row: Row, name: str) -> str:
    try:
        found = as_text(row.cells.get(name))
    except ValueError as error:
        raise TwofoldError(f"{file}: row {row.number}: column {name!r}: {error}") from None
    if not is_visible(found):
        raise TwofoldError(f"{file}: row {row.number}: column {name!r}: expected a text, came nothing")
    return found


def _score(file: Path, row: Row) -> float:
    cell = row.cells.get(SCORE)
    try:
        return float(as_text(cell))
    except ValueError:
        raise TwofoldError(f"{file}: row {row.number}: column {SCORE!r}: expected a number, came {cell!r}") from None
