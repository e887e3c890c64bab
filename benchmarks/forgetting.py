"""What is left of a first task after a second: question types (`trec`), then opinions on films (`sst2`), MiniLM whole.

python -m benchmarks.forgetting [--seeds 3] [--records 500] [--epochs 3] [--json FILE]

Each seed draws records of both tasks, learns the first, and from that model the second in every way on the same
records. Accuracy on both test parts; `kept` is what a way has beyond plain fine-tuning, paired by text and seed, with a
bootstrap over texts. The way to beat on the first task is `nothing`: its accuracy before the second.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.result_file import kept
from evaluation.intervals import percentile_ends, resampled_sums
from training import FitConfig, fit, predict

Right = npt.NDArray[np.float64]
FIRST, SECOND = "trec", "sst2"
ASKED = 300  # texts of each test part
WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "replay of 10%": {"replay_share": 0.1},
    "L2-SP, .1": {"stay_near": "l2_sp", "stay_near_strength": 0.1},
    "EWC, 10,000": {"stay_near": "ewc", "stay_near_strength": 1e4},
}


def part(data: Path, task: str, name: str, records: int, seed: int) -> pd.DataFrame:
    """Records of a part of a task, drawn by the seed."""
    table = pd.read_csv(data / task / f"{name}.csv", keep_default_na=False)[["text", "label"]]
    return table.astype({"label": str}).sample(min(records, len(table)), random_state=seed)


def learnt(train: pd.DataFrame, folder: Path, config: FitConfig, **more: Any) -> Path:
    """Fit on nine tenths, and stop nowhere before the last epoch."""
    tenth = len(train) // 10
    fit(train[tenth:], train[:tenth], text_columns=["text"], config=config, output_dir=folder, **more)
    return folder


def right(folder: Path, test: pd.DataFrame, task: int | None = None) -> Right:
    """(n,) whether the model is right of each text."""
    said = predict(folder, test, text_columns=["text"], task=task).answers
    return np.array([given == wanted for given, wanted in zip(said, test.label, strict=True)], dtype=float)


def one_seed(data: Path, seed: int, records: int, epochs: int) -> dict[str, tuple[Right, Right]]:
    """Whether each text of both test parts is told right, by way."""
    first, second = (part(data, task, "train", records, seed) for task in (FIRST, SECOND))
    tests = [part(data, task, "test", ASKED, 0) for task in (FIRST, SECOND)]
    config = FitConfig(
        method="full", epochs=epochs, batch_size=32, learning_rate=2e-4, patience=None, seed=seed, precision="fp32"
    )
    found = {}
    with tempfile.TemporaryDirectory() as place:
        start = learnt(first, Path(place) / "first", config)
        found["nothing"] = (right(start, tests[0]), np.full(len(tests[1]), np.nan))
        onward = replace(config, model=str(start))
        for number, (way, settings) in enumerate(WAYS.items()):
            told = replace(onward, **settings)
            more = {"earlier": first} if told.replay_share or told.stay_near == "ewc" else {}
            folder = learnt(second, Path(place) / str(number), told, **more)
            found[way] = (right(folder, tests[0], task=1), right(folder, tests[1]))
            print(f"seed {seed}: {way:16} {found[way][0].mean():.3f} {found[way][1].mean():.3f}", flush=True)
    return found


def beside(usual: str, of: Mapping[str, Right]) -> dict[str, tuple[float, float, list[float]]]:
    """Accuracy, and what a way has beyond the usual one with its interval; of each way (seeds, texts)."""
    means = {way: each.mean(axis=0) for way, each in of.items()}
    table = np.column_stack([*means.values(), np.ones(len(means[usual]))])
    drawn = resampled_sums(table, seed=0, resamples=2000)
    shares = drawn[:, :-1] / drawn[:, -1:]
    at_usual = list(means).index(usual)
    return {
        way: (
            float(each.mean()),
            float(each.mean() - means[usual].mean()),
            [round(end, 4) for end in percentile_ends(shares[:, at] - shares[:, at_usual])],
        )
        for at, (way, each) in enumerate(means.items())
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    warnings.filterwarnings("ignore")
    data, began, result = Path(os.environ["TWOFOLD_DATA"]), time.perf_counter(), {}
    seeds = [one_seed(data, seed, options.records, options.epochs) for seed in range(options.seeds)]
    of = [{way: np.array([each[way][at] for each in seeds]) for way in seeds[0]} for at in (0, 1)]
    first, second = (beside("plain", each) for each in of)
    print(f"{'':16} {FIRST:6} beyond plain [95%]           {SECOND:6} beyond plain [95%]")
    for way, (accuracy, beyond, ends) in first.items():
        line = f"{way:16} {accuracy:.3f}  {beyond:+.3f} {ends!s:20}"
        print(line if way == "nothing" else f"{line}  {second[way][0]:.3f}  {second[way][1]:+.3f} {second[way][2]}")
        result[f"forgetting: {way}"] = {
            "value": round(accuracy, 4),
            "interval": None,
            "baseline": round(first["plain"][0], 4),
            "goal": None,
            "met": None,
            "beyond plain": [round(beyond, 4), *ends],
            "second task": None
            if way == "nothing"
            else [round(second[way][0], 4), round(second[way][1], 4), *second[way][2]],
            "seeds": options.seeds,
            "seconds": round(time.perf_counter() - began, 1),
            "command": f"python -m benchmarks.forgetting --seeds {options.seeds} --records {options.records}",
        }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
