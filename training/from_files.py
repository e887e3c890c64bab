"""Tables and settings in files, as `python -m training` and the like are given them."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from training.config import FitConfig


def ended(work: Callable[[], Iterable[object]]) -> int:
    """Do some work and print what comes of it; what it cannot use is one line.

    Returns:
        The exit code: 0, or 2 for what cannot be used.
    """
    try:
        found = [*work()]
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(str(error).splitlines()[0], file=sys.stderr)  # noqa: T201
        return 2
    for each in found:
        print(each)  # noqa: T201
    return 0


def table_in(path: Path) -> Any:
    """Return the table in a file; words for nothing are texts and labels.

    Raises:
        ValueError: The name ends in none of `.csv`, `.jsonl` and `.parquet`.
        OSError: The file cannot be read.
    """
    import pandas as pd

    readers: dict[str, Callable[[Path], Any]] = {
        ".csv": lambda file: pd.read_csv(file, keep_default_na=False),
        ".jsonl": lambda file: pd.read_json(file, lines=True, dtype=False, convert_dates=False),
        ".parquet": pd.read_parquet,
    }
    if path.suffix not in readers:
        raise ValueError(f"{path}: expected a name that ends in {', '.join(readers)}")
    return readers[path.suffix](path)


def config_in(path: Path | None) -> FitConfig:
    """Return the settings in a TOML file with the fields of `FitConfig`, or the defaults where there is none.

    Raises:
        ValueError: A field is not known, or has a value that it cannot have.
    """
    if path is None:
        return FitConfig()
    with path.open("rb") as stream:
        given: dict[str, Any] = tomllib.load(stream)
    known = FitConfig.__dataclass_fields__
    if unknown := given.keys() - known.keys():
        raise ValueError(f"{path}: no setting {sorted(unknown)[0]!r}, there are {', '.join(known)}")
    return config_of(given)


def config_of(given: Mapping[str, Any]) -> FitConfig:
    """Return settings that were written down as JSON or TOML, which know lists alone."""
    settings: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in given.items()}
    return FitConfig(**settings)
