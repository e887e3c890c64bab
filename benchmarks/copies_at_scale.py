"""S3: near copies among given embeddings, beside semhash 0.5, from 10,000 points to 1,000,000.

    python -m benchmarks.copies_at_scale [--sizes 10000 100000 1000000] [--peer-up-to 100000] [--seeds 5] [--json FILE]

Both get the same points and the same threshold. Recall is of pairs, against brute force for a sample of the points;
semhash keeps a hundred neighbours of each, so its pairs are taken from what it says of each record that it drops.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.cloud import Vectors, cloud
from benchmarks.own_process import exponent, peak_gib
from benchmarks.result_file import kept
from curation.quality import near_duplicates

THRESHOLD = 0.95
SAMPLE = 5_000
GOAL_RATIO, GOAL_RECALL, GOAL_EXPONENT = 1.5, 0.99, 1.05


@dataclass(frozen=True, kw_only=True)
class Row:
    """One size, one draw: seconds and copies of both, recall of pairs, and the most memory held so far."""

    size: int
    seconds: float
    copies: int
    recall: float
    semhash: float | None
    semhash_copies: int | None
    peak_gib: float


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one of them finds, and how long it takes.

    Attributes:
        dropped: (n,) true for records that are a copy of one that stays.
        pairs: (m, 2), where they are told.
        seconds: of the search, embeddings at hand.
    """

    dropped: npt.NDArray[np.bool_]
    pairs: npt.NDArray[np.intp] | None
    seconds: float


def ours(points: Vectors) -> Found:
    started = time.perf_counter()
    found = near_duplicates(embeddings=points, threshold=THRESHOLD)
    return Found(dropped=~found.kept, pairs=found.pairs, seconds=time.perf_counter() - started)


def theirs(points: Vectors) -> Found:
    from semhash import SemHash

    names = [str(i) for i in range(len(points))]
    started = time.perf_counter()
    index = SemHash.from_embeddings(points, records=names, model=_NoEncoder())
    kept = index.self_deduplicate(threshold=THRESHOLD).selected
    seconds = time.perf_counter() - started
    return Found(dropped=~np.isin(names, kept), pairs=None, seconds=seconds)


class _NoEncoder:
    """Stands where semhash wants an encoder; the points are there already."""

    def encode(self, *_: Any, **__: Any) -> Vectors:
        """Say that nobody should ask."""
        raise AssertionError("nothing is encoded here")


def recall(points: Vectors, pairs: npt.NDArray[np.intp]) -> float:
    """Share of the pairs of a sample of points, by brute force, that were found."""
    n, probe = len(points), np.random.default_rng(0).choice(len(points), min(SAMPLE, len(points)), replace=False)
    wanted = []
    for start in range(0, len(probe), 100):
        rows = probe[start : start + 100]
        first, second = np.nonzero(points[rows] @ points.T >= THRESHOLD)
        first = rows[first]
        wanted.append((np.minimum(first, second) * n + np.maximum(first, second))[first != second])
    keys = np.unique(np.concatenate(wanted))
    return float(np.isin(keys, pairs[:, 0] * n + pairs[:, 1]).mean()) if len(keys) else 1.0


def measured(points: Vectors, *, with_peer: bool) -> Row:
    found = ours(points)
    assert found.pairs is not None
    peer = theirs(points) if with_peer else None
    return Row(
        size=len(points),
        seconds=found.seconds,
        copies=int(found.dropped.sum()),
        recall=recall(points, found.pairs),
        semhash=peer.seconds if peer else None,
        semhash_copies=int(peer.dropped.sum()) if peer else None,
        peak_gib=peak_gib(),
    )


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--peer-up-to", type=int, default=100_000, help="the largest size given to semhash too")
    parser.add_argument("--seeds", type=int, default=5, help="draws of the points, for sizes that semhash gets too")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    data, started, rows = Path(os.environ["TWOFOLD_DATA"]), time.perf_counter(), []
    for n in options.sizes:
        shared = n <= options.peer_up_to
        for seed in range(options.seeds if shared else 1):
            rows.append(measured(cloud(data, n, seed=seed).vectors, with_peer=shared))
            print(rows[-1], flush=True)
    table = pd.DataFrame([asdict(row) for row in rows])
    table["times as fast"] = table.semhash / table.seconds
    print(table.groupby("size").mean().round(4).to_string())
    slope = exponent(table.groupby("size").seconds.median())
    print(f"time grows with n^{slope:.2f}")
    ratios = [ratio for ratio in table["times as fast"] if ratio == ratio]
    result = {
        "S3": {
            "value": round(min(table.groupby("size")["times as fast"].median().dropna()), 2),
            "interval": [round(min(ratios), 2), round(max(ratios), 2)],
            "recall": round(float(table.recall.min()), 4),
            "exponent": slope,
            "baseline": 1,
            "goal": GOAL_RATIO,
            "met": min(ratios) >= GOAL_RATIO and table.recall.min() >= GOAL_RECALL and slope <= GOAL_EXPONENT,
            "seeds": options.seeds,
            "seconds": round(time.perf_counter() - started, 1),
            "command": "python -m benchmarks.copies_at_scale",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
