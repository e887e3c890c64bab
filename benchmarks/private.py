"""What privacy costs: accuracy against the budget, questions by what they ask for (`trec`), the packaged model.

python -m benchmarks.private [--seeds 2] [--methods head lora] [--budgets 8 3 1] [--records 2000] [--json FILE]

A model that is not private learns at the same settings (batch, epochs, rates, clip), so that what differs is the noise
and the batches by chance. Each seed draws its own training and validation part; the test part is that of the data. The
interval of a difference is a paired bootstrap over test records.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.result_file import kept
from benchmarks.right_by_seed import Right, difference, mean
from training import FitConfig, fit, predict

# A clip of .1 as in Li et al. 2022; batches as large as some ten steps in an epoch allow.
SETTINGS: dict[str, dict[str, Any]] = {
    "head": {"epochs": 10, "batch_size": 250, "max_grad_norm": 0.1},
    "lora": {"epochs": 5, "batch_size": 250, "max_grad_norm": 0.1},
}
_VALIDATION = 300


def questions(part: str) -> pd.DataFrame:
    return pd.read_csv(Path(os.environ["TWOFOLD_DATA"]) / "trec" / f"{part}.csv")[["text", "label"]]


def run(method: str, budget: float | None, seed: int, records: int) -> tuple[Right, float | None]:
    """Which test records a run got right, and what it spent."""
    drawn, test = questions("train").sample(frac=1, random_state=seed), questions("test")
    config = FitConfig(
        method=method,  # type: ignore[arg-type]
        privacy_epsilon=budget,
        seed=seed,
        patience=None,
        precision="fp32",
        device="cpu",
        threads=1,
        **SETTINGS[method],
    )
    train, validation = drawn[_VALIDATION : _VALIDATION + records], drawn[:_VALIDATION]
    with tempfile.TemporaryDirectory() as folder:
        found = fit(train, validation, text_columns=["text"], config=config, output_dir=Path(folder))
        said = predict(Path(folder), test, text_columns=["text"]).answers
    return test.label.to_numpy() == np.array(said), found.privacy and found.privacy.epsilon


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--methods", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--budgets", nargs="+", type=float, default=[8.0, 3.0, 1.0])
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    result: dict[str, Any] = {}
    for method in options.methods:
        plain: list[Right] = []
        for budget in (None, *options.budgets):
            began, runs = time.process_time(), [run(method, budget, s, options.records) for s in range(options.seeds)]
            right = [each for each, _ in runs]
            plain = plain or right
            (value, ends), (less, apart) = mean(right), difference(right, plain)
            spent = max(each or 0 for _, each in runs)
            told = f"epsilon {spent:.2f} spent" if budget else "not private"
            seconds = (time.process_time() - began) / options.seeds
            print(
                f"{method:5} {budget or 'none':>5} {value:.3f} [{ends[0]:.3f}, {ends[1]:.3f}]  {less:+.3f} "
                f"[{apart[0]:+.3f}, {apart[1]:+.3f}]  {told}; seeds {[round(float(r.mean()), 3) for r in right]}, "
                f"{seconds:.0f} s of processor time a run",
                flush=True,
            )
            result[f"private: {method}, epsilon {budget or 'none'}"] = {
                "value": round(value, 4),
                "interval": ends,
                "baseline": round(float(np.mean(plain)), 4),
                "goal": None,
                "met": None,
                "seeds": options.seeds,
                "seconds": round(seconds, 1),
                "command": f"python -m benchmarks.private --seeds {options.seeds} --records {options.records}",
            }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
