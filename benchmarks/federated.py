"""Three sites that train together, beside all their records in one place and each site alone (`trec`).

python -m benchmarks.federated [--seeds 2] [--records 1500] [--method head] [--rounds 10] [--budget 8] [--json FILE]

Even: every site has a third of the records. Skewed: who has how many of each label is drawn from a Dirichlet
distribution with alpha .3 (Hsu et al. 2019), so that sites know hardly anything of some labels. As many passes over
the records everywhere; the best epoch or round on the same validation part counts. Differences are paired over the
test part.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.private import questions
from benchmarks.result_file import kept
from benchmarks.right_by_seed import Right, difference, mean
from training import FitConfig, fit, predict
from training.federated.sites import federated

_SITES, _ALPHA, _VALIDATION = 3, 0.3, 200
POOLED = "pooled"


def parts(train: pd.DataFrame, seed: int, *, skewed: bool) -> list[pd.DataFrame]:
    """The records of every site; each has at least one."""
    random = np.random.default_rng(seed)
    site = random.integers(_SITES, size=len(train))
    if skewed:
        for label in sorted(train.label.unique()):
            rows = np.flatnonzero(train.label == label)
            site[rows] = random.choice(_SITES, size=len(rows), p=random.dirichlet([_ALPHA] * _SITES))
    site[:_SITES] = range(_SITES)
    return [train[site == each] for each in range(_SITES)]


def right(folder: Path) -> Right:
    test = questions("test")
    return test.label.to_numpy() == np.array(predict(folder, test, text_columns=["text"]).answers)


def by_fit(train: pd.DataFrame, validation: pd.DataFrame, config: FitConfig, epochs: int) -> Right:
    """One place; labels that only the validation part has are not known there, so those records are left out."""
    known, settings = validation[validation.label.isin(train.label)], {**config.__dict__, "epochs": epochs}
    with tempfile.TemporaryDirectory() as to:
        fit(train, known, text_columns=["text"], config=FitConfig(**settings), output_dir=Path(to))
        return right(Path(to))


def by_sites(each: Sequence[pd.DataFrame], validation: pd.DataFrame, config: FitConfig, rounds: int) -> Right:
    with tempfile.TemporaryDirectory() as at:
        files = [Path(at) / f"site{number}.csv" for number in range(len(each))]
        for file, part in zip(files, each, strict=True):
            part.to_csv(file, index=False)
        to = Path(at) / "model"
        federated(files, validation, text_columns=["text"], config=config, rounds=rounds, output_dir=to)
        return right(to)


def measured(seed: int, records: int, method: Any, rounds: int, budget: float | None) -> dict[str, Right]:
    """Which test records each way got right; of the sites alone one after the other."""
    drawn = questions("train").sample(frac=1, random_state=seed)
    validation, train = drawn[:_VALIDATION], drawn[_VALIDATION : _VALIDATION + records]
    config = FitConfig(method=method, seed=seed, patience=None, precision="fp32", device="cpu", threads=1)
    found = {POOLED: by_fit(train, validation, config, rounds)}
    for name, skewed in (("even", False), ("skewed", True)):
        each = parts(train, seed, skewed=skewed)
        alone = [by_fit(part, validation, config, rounds) for part in each if part.label.nunique() > 1]
        found[f"{name}: alone, mean of sites"] = np.mean(alone, axis=0)
        found[f"{name}: together"] = by_sites(each, validation, config, rounds)
        print(
            seed,
            name,
            [len(part) for part in each],
            {k: round(float(v.mean()), 3) for k, v in found.items()},
            flush=True,
        )
    if budget is not None:
        private = FitConfig(**{**config.__dict__, "privacy_epsilon": budget, "batch_size": 100, "max_grad_norm": 0.1})
        each = parts(train, seed, skewed=False)
        found[f"even: together, epsilon {budget:g} at each"] = by_sites(each, validation, private, rounds)
    return found


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--records", type=int, default=1500)
    parser.add_argument("--method", default="head")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--budget", type=float, help="of each site, in a run of its own; none unless given")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    began, result = time.perf_counter(), {}
    asked = options.records, options.method, options.rounds, options.budget
    runs = [measured(seed, *asked) for seed in range(options.seeds)]
    for way in runs[0]:
        each = [found[way] for found in runs]
        (value, ends), (more, apart) = mean(each), difference(each, [found[POOLED] for found in runs])
        print(
            f"{way:38} {value:.3f} [{ends[0]:.3f}, {ends[1]:.3f}]  {more:+.3f} [{apart[0]:+.3f}, {apart[1]:+.3f}]  "
            f"seeds {[round(float(one.mean()), 3) for one in each]}"
        )
        result[f"federated: {way}"] = {
            "value": round(value, 4),
            "interval": ends,
            "baseline": round(float(np.mean([found[POOLED] for found in runs])), 4),
            "goal": None,
            "met": None,
            "seeds": options.seeds,
            "seconds": round(time.perf_counter() - began, 1),
            "command": f"python -m benchmarks.federated --seeds {options.seeds} --records {options.records} "
            f"--rounds {options.rounds}",
        }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
