"""Systems compared by made-up readers: how often intervals hold the truth, and how often a leaning is found or made up.

    python -m benchmarks.judged_systems [--draws 200]

Two readers of four vote on every prompt. What is ahead wins by a logistic chance with ties; every prompt favours one
system or the other by an amount of its own, and some readers lean to the first place. The truth is what 20,000 prompts
say that no reader with a leaning has read.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluation.system_comparison import compare_systems
from evaluation.system_results import SystemComparison

SPREAD, TIE = 0.7, 0.4  # of what prompts favour, in log odds; how likely equals are called equal
TRUE = 20_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """A crowd: how far one system is ahead, what each of the readers leans to the first place, how many prompts."""

    ahead: float
    leans: tuple[float, ...]
    prompts: int

    def votes(self, seed: int) -> dict[str, list[Any]]:
        rng = np.random.default_rng(seed)
        worth = self.ahead + SPREAD * rng.normal(size=self.prompts)
        turned = rng.permutation(self.prompts) % 2 == 1
        readers = np.array([rng.choice(len(self.leans), 2, replace=False) for _ in range(self.prompts)]).reshape(-1)
        prompt = np.repeat(np.arange(self.prompts), 2)
        z = np.where(turned, -worth, worth)[prompt] + np.array(self.leans)[readers]
        chances = np.exp(np.column_stack([z / 2, -z / 2, np.full(len(z), np.log(TIE))]))
        upto = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
        drawn = (rng.random(len(z))[:, None] > upto).sum(axis=1)
        return {
            "first": np.where(turned[prompt], "other", "one").tolist(),
            "second": np.where(turned[prompt], "one", "other").tolist(),
            "winner": [("first", "second", "equal")[min(at, 2)] for at in drawn],
            "readers": [f"r{reader}" for reader in readers],
            "prompts": prompt.tolist(),
        }

    def compared(self, seed: int) -> SystemComparison:
        return compare_systems(**self.votes(seed))


FAIR, ONE, TWO = (0.0,) * 4, (0.0, 0.0, 0.0, 2.0), (0.0, 0.0, 6.0, 6.0)
CASES = [
    Case(ahead=ahead, leans=leans, prompts=prompts)
    for ahead in (0.0, 0.6, 1.5)
    for leans in (FAIR, ONE, TWO)
    for prompts in (20, 150)
]


def measured(case: Case, draws: int) -> dict[str, Any]:
    """Return what `compare_systems` says of a crowd, in the mean over draws."""
    fair = {f"r{at}" for at, lean in enumerate(case.leans) if not lean}
    truth = Case(ahead=case.ahead, leans=FAIR, prompts=TRUE).compared(10**6).between("one", "other").counted.value
    found = [case.compared(seed) for seed in range(draws)]
    pairs = [each.between("one", "other") for each in found]
    row: dict[str, Any] = {"ahead": case.ahead, "leaning": 4 - len(fair), "prompts": case.prompts, "true": truth}
    for name in ("counted", "win_rate"):
        shares = np.array([getattr(pair, name).numbers for pair in pairs])
        row |= {name: shares[:, 0].mean(), f"{name} held": ((shares[:, 1] <= truth) & (truth <= shares[:, 2])).mean()}
    readers = [(each.reader in fair, each.prefers) for one in found for each in one.readers]
    leaning = [prefers == "first" for is_fair, prefers in readers if not is_fair]
    return row | {
        "better": np.mean([pair.better == "one" for pair in pairs]),
        "other better": np.mean([pair.better == "other" for pair in pairs]),
        "leaning found": np.mean(leaning) if leaning else np.nan,
        "made up": np.mean([any(each.prefers for each in one.readers if each.reader in fair) for one in found]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    draws = parser.parse_args().draws
    rows = pd.DataFrame([measured(case, draws) for case in CASES])
    print(rows.round(3).to_string(index=False, na_rep=""))


if __name__ == "__main__":
    main()
