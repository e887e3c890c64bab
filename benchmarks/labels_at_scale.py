"""Labels judged at scale: seconds of processor time, memory, and how time grows, at 5,000 to 1,000,000 records.

    python -m benchmarks.labels_at_scale [--sizes 5000 30000 100000] [--json FILE]

384 numbers a record, 15 labels, a tenth of them wrong. The points are made, so that no data are needed: twelve
places for each label, around which they lie as embeddings do, far along a few axes and less along each next one. Each
size is a process of its own, so that the memory is its own; `seconds` are of all that is done, the graph of 100
neighbours included. AUPRC says whether what came out is of use.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.label_errors import auprc
from benchmarks.own_process import exponent, peak_gib, printed_by
from benchmarks.result_file import kept
from curation.quality import label_quality, nearest_neighbours

WIDTH, LABELS, PLACES, WRONG = 384, 15, 12, 0.1
# How far places lie apart beside what points differ by around them, and how much commoner the commonest label is.
_APART, _UNEQUAL = 0.5, 8.0
GOAL_SECONDS, GOAL_GIB = 15.0, 16.0


@dataclass(frozen=True, kw_only=True)
class Points:
    """Made-up embeddings with labels.

    Attributes:
        vectors: (n, 384) of unit length.
        given: (n,) labels, a tenth of them wrong.
        wrong: (n,) which.
    """

    vectors: npt.NDArray[np.float32]
    given: npt.NDArray[np.intp]
    wrong: npt.NDArray[np.bool_]


def points(n: int, *, seed: int) -> Points:
    """Make n points."""
    rng = np.random.default_rng(seed)
    shares = np.geomspace(_UNEQUAL, 1, LABELS)
    gold = rng.choice(LABELS, n, p=shares / shares.sum())
    spread = (1 / np.sqrt(np.arange(1, WIDTH + 1))).astype(np.float32)
    places = _APART * spread * rng.standard_normal((LABELS, PLACES, WIDTH), dtype=np.float32)
    vectors = rng.standard_normal((n, WIDTH), dtype=np.float32)
    vectors *= spread
    for start in range(0, n, 10_000):
        rows = slice(start, start + 10_000)
        vectors[rows] += places[gold[rows], rng.integers(PLACES, size=len(gold[rows]))]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    wrong = rng.random(n) < WRONG
    given = np.where(wrong, (gold + rng.integers(1, LABELS, n)) % LABELS, gold)
    return Points(vectors=vectors, given=given, wrong=wrong)


def judged(n: int) -> dict[str, float]:
    """Judge n labels in this process; return seconds, the most memory held in GiB, and how well wrong ones rank."""
    label_quality([0, 1] * 20, embeddings=points(40, seed=1).vectors)  # what is imported on first use
    made = points(n, seed=0)
    held, started = peak_gib(), time.process_time()
    graph = nearest_neighbours(made.vectors, k=100)
    between = time.process_time()
    found = label_quality(made.given, embeddings=made.vectors, neighbours=graph)
    ended = time.process_time()
    return {
        "seconds": ended - started,
        "graph": between - started,
        "views": ended - between,
        "GiB, points": held,
        "GiB": peak_gib(),
        "AUPRC": auprc(made.wrong, found.score),
    }


def goals(table: pd.DataFrame) -> dict[str, Any]:
    """Return what is asked for, as far as it was measured."""
    found = {}
    if 5_000 in table.index:
        found["5,000 labels, seconds"] = (float(table.seconds[5_000]), GOAL_SECONDS)
    if 1_000_000 in table.index:
        found["a million labels, GiB"] = (float(table.GiB[1_000_000]), GOAL_GIB)
    return {
        name: {"value": round(value, 2), "interval": None, "baseline": None, "goal": goal, "met": value <= goal}
        for name, (value, goal) in found.items()
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[5_000, 30_000, 100_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write the goals here")
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(judged(options.one)))
        return {}
    started = time.perf_counter()
    table = pd.DataFrame({n: printed_by("benchmarks.labels_at_scale", "--one", n) for n in options.sizes}).T
    print(table.round(2).to_string())
    if len(table) > 1:
        grows = {name: exponent(table[name]) for name in ("seconds", "graph", "views")}
        print("time grows with n to the power of", grows)
    seconds = round(time.perf_counter() - started, 1)
    command = f"python -m benchmarks.labels_at_scale --sizes {' '.join(map(str, options.sizes))}"
    found = {name: one | {"seeds": 1, "seconds": seconds, "command": command} for name, one in goals(table).items()}
    return kept(found, options.json)


if __name__ == "__main__":
    main()
