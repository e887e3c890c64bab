"""Predictions evaluated at scale: seconds of processor time and memory of `evaluate` with all intervals.

    python -m benchmarks.evaluate_at_scale [--sizes 10000 100000 1000000] [--labels 150] [--json FILE]

Predictions are made, so that no data are needed. Each size is a process of its own, so that the memory is its own; that
of the predictions is included (8 bytes for each probability).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.own_process import exponent, peak_gib, printed_by
from benchmarks.result_file import kept
from evaluation import CLASSIFICATION, evaluate

GOAL_SECONDS, GOAL_GIB = 60.0, 4.0


def one(n: int, k: int) -> dict[str, float]:
    """Evaluate n predictions of k labels, in this process."""
    rng = np.random.default_rng(0)
    labels, probs = rng.integers(k, size=n), rng.random((n, k))
    probs **= 8
    probs[np.arange(n), labels] += 0.3
    probs /= probs.sum(axis=1, keepdims=True)
    began = time.process_time()
    found = evaluate(labels, probs, label_names=[f"label {i}" for i in range(k)], metrics=CLASSIFICATION)
    seconds = time.process_time() - began
    return {"seconds": seconds, "gib": peak_gib(), "accuracy": found.accuracy.numbers[0]}


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--labels", type=int, default=150)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write the results here")
    args = parser.parse_args(arguments)
    if args.one:
        print(json.dumps(one(args.one, args.labels)))
        return {}
    module = "benchmarks.evaluate_at_scale"
    rows = {n: printed_by(module, "--one", n, "--labels", args.labels) for n in args.sizes}
    found = pd.DataFrame(rows).T
    print(found.round(2).to_string())
    largest = found.loc[max(args.sizes)]
    growth = exponent(found["seconds"]) if len(found) > 1 else None
    result = {
        "value": float(largest["seconds"]),
        "interval": None,
        "baseline": None,
        "goal": f"<= {GOAL_SECONDS:.0f} s, {GOAL_GIB:.0f} GiB",
        "met": bool(largest["seconds"] <= GOAL_SECONDS and largest["gib"] <= GOAL_GIB),
        "seeds": 1,
        "exponent": growth,
        "seconds": float(found["seconds"].sum()),
        "command": f"python -m {module} --labels {args.labels}",
    }
    return kept({"evaluate": result}, args.json)


if __name__ == "__main__":
    main()
