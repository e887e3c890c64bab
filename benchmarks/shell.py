"""S12: processor time until `twofold --help`, `--version` and `twofold status` have answered.

python -m benchmarks.shell [--repeats 15] [--json FILE]

`status` looks at a small project whose Argilla is down; the processor time of the whole process counts, start of Python
and exit included, and is beside that of a Python that imports nothing and of one that imports pyarrow, which reads the
project's tables.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.result_file import kept
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest

GOAL = 0.3
TWOFOLD = [sys.executable, "-c", "from curation.cli import main; main()"]


def processor_seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Processor time, user and system, of one run of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, env=dict(environment), stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def small_project(folder: Path) -> Path:
    """A project of two hundred messages, labelled by somebody."""
    data = folder / "messages.csv"
    rows = (f"{i},Message {i} about a parcel.,{('question', 'complaint')[i % 2]}" for i in range(200))
    data.write_text("\n".join(["id,text,label", *rows]) + "\n", encoding="utf-8")
    columns = Columns(fields={"text": "text"}, label="label", record_id="id")
    return ingest(Intake(folder=folder / "shop", data=data, columns=columns, labels=None)).folder


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    started, load = time.perf_counter(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        project = small_project(Path(folder))
        environment = {**os.environ, "TWOFOLD_HOME": str(Path(folder) / "no-server")}
        commands = {
            "python": [sys.executable, "-c", "pass"],
            "import pyarrow": [sys.executable, "-c", "import pyarrow.parquet"],
            "--help": [*TWOFOLD, "--help"],
            "--version": [*TWOFOLD, "--version"],
            "status": [*TWOFOLD, "status", str(project)],
        }
        found: dict[str, list[float]] = {name: [] for name in commands}
        for repeat in range(options.repeats + 1):
            for name, command in commands.items():
                seconds = processor_seconds(command, environment)
                if repeat:  # in the first round files come into the memory
                    found[name].append(seconds)
    print(f"{options.repeats} repeats, load before {load:.1f}; seconds of processor time, median [least, most]")
    for name, seconds in found.items():
        print(f"{name:>14}  {np.median(seconds):.3f} [{min(seconds):.3f}, {max(seconds):.3f}]")
    medians = {name: float(np.median(seconds)) for name, seconds in found.items()}
    worst = max(medians[name] for name in ("--help", "--version", "status"))
    result = {
        "S12": {
            "value": round(worst, 3),
            "interval": None,
            "baseline": round(medians["import pyarrow"], 3),
            "goal": GOAL,
            "met": worst <= GOAL,
            "medians": {name: round(seconds, 3) for name, seconds in medians.items()},
            "load_before": round(load, 2),
            "seeds": options.repeats,
            "seconds": round(time.perf_counter() - started, 1),
            "command": f"python -m benchmarks.shell --repeats {options.repeats}",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
