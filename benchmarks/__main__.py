"""`python -m benchmarks [GOAL ...]`: run the measurements, print their tables, and gather `benchmarks/results.json`.

The last table says of every goal measured so far whether it is met; `--table` prints that alone, and measures nothing.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.json")
GOALS = {
    "H1": ("label_errors", ["--goal", "H1"]),
    "H2": ("closed_loop", []),
    "H3": ("label_errors", ["--goal", "H3"]),
    "H4": ("consensus", ["--goal", "H4"]),
    "H5": ("consensus", ["--goal", "H5"]),
    "H6": ("active_selection", []),
    "H7": ("spans", []),
    "H8": ("texts", []),
    "H9": ("ratings", []),
    "H10": ("preferences", []),
    "R1": ("label_grid", []),
    "label parts": ("label_parts", []),
    "R2": ("label_errors", ["--goal", "R2"]),
    "R4": ("consensus", ["--goal", "R4", "--draws", "3"]),
    "H11": ("multi_label", []),
    "H11 consensus": ("several_labels", []),
    "H12": ("span_errors", []),
    "S1": ("push", []),
    "S2": ("audit", []),
    "S3": ("copies_at_scale", []),
    "memory": ("audit_at_scale", []),
    "labels": ("labels_at_scale", []),
    "S4": ("diversity", []),
    "S5": ("embedding", []),
    "S6": ("training_speed", []),
    "H14": ("few_labels", []),
    "H15": ("weak_slices", []),
    "drift": ("drift", []),
    "planted faults": ("planted_faults", []),
    "swaps": ("swaps", []),
    "peeking": ("peeking", []),
    "noisy training": ("noisy_training", []),
    "explanations": ("explanations", []),
    "private": ("private", []),
    "federated": ("federated", []),
    "forgetting": ("forgetting", []),
    "more tasks": ("more_tasks", []),
    "text to text": ("text_to_text", []),
    "learning curves": ("learning_curves", []),
    "compressed": ("compressed", []),
    "S7": ("search_at_scale", []),
    "S8": ("start", []),
    "S11": ("people_at_once", ["--people", "50", "--each", "100", "--goal", "S11"]),
    "S12": ("shell", []),
    "S13": ("sign_in_attack", []),
    "S14": ("votes_at_scale", []),
    "people": ("people_at_once", []),
    "kills": ("killed_under_load", []),
    "histories": ("histories", []),
    "rating errors": ("rating_errors", []),
    "text errors": ("text_errors", []),
    "planted bias": ("planted_bias", []),
    "bias mitigation": ("bias_mitigation", []),
    "evaluate": ("evaluate_at_scale", []),
    "ways of training": ("ways_of_training", []),
    "check": ("check_time", []),
    "copies": ("duplicates", []),
    "outliers": ("out_of_scope", []),
    "pull": ("pull", []),
    "loop": ("loop_on_real_data", []),
}


def main() -> None:
    """Run the goals named on the command line (`H1,S4` or `H1 S4`), all of them by default."""
    asked = [name for argument in sys.argv[1:] for name in argument.split(",")] or list(GOALS)
    unknown = [name for name in asked if name not in GOALS and name != "--table"]
    if unknown:
        sys.exit(f"no benchmark {unknown[0]!r}; there are {', '.join(GOALS)}")
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in asked if asked != ["--table"] else []:
        module, arguments = GOALS[name]
        known |= importlib.import_module(f"benchmarks.{module}").main(arguments) or {}
        RESULTS.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(table(known))


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return all results as a table in Markdown, a row for each goal, the missed ones too."""
    rows = ["| id | value | interval | baseline | goal | | seeds |", "|---|---|---|---|---|---|---|"]
    for name, found in sorted(results.items()):
        verdict = {True: "met", False: "**missed**", None: ""}[found["met"]]
        cells = [_shown(found.get(key)) for key in ("value", "interval", "baseline", "goal")]
        rows.append(f"| {' | '.join([name, *cells, verdict, _shown(found.get('seeds'))])} |")
    return "\n".join(rows)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_shown(end) for end in value)}]"
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
