"""`python -m training`, and `accelerate launch -m training` on several devices or machines: one run from files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from training.from_files import config_in, ended, table_in

if TYPE_CHECKING:
    from training.results import FitResult


def main(arguments: Sequence[str] | None = None) -> int:
    """Fine-tune on two files; see `training.fit`.

    Returns:
        The exit code: 0, or 2 for what cannot be used.
    """
    options = _parser().parse_args(arguments)
    return ended(lambda: [_fitted(options)])


def _fitted(options: argparse.Namespace) -> FitResult:
    from training.fitting import fit

    return fit(
        table_in(options.train),
        table_in(options.validation),
        text_columns=options.text,
        label_column=_columns(options.label),
        earlier=None if options.earlier is None else table_in(options.earlier),
        config=config_in(options.settings),
        output_dir=options.to,
        progress=True,
    )


def _columns(given: list[str] | None) -> str | list[str]:
    return given if given and len(given) > 1 else (given or ["label"])[0]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="csv, jsonl or parquet")
    parser.add_argument("--validation", type=Path, required=True, help="the same columns")
    parser.add_argument("--text", action="append", required=True, help="a column of texts; may be given twice")
    parser.add_argument("--label", action="append", help="the column of labels; several times for several questions")
    parser.add_argument("--earlier", type=Path, help="records of the task before, where a setting asks for them")
    parser.add_argument("--settings", type=Path, help="a TOML file with the fields of FitConfig")
    parser.add_argument("--to", type=Path, required=True, help="the folder of the model")
    return parser


if __name__ == "__main__":
    sys.exit(main())
