"""Two models at work, looked at after every pair of outcomes: how often a difference is told, and how soon.

    python -m benchmarks.peeking [--draws 400] [--json FILE]

Streams of 5,000 pairs of right and wrong, of models that are right equally often, or one of them by so much oftener.
Beside the sequential test stands what people do without one: McNemar's exact test after every pair, told at the first p
below .05.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import binom

from benchmarks.drawing import drawing
from benchmarks.result_file import kept
from evaluation.intervals import wilson_interval
from evaluation.paired_slices import records_needed
from evaluation.sequential import sequential_compare

PAIRS, SHARE = 5_000, 0.8
DIFFERENCES = (0.0, 0.02, 0.05, 0.1)


def peeked(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether McNemar's exact test is ever below .05."""
    signs = second.astype(int) - first
    differ = signs[signs != 0]
    wins = np.cumsum(differ > 0)
    n = np.arange(1, len(differ) + 1)
    return bool((2 * binom.cdf(np.minimum(wins, n - wins), n, 0.5) < 0.05).any())


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    args = drawing(__doc__, arguments, draws=400)
    results = {}
    for difference in DIFFERENCES:
        rng = np.random.default_rng(0)
        told, soon, held, naive = 0, [], 0, 0
        for _ in range(args.draws):
            first, second = rng.random(PAIRS) < SHARE, rng.random(PAIRS) < SHARE + difference
            found = sequential_compare(first, second)
            told += found.is_shown
            soon += [found.first_shown] if found.first_shown else []
            _, low, high = found.difference.numbers
            held += low <= difference <= high
            naive += peeked(first, second)
        rates = [wilson_interval(hits, args.draws).in_words() for hits in (told, naive, held)]
        after = f"{np.median(soon):,.0f}" if soon else "none"
        apart = SHARE * (1 - SHARE - difference) + (1 - SHARE) * (SHARE + difference)
        fixed = records_needed(apart, difference) if difference else None
        print(
            f"  {difference:5} told {rates[0]}, median after {after} pairs (fixed beforehand: {fixed}); "
            f"McNemar at every pair {rates[1]}; interval at the end holds it {rates[2]}",
            flush=True,
        )
        results[f"peeking: {difference}"] = {"told": told, "naive": naive, "held": held, "draws": args.draws}
    return kept(results, args.json)


if __name__ == "__main__":
    main()
