"""Losses for wrong labels, and soft labels: `news_noisy`, of whose labels 19.6% are wrong, and `rte_raters`.

python -m benchmarks.noisy_training [--seeds 5] [--method head] [--json FILE]

news: fitted on the given labels, asked for the clean ones of its test part; each way is compared with cross-entropy on
the same seeds. RTE: fitted on 500 pairs that two raters drawn by chance have read, by the consensus's answers or by how
likely it holds each, and asked for the gold answers of the other 300.
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
from curation import consensus
from training import FitConfig, fit, predict

WAYS: dict[str, dict[str, Any]] = {
    "cross_entropy": {},
    "focal": {"loss": "focal"},
    "gce": {"loss": "gce"},
    "symmetric": {"loss": "symmetric"},
    "smoothed by .1": {"label_smoothing": 0.1},
}


def accuracy(train: pd.DataFrame, test: pd.DataFrame, columns: Sequence[str], config: FitConfig) -> float:
    """Share of the test part that a model fitted on nine tenths of the other, and chosen on the rest, gets right."""
    tenth = np.random.default_rng(config.seed).random(len(train)) < 0.1
    with tempfile.TemporaryDirectory() as folder:
        fit(train[~tenth], train[tenth], text_columns=columns, config=config, output_dir=Path(folder))
        said = predict(Path(folder), test, text_columns=columns).answers
    return float((np.array(said) == test.label.to_numpy()).mean())


def news(data: Path, seeds: int, method: Any) -> dict[str, list[float]]:
    """Accuracy by way and seed."""
    train, test = (pd.read_csv(data / "news_noisy" / f"{part}.csv") for part in ("items", "test"))
    return {
        way: [accuracy(train, test, ["text"], FitConfig(method=method, seed=s, **more)) for s in range(seeds)]
        for way, more in WAYS.items()
    }


def rte(data: Path, seeds: int, method: Any) -> dict[str, list[float]]:
    """Accuracy on gold by hard and soft labels, and seed."""
    items = pd.read_csv(data / "rte_raters" / "items.csv", dtype=str)
    gold = pd.read_csv(data / "rte_raters" / "gold.csv", dtype=str).set_index("id").label
    votes = pd.read_csv(data / "rte_raters" / "votes.csv", dtype=str).rename(
        columns={"item": "record_id", "rater": "reviewer"}
    )
    found: dict[str, list[float]] = {"consensus": [], "soft labels": []}
    for seed in range(seeds):
        drawn = votes.sample(frac=1, random_state=seed).groupby("record_id").head(2)
        agreed = consensus(drawn)
        pairs = items.sample(frac=1, random_state=seed).assign(label=items.id.map(agreed.label))
        names = sorted(gold.unique())
        soft = [[agreed.probability(i, name) or 0.0 for name in names] for i in pairs.id]
        pairs["soft"] = [[p / sum(row) for p in row] for row in soft]
        train, test = pairs.head(500), pairs.tail(300).assign(label=lambda rows: rows.id.map(gold))
        for way, column in (("consensus", None), ("soft labels", "soft")):
            config = FitConfig(method=method, seed=seed, soft_labels=column)
            found[way].append(accuracy(train, test, ["premise", "hypothesis"], config))
    return found


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--method", default="head")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    data, began, result = Path(os.environ["TWOFOLD_DATA"]), time.perf_counter(), {}
    for name, measured in (("news_noisy", news), ("rte_raters", rte)):
        found = measured(data, options.seeds, options.method)
        first = np.array(next(iter(found.values())))
        for way, each in found.items():
            gain = np.array(each) - first
            spread = 1.96 * gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else float("nan")
            print(f"{name:12} {way:16} {np.mean(each):.3f}   {gain.mean():+.3f} +- {spread:.3f}", flush=True)
            result[f"noisy training: {name}, {way}"] = {
                "value": round(float(np.mean(each)), 4),
                "interval": None,
                "baseline": round(float(first.mean()), 4),
                "goal": None,
                "met": None,
                "seeds": options.seeds,
                "seconds": round(time.perf_counter() - began, 1),
                "command": f"python -m benchmarks.noisy_training --seeds {options.seeds} --method {options.method}",
            }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
