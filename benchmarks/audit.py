"""S2: what Datalab finds in 100,000 points, with a graph of our own and with Datalab's.

    python -m benchmarks.audit [--n 100000] [--seeds 1] [--json FILE]

The checks are Datalab's in both columns, so the flags can be compared one by one. At its defaults it makes two exact
searches, one for the graph and one to guess labels from neighbours; here both are read off `nearest_neighbours`.

Guesses from ten neighbours tie by the hundred, and which of those that tie are flagged hangs on their last digits: the
row "label, rounded" compares Datalab's flags with Datalab's flags after the same guesses were rounded to six digits.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from cleanlab import Datalab

from benchmarks.cloud import Cloud, cloud
from benchmarks.result_file import kept
from curation.quality import NearestNeighbours, nearest_neighbours

K = 10
"""Neighbours; Datalab's default."""
GOAL_RATIO, GOAL_SAME = 10.0, 0.99
SAMPLE = 2_000
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Datalab's table of issues, and the seconds it took."""

    issues: pd.DataFrame
    seconds: float


def theirs(points: Cloud) -> Audit:
    lab, started = Datalab({"label": points.labels}, label_name="label", verbosity=0), time.perf_counter()
    lab.find_issues(features=points.vectors)
    return Audit(issues=lab.get_issues(), seconds=time.perf_counter() - started)


def ours(points: Cloud) -> Audit:
    lab, started = Datalab({"label": points.labels}, label_name="label", verbosity=0), time.perf_counter()
    graph = nearest_neighbours(points.vectors, k=K)
    lab.find_issues(knn_graph=_sparse(graph), pred_probs=votes(graph, points.labels))
    return Audit(issues=lab.get_issues(), seconds=time.perf_counter() - started)


def by_last_digits(points: Cloud) -> dict[str, float]:
    """Compare label flags of the same guesses, as they come and rounded."""
    guesses, flags = votes(nearest_neighbours(points.vectors, k=K), points.labels), []
    for pred_probs in (guesses, guesses.round(6)):
        lab = Datalab({"label": points.labels}, label_name="label", verbosity=0)
        lab.find_issues(pred_probs=pred_probs, issue_types={"label": {}})
        flags.append(lab.get_issues()["is_label_issue"].to_numpy(bool))
    return overlap(*flags)


def _sparse(graph: NearestNeighbours) -> sp.csr_matrix:
    n, k = graph.index.shape
    distance = np.maximum(0, 1 - graph.similarity).ravel()
    return sp.csr_matrix((distance, graph.index.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))


def votes(graph: NearestNeighbours, labels: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Guess labels as Datalab does, to the last digit: most of them tie, and it breaks ties by rounding errors."""
    own = np.eye(labels.max() + 1)[labels]
    votes = np.stack([(labels[graph.index] == label).sum(axis=1) for label in range(own.shape[1])], axis=1)
    return np.asarray(((votes + own) / (K + 1) - 1 / (K + 1) * own) * (K + 1) / K)


def recall(points: Cloud) -> float:
    """Share of the ten nearest that the graph holds, on a sample."""
    probe = np.random.default_rng(0).choice(len(points.vectors), SAMPLE, replace=False)
    found = nearest_neighbours(points.vectors, k=K).index[probe]
    exact = nearest_neighbours(points.vectors[probe], k=K + 1, reference=points.vectors).index
    right = [len(set(found[i]) & set(row[row != probe[i]][:K])) for i, row in enumerate(exact)]
    return sum(right) / (SAMPLE * K)


def shared(found: Audit, wanted: Audit) -> dict[str, dict[str, float]]:
    """Compare flags per kind of issue."""
    kinds = [name for name in wanted.issues if name.startswith("is_") and name in found.issues]
    table = {}
    for kind in kinds:
        pair = wanted.issues[kind].to_numpy(bool), found.issues[kind].to_numpy(bool)
        table[kind.removeprefix("is_").removesuffix("_issue")] = overlap(*pair)
    return table


def overlap(theirs: Flags, ours: Flags) -> dict[str, float]:
    """Count flags, and the share of theirs that are ours too."""
    both, n = int((theirs & ours).sum()), int(theirs.sum())
    return {"theirs": n, "ours": int(ours.sum()), "both": both, "share of theirs": both / n if n else 1.0}


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    warnings.filterwarnings("ignore")
    data, started = Path(os.environ["TWOFOLD_DATA"]), time.perf_counter()
    ratios, overlaps = [], []
    for seed in range(options.seeds):
        points = cloud(data, options.n, seed=seed)
        found, wanted = ours(points), theirs(points)
        ratios.append(wanted.seconds / found.seconds)
        print(f"{options.n} x {points.vectors.shape[1]}, seed {seed}: Datalab {wanted.seconds:.1f} s, with our graph")
        print(f"{found.seconds:.1f} s, {ratios[-1]:.1f} times as fast; neighbours found {recall(points):.4f}")
        table = shared(found, wanted)
        print(pd.DataFrame({**table, "label, rounded": by_last_digits(points)}).T.to_string())
        overlaps.append(sum(row["both"] for row in table.values()) / sum(row["theirs"] for row in table.values()))
        print(f"of Datalab's flags {overlaps[-1]:.4f} are ours too")
    result = {
        "S2": {
            "value": round(float(np.median(ratios)), 2),
            "interval": [round(min(ratios), 2), round(max(ratios), 2)],
            "same_flags": round(min(overlaps), 4),
            "baseline": 1,
            "goal": GOAL_RATIO,
            "met": float(np.median(ratios)) >= GOAL_RATIO and min(overlaps) >= GOAL_SAME,
            "seeds": options.seeds,
            "seconds": round(time.perf_counter() - started, 1),
            "command": f"python -m benchmarks.audit --n {options.n} --seeds {options.seeds}",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
