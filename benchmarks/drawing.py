"""The command line of a measurement that draws readers or errors, several times."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def drawing(said: str | None, arguments: Sequence[str] | None, *, draws: int) -> argparse.Namespace:
    """Read `--draws`, `--cache` and `--json`; `said` is what the measurement says of itself."""
    parser = argparse.ArgumentParser(description=said, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=draws)
    parser.add_argument("--cache", type=Path, help="folder that keeps embeddings")
    parser.add_argument("--json", type=Path, help="write the results here")
    return parser.parse_args(arguments)
