"""`python -m training`, and `accelerate launch -m training` on several devices or machines: one run from files."""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from training.config import FitConfig


def main(arguments: Sequence[str] | None = None) -> int:
    """Fine-tune on two files; see `training.fit`.

    Returns:
        The exit code: 0, or 2 for what cannot be used.
    """
    options = _parser().parse_args(arguments)
    from training.fitting import fit

    try:
        result = fit(
            _table(options.train),
            _table(options.validation),
            text_columns=options.text,
            label_column=options.label,
            earlier=None if options.earlier is None else _table(options.earlier),
            config=_config(options.settings),
            output_dir=options.to,
            progress=True,
        )
    except (ValueError, TypeError, OSError) as error:
        print(str(error).splitlines()[0], file=sys.stderr)  # noqa: T201
        return 2
    print(result)  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="csv, jsonl or parquet")
    parser.add_argument("--validation", type=Path, required=True, help="the same columns")
    parser.add_argument("--text", action="append", required=True, help="a column of texts; may be given twice")
    parser.add_argument("--label", default="label", help="the column of labels")
    parser.add_argument("--earlier", type=Path, help="records of the task before, where a setting asks for them")
    parser.add_argument("--settings", type=Path, help="a TOML file with the fields of FitConfig")
    parser.add_argument("--to", type=Path, required=True, help="the folder of the model")
    return parser


def _table(path: Path) -> Any:
    import pandas as pd

    readers: dict[str, Callable[[Path], Any]] = {
        ".csv": lambda file: pd.read_csv(file, keep_default_na=False),  # NA, None and null are texts and labels here
        ".jsonl": lambda file: pd.read_json(file, lines=True, dtype=False, convert_dates=False),
        ".parquet": pd.read_parquet,
    }
    if path.suffix not in readers:
        raise ValueError(f"{path}: expected a name that ends in {', '.join(readers)}")
    return readers[path.suffix](path)


def _config(path: Path | None) -> FitConfig:
    if path is None:
        return FitConfig()
    with path.open("rb") as stream:
        given: dict[str, Any] = tomllib.load(stream)
    known = FitConfig.__dataclass_fields__
    if unknown := given.keys() - known.keys():
        raise ValueError(f"{path}: no setting {sorted(unknown)[0]!r}, there are {', '.join(known)}")
    settings: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in given.items()}
    return FitConfig(**settings)


if __name__ == "__main__":
    sys.exit(main())
