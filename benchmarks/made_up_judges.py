"""Made-up judges: how often their votes may count, and how often a leaning is found, planted or not.

    python -m benchmarks.made_up_judges [--draws 100] [--pairs 400]

Two readers compare every pair; of two texts the longer is a little better, in truth. A judge follows what people like
as closely as a reader does (care 1), more closely or less; some lean to the first place or give something to length.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evaluation.judge import MeasuredJudge, measure_judge

WORDS = ("first", "second", "equal")
TIE, QUALITY, OF_LENGTH = 0.4, 2.0, 1.0  # how likely equals tie; how far texts differ; what a doubling is worth
JUDGES: Mapping[str, Mapping[str, Any]] = {
    "like a reader": {},
    "more careful (3)": {"care": 3.0},
    "less careful (.5)": {"care": 0.5},
    "by chance": {"care": 0.0},
    "likes the first (1 log odds)": {"side": 1.0},
    "the same, asked both ways": {"side": 1.0, "twice": True},
    "like a reader, asked both ways": {"twice": True},
    "likes length (1 log odds a doubling)": {"length": 1.0},
    "length alone": {"care": 0.0, "length": 4.0},
}


def votes(rng: np.random.Generator, ahead: Any) -> list[str]:
    chances = np.exp(np.column_stack([ahead / 2, -ahead / 2, np.full(len(ahead), np.log(TIE))]))
    upto = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
    return [WORDS[min(at, 2)] for at in (rng.random(len(ahead))[:, None] > upto).sum(axis=1).tolist()]


def judged(
    seed: int, pairs: int, *, care: float = 1.0, side: float = 0.0, length: float = 0.0, twice: bool = False
) -> MeasuredJudge:
    rng = np.random.default_rng(seed)
    lengths = 100 * np.exp(0.5 * rng.normal(size=(pairs, 2)))
    doublings = np.log2(lengths[:, 0] / lengths[:, 1])
    quality = QUALITY * rng.normal(size=pairs) + OF_LENGTH * doublings
    readers = [list(said) for said in zip(votes(rng, quality), votes(rng, quality), strict=True)]
    own = care * quality + length * doublings
    swapped = votes(rng, side - own) if twice else None
    return measure_judge(readers, votes(rng, own + side), swapped=swapped, lengths=lengths, resamples=400)


def row(name: str, found: list[MeasuredJudge]) -> dict[str, Any]:
    lengths = np.array([each.longer.numbers for each in found])
    return {
        "judge": name,
        "may count": np.mean([each.may_count for each in found]),
        "less agreement": np.mean([each.difference.numbers[0] for each in found]),
        "kappa": np.mean([each.kappa.numbers[0] for each in found]),
        "of readers": np.mean([each.readers_kappa.numbers[0] for each in found]),
        "side named": np.mean([each.prefers is not None for each in found]),
        "length named": np.mean((lengths[:, 1] > 0) | (lengths[:, 2] < 0)),
        "length": np.nanmean(lengths[:, 0]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=400)
    settings = parser.parse_args()
    draws = range(settings.draws)
    rows = [row(name, [judged(seed, settings.pairs, **how) for seed in draws]) for name, how in JUDGES.items()]
    print(pd.DataFrame(rows).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
