"""What cleanlab's Datalab says of a data set as a whole, and ours of the same: how often it is there, how often found.

    python -m benchmarks.datalab_beside [--draws 10] [--json FILE]

1,500 questions of `trec`, drawn anew each time, their labels as they are: in random order; sorted by label; as two
batches, of which the second has twice the first one's share of the most frequent label; and with three in ten labels of
one region taken for another one. Ours of regions is the label check, its doubts compared by region.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.drawing import drawing
from benchmarks.label_errors import Labelled
from benchmarks.planted_errors import source
from benchmarks.result_file import kept
from curation.bias import noise_by_group, region_names
from curation.quality import label_quality
from curation.quality.cleanlab_baseline import datalab

Codes = npt.NDArray[np.intp]
RECORDS, FLIPPED = 1_500, 0.3


def at_random(of: Labelled, rng: np.random.Generator) -> Codes:
    return rng.choice(len(of.texts), RECORDS, replace=False)


def sorted_by_label(of: Labelled, rng: np.random.Generator) -> Codes:
    rows = at_random(of, rng)
    return rows[np.argsort(of.gold[rows], kind="stable")]


def two_batches(of: Labelled, rng: np.random.Generator) -> Codes:
    """The second half has its most frequent label twice as often as the first."""
    rows = at_random(of, rng)
    most = of.gold[rows] == np.bincount(of.gold[rows]).argmax()
    late = rng.random(RECORDS) < np.where(most, 2 / 3, 0.5 - (2 / 3 - 0.5) * most.mean() / (1 - most.mean()))
    return rows[np.argsort(late, kind="stable")]


def looked_at(of: Labelled, rows: Codes, given: Codes, seed: int) -> dict[str, float]:
    """Whether Datalab doubts the order, and names a group; whether ours names a region, and the seconds of both."""
    vectors, started = of.vectors[rows], time.process_time()
    theirs, between = datalab(given, embeddings=vectors, seed=seed), time.process_time()
    texts = [of.texts[i] for i in rows]
    doubted = label_quality(given, texts=texts, embeddings=vectors, seed=seed).is_issue
    regions = region_names(vectors, texts=texts, seed=seed)
    ours = noise_by_group(doubted, by={"region": regions})
    return {
        "order doubted": float(theirs.ordered),
        "group named": float(theirs.worst_group > 0),
        "its records": float(theirs.worst_group) or np.nan,
        "region named by ours": float(any(row.difference.value > 0 for row in ours.found)),
        "seconds, Datalab": between - started,
        "seconds, ours": time.process_time() - between,
    }


def flipped_in_a_region(of: Labelled, rows: Codes, rng: np.random.Generator, seed: int) -> Codes:
    """Labels of which three in ten of one region, not the smallest, are others."""
    given, k = of.gold[rows].copy(), len(of.names)
    regions = np.array(region_names(of.vectors[rows], texts=[of.texts[i] for i in rows], seed=seed))
    names, counts = np.unique(regions, return_counts=True)
    chosen = rng.choice(names[counts >= np.median(counts)])
    wrong = (regions == chosen) & (rng.random(len(rows)) < FLIPPED)
    return np.where(wrong, (given + rng.integers(1, k, len(rows))) % k, given)


CASES: Mapping[str, tuple[Callable[[Labelled, np.random.Generator], Codes], bool]] = {
    "in random order": (at_random, False),
    "sorted by label": (sorted_by_label, False),
    "two batches": (two_batches, False),
    "three in ten labels of a region flipped": (at_random, True),
}


def drawn(of: Labelled, name: str, seed: int) -> dict[str, float]:
    order, flip = CASES[name]
    rng = np.random.default_rng(seed)
    rows = order(of, rng)
    return looked_at(of, rows, flipped_in_a_region(of, rows, rng, seed) if flip else of.gold[rows], seed)


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    args = drawing(__doc__, arguments, draws=10)
    warnings.filterwarnings("ignore")
    of = source(Path(os.environ["TWOFOLD_DATA"]), "trec")
    results = {}
    for name in CASES:
        rows = [drawn(of, name, seed) for seed in range(args.draws)]
        mean = {what: float(np.nanmean([row[what] for row in rows] or [np.nan])) for what in rows[0]}
        print(f"  {name:40} " + "  ".join(f"{what} {value:.3g}" for what, value in mean.items()), flush=True)
        results[f"Datalab beside ours: {name}"] = {
            **{what: round(value, 4) for what, value in mean.items()},
            "draws": args.draws,
            "command": f"python -m benchmarks.datalab_beside --draws {args.draws}",
        }
    return kept(results, args.json)


if __name__ == "__main__":
    main()
