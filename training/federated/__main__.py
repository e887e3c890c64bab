"""`python -m training.federated`: sites that train together, each with a file of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from training.federated import federated
from training.from_files import config_in, ended, table_in


def main(arguments: Sequence[str] | None = None) -> int:
    """Train on files of several sites; see `federated`.

    Returns:
        The exit code: 0, or 2 for what cannot be used.
    """
    parser = argparse.ArgumentParser(prog="python -m training.federated", description=__doc__)
    parser.add_argument("--site", action="append", required=True, type=Path, help="csv, jsonl or parquet; one for each")
    parser.add_argument("--validation", type=Path, required=True, help="the same columns; its labels are all there are")
    parser.add_argument("--text", action="append", required=True, help="a column of texts; may be given twice")
    parser.add_argument("--label", default="label", help="the column of labels")
    parser.add_argument("--settings", type=Path, help="a TOML file with the fields of FitConfig")
    parser.add_argument("--rounds", type=int, default=10, help="how often weights are averaged")
    parser.add_argument("--to", type=Path, required=True, help="the folder of the model")
    options = parser.parse_args(arguments)
    return ended(lambda: _trained(options))


def _trained(options: argparse.Namespace) -> list[object]:
    """Return the result, and what each site is."""
    found = federated(
        options.site,
        table_in(options.validation),
        text_columns=options.text,
        label_column=options.label,
        config=config_in(options.settings),
        rounds=options.rounds,
        output_dir=options.to,
        progress=True,
    )
    return [found, *found.sites]


if __name__ == "__main__":
    sys.exit(main())
