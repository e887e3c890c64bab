"""Whether a learning curve foretells what more labels bring: fitted on n records, held against 2n and 4n.

python -m benchmarks.learning_curves [--draws 4] [--json FILE]

For each data set, n and draw: `training.learning_curve` sees n records by chance and no others. Then a linear head on
the same embeddings learns from them and as many more as make 2n or 4n, five times, and is asked about a quarter of the
records, drawn by chance, which the curve never saw; the score at n is that of other n records.

Printed: in how many of the draws in which the curve said that it could tell the 95% interval of the score, and that of
the gain, held what came; how far the expected gain was off on average over all draws, beside the gain of the last
doubling taken once more (2n) or twice (4n) and beside no gain at all; and in how many the curve could not tell.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.encoders import vectors_of
from benchmarks.result_file import kept
from evaluation.intervals import wilson_interval
from training.choosing.learning_curves import LearningCurve, learning_curve, linear_scores

SETS = {  # file, and numbers of records
    "trec": ("train", (100, 250, 1000)),
    "sst2": ("train", (100, 400, 1250)),
    "news_noisy": ("items", (100, 300, 900)),
    "banking77": ("train", (400, 1800)),
    "clinc150": ("train", (1000,)),
}
TIMES = (2, 4)
_MODELS = 5  # over which the score that came is averaged: what is foretold is the expected one


@dataclass(frozen=True, kw_only=True)
class Foretold:
    """What was said of one number of records, and what came."""

    score: tuple[float, float, float]
    gain: tuple[float, float, float]
    came: float
    gained: float
    naive: float
    sure: bool


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    data, began, found = Path(os.environ["TWOFOLD_DATA"]), time.perf_counter(), {}
    print(f"{'':24}{'score held':>11}{'gain held':>11}{'off by':>9}{'last':>8}{'none':>8}{'cannot tell':>13}")
    for name, (file, numbers) in SETS.items():
        features, labels = _read(data / name, file)
        for n in numbers:
            cells = [_foretold(features, labels, n, seed) for seed in range(options.draws)]
            for times in TIMES:
                found[f"{name} {n} to {times * n}"] = each = [cell[times] for cell in cells]
                print(f"{name + f' {n} to {times * n}':24}{_row(each)}", flush=True)
    every = [each for cells in found.values() for each in cells]
    print(f"{'all':24}{_row(every)}")
    return kept(_result(every, options.draws, time.perf_counter() - began), options.json)


def _read(folder: Path, file: str) -> tuple[np.ndarray, np.ndarray]:
    table = pd.read_csv(folder / f"{file}.csv", dtype=str)
    return vectors_of(f"{folder.name}_{file}", table.text.tolist()), np.unique(table.label, return_inverse=True)[1]


def _foretold(features: np.ndarray, labels: np.ndarray, n: int, seed: int) -> dict[int, Foretold]:
    rng = np.random.default_rng([seed, n])
    asked, known, pool = np.split(rng.permutation(len(labels)), [len(labels) // 4, len(labels) // 4 + n])
    curve = learning_curve(linear_scores(features[known], labels[known]), n, seed=seed)
    every = linear_scores(features, labels)

    def scored(rows: np.ndarray) -> float:
        return float(every(rows, asked).mean())

    now = float(np.mean([scored(rng.choice(pool, n, replace=False)) for _ in range(_MODELS)]))
    later = {
        times: float(np.mean([scored(_with(known, pool, times * n, rng)) for _ in range(_MODELS)])) for times in TIMES
    }
    return {times: _held(curve, n, times, now, later[times]) for times in TIMES}


def _with(known: np.ndarray, pool: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    return np.concatenate([known, rng.choice(pool, n - len(known), replace=False)])


def _held(curve: LearningCurve, n: int, times: int, now: float, came: float) -> Foretold:
    scores = {point.records: point.score.numbers[0] for point in curve.points}
    most = max(scores)
    half = min(scores, key=lambda size: abs(size - most / 2))
    doubling = (scores[most] - scores[half]) / np.log2(most / half)
    gain = curve.gain((times - 1) * n)
    return Foretold(
        score=curve.score_at(times * n).numbers,
        gain=gain.numbers,
        came=came,
        gained=came - now,
        naive=doubling * np.log2(times),
        sure=curve.tells((times - 1) * n),
    )


def _row(cells: Sequence[Foretold]) -> str:
    told = [each for each in cells if each.sure]
    held = [np.mean(each) if told else 0.0 for each in (_held_score(told), _held_gain(told))]
    off = [np.mean([abs(said(each) - each.gained) for each in cells]) for said in (_ours, lambda c: c.naive, _nothing)]
    shown = [
        *(f"{share:11.0%}" if told else f"{'-':>11}" for share in held),
        f"{off[0]:9.3f}{off[1]:8.3f}{off[2]:8.3f}",
    ]
    return "".join([*shown, f"{len(cells) - len(told):10} of {len(cells)}"])


def _held_score(cells: Sequence[Foretold]) -> list[bool]:
    return [low <= each.came <= high for each in cells for _, low, high in [each.score]]


def _held_gain(cells: Sequence[Foretold]) -> list[bool]:
    return [low <= each.gained <= high for each in cells for _, low, high in [each.gain]]


def _ours(cell: Foretold) -> float:
    return cell.gain[0]


def _nothing(cell: Foretold) -> float:
    return 0.0


def _result(cells: Sequence[Foretold], draws: int, seconds: float) -> dict[str, Any]:
    result, told = {}, [each for each in cells if each.sure]
    for what, held in (("score", _held_score(told)), ("gain", _held_gain(told))):
        share = wilson_interval(sum(held), len(held))
        result[f"learning curves: interval of the {what} holds"] = {
            "value": round(sum(held) / len(held), 4),
            "interval": [share.low, share.high],
            "baseline": None,
            "goal": 0.95,
            "met": bool(share.high is not None and share.high >= 0.95),
            "seeds": draws,
            "seconds": round(seconds, 1),
            "command": f"python -m benchmarks.learning_curves --draws {draws}",
        }
    return result


if __name__ == "__main__":
    main()
