"""Every check on 10,000, 100,000 and 1,000,000 records: seconds, memory, and how time grows.

    python -m benchmarks.audit_at_scale [--sizes 10000 100000 1000000] [--json FILE]

Each size is a process of its own, so that the memory is its own; points and labels as in `benchmarks/cloud.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.cloud import cloud
from benchmarks.own_process import exponent, peak_gib, printed_by
from benchmarks.result_file import kept
from curation.quality import diversity, label_quality, near_duplicates, nearest_neighbours, outliers, regions

K = 10
"""Neighbours of each record."""
GOAL_GIB = 16.0


def audited(n: int) -> dict[str, float]:
    """Run the checks one after the other; return the seconds of each, and the most memory held, in GiB."""
    points, seconds = cloud(Path(os.environ["TWOFOLD_DATA"]), n, seed=0), {}

    def timed(name: str, check: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        found = check()
        seconds[name] = time.perf_counter() - started
        print(f"{n:>9} {name}: {seconds[name]:.1f} s, at most {peak_gib():.2f} GiB", file=sys.stderr, flush=True)
        return found

    made = peak_gib()
    graph = timed("graph", lambda: nearest_neighbours(points.vectors, k=K))
    timed("copies", lambda: near_duplicates(embeddings=points.vectors))
    timed("outliers", lambda: outliers(points.vectors, k=K, neighbours=graph))
    timed("diversity", lambda: diversity(points.vectors, points.labels))
    timed("regions", lambda: regions(points.vectors))
    timed("label quality", lambda: label_quality(points.labels, embeddings=points.vectors, neighbours=graph))
    return {**seconds, "all": sum(seconds.values()), "GiB, points": made, "GiB": peak_gib()}


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--one", type=int, help="audit so many records in this process, and print JSON")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(audited(options.one)))
        return {}
    started = time.perf_counter()
    table = pd.DataFrame({n: printed_by("benchmarks.audit_at_scale", "--one", n) for n in options.sizes}).T
    print(table.round(2).to_string())
    slopes = {name: exponent(column) for name, column in table.items() if not str(name).startswith("GiB")}
    print("time grows with n to the power of", slopes)
    largest = float(table["GiB"].max())
    result = {
        "memory": {
            "value": round(largest, 2),
            "interval": None,
            "baseline": None,
            "goal": GOAL_GIB,
            "met": largest <= GOAL_GIB,
            "records": max(options.sizes),
            "minutes": round(float(table["all"].max()) / 60, 1),
            "exponents": slopes,
            "seeds": 1,
            "seconds": round(time.perf_counter() - started, 1),
            "command": "python -m benchmarks.audit_at_scale",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
