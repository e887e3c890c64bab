"""S3: near copies among given embeddings, beside semhash 0.5, from 10,000 points to 1,000,000.

    python -m benchmarks.copies_at_scale [--sizes 10000 100000 1000000] [--peer-up-to 100000] [--json FILE]

Both get the same points and the same threshold. Recall is of pairs, against brute force for a sample of the points;
semhash keeps a hundred neighbours of each, so its pairs are taken from what it says of each record that it drops.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.cloud import Vectors, cloud
from benchmarks.result_file import kept
from curation.quality import near_duplicates

THRESHOLD = 0.95
SAMPLE = 5_000
GOAL_RATIO, GOAL_RECALL, GOAL_EXPONENT = 1.5, 0.99, 1.05


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


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--peer-up-to", type=int, default=100_000, help="the largest size given to semhash too")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    data, started = Path(os.environ["TWOFOLD_DATA"]), time.perf_counter()
    seconds, ratios, recalls = [], [], []
    for n in options.sizes:
        points = cloud(data, n, seed=0).vectors
        found = ours(points)
        assert found.pairs is not None
        seconds.append(found.seconds)
        recalls.append(recall(points, found.pairs))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{n:>9}: {found.seconds:8.2f} s, {found.dropped.sum()} copies, recall of pairs {recalls[-1]:.4f}", end=""
        )
        print(f", at most {peak:.1f} GiB so far", end="")
        if n <= options.peer_up_to:
            peer = theirs(points)
            ratios.append(peer.seconds / found.seconds)
            print(f"; semhash {peer.seconds:.2f} s, {peer.dropped.sum()} copies: {ratios[-1]:.1f} times", end="")
        print(flush=True)
    exponent = float(np.polyfit(np.log(options.sizes), np.log(seconds), 1)[0]) if len(seconds) > 1 else None
    print(f"time grows with n^{exponent:.2f}" if exponent is not None else "")
    met = min(ratios) >= GOAL_RATIO and min(recalls) >= GOAL_RECALL and (exponent or 0) <= GOAL_EXPONENT
    result = {
        "S3": {
            "value": round(min(ratios), 2),
            "interval": [round(min(ratios), 2), round(max(ratios), 2)],
            "recall": round(min(recalls), 4),
            "exponent": exponent,
            "baseline": 1,
            "goal": GOAL_RATIO,
            "met": met,
            "seeds": 1,
            "seconds": round(time.perf_counter() - started, 1),
            "command": "python -m benchmarks.copies_at_scale",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
