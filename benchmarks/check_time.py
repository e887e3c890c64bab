"""`twofold check` on 5,000 news texts: from nothing, with the embeddings in the cache, and again with other labels.

python -m benchmarks.check_time [--json FILE]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.result_file import kept

GOAL_COLD, GOAL_CACHED = 180.0, 20.0
TWOFOLD = [sys.executable, "-c", "from curation.cli import main; main()"]


def init(folder: Path, items: Path) -> None:
    """Make a project of the news texts and their labels."""
    columns = ["--text", "text", "--label", "label", "--labels-from-data"]
    subprocess.run([*TWOFOLD, "init", str(folder), "--data", str(items), *columns], check=True, capture_output=True)


def check_seconds(folder: Path) -> float:
    """Run `twofold check`, a process of its own, to its end."""
    started = time.perf_counter()
    subprocess.run([*TWOFOLD, "check", str(folder)], check=True, capture_output=True)
    return time.perf_counter() - started


def change_labels(folder: Path, n: int = 100) -> None:
    """Give the first records the labels of those after them, as a round of reviews might."""
    path = folder / "rounds" / "000" / "labels.parquet"
    before = pq.read_table(path)
    labels = before["value"].to_pylist()
    changed = pa.array([*labels[n : 2 * n], *labels[n:]], before.schema.field("value").type)
    pq.write_table(before.set_column(before.schema.get_field_index("value"), "value", changed), path)


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    items = Path(os.environ["TWOFOLD_DATA"]) / "news_noisy" / "items.csv"
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        for project in (first, second):
            init(project, items)
        cold = check_seconds(first)
        shutil.copytree(first / ".cache" / "embeddings", second / ".cache" / "embeddings", dirs_exist_ok=True)
        cached = check_seconds(second)
        change_labels(second)
        again = check_seconds(second)
    print(f"twofold check on 5,000 news texts: {cold:.0f} s from nothing (goal {GOAL_COLD:.0f}), ", end="")
    print(f"{cached:.1f} s with cached embeddings (goal {GOAL_CACHED:.0f}), ", end="")
    print(f"{again:.1f} s with other labels, {again / cached:.2f} of that; load before {load:.1f}")
    result = {
        "check": {
            "value": round(cold, 1),
            "interval": None,
            "baseline": None,
            "goal": GOAL_COLD,
            "met": cold < GOAL_COLD and cached < GOAL_CACHED,
            "cached": round(cached, 1),
            "other_labels": round(again, 1),
            "goal_cached": GOAL_CACHED,
            "load_before": round(load, 2),
            "seeds": 1,
            "seconds": round(cold + cached + again, 1),
            "command": "python -m benchmarks.check_time",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
