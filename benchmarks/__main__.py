"""`python -m benchmarks [GOAL ...]`: run the measurements, print their tables, and gather `benchmarks/results.json`."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

RESULTS = Path(__file__).with_name("results.json")
GOALS = {
    "H1": ("label_errors", ["--goal", "H1"]),
    "H2": ("closed_loop", []),
    "H3": ("label_errors", ["--goal", "H3"]),
    "H4": ("consensus", []),
    "H6": ("active_selection", []),
    "S1": ("push", []),
    "S2": ("audit", []),
    "S3": ("copies_at_scale", []),
    "memory": ("audit_at_scale", []),
    "S4": ("diversity", []),
    "S5": ("embedding", []),
    "S7": ("search_at_scale", []),
    "S8": ("start", []),
    "people": ("people_at_once", []),
    "kills": ("killed_under_load", []),
    "check": ("check_time", []),
    "copies": ("duplicates", []),
    "outliers": ("out_of_scope", []),
    "pull": ("pull", []),
    "loop": ("loop_on_real_data", []),
}


def main() -> None:
    """Run the goals named on the command line (`H1,S4` or `H1 S4`), all of them by default."""
    asked = [name for argument in sys.argv[1:] for name in argument.split(",")] or list(GOALS)
    unknown = [name for name in asked if name not in GOALS]
    if unknown:
        sys.exit(f"no benchmark {unknown[0]!r}; there are {', '.join(GOALS)}")
    for name in asked:
        module, arguments = GOALS[name]
        found = importlib.import_module(f"benchmarks.{module}").main(arguments) or {}
        known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        RESULTS.write_text(json.dumps({**known, **found}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
