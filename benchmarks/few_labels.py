"""H14: few labels, beside SetFit 1.2 on the same body and draws: `trec`, `sst2`, `banking77`, 8 and 64 of each label.

    pip install "setfit==1.2.*" evaluate
    python -m benchmarks.few_labels [--draws 10] [--cells "trec 8;trec 64"] [--ways "linear;SetFit"] [--seed 1000]
        [--setfit "trec 64=2"] [--runs FILE] [--json FILE]

Each run is a process of its own on one thread. Its records are drawn from the training part, and it is asked for the
whole test part. What is told: mean accuracy; how far it is from SetFit on the draws that both have, with the interval
from test records drawn anew; processor time of training, loading of the body included, and SetFit's as a multiple of
it. SetFit pairs every text 20 times over, as in its paper, and is slow: `--setfit` says in how many draws it runs (none
where it is not named), with `/5` at the end how often a text is paired instead of 20. `--runs` keeps what was run, and
what stands there is not run again. Draws below 1000 (`--seed 0`) are for choosing among settings.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.result_file import kept
from evaluation.intervals import percentile_ends, resampled_sums

WAYS: dict[str, dict[str, Any]] = {
    "linear": {"method": "linear"},
    "contrastive": {"method": "contrastive"},
    "lora": {"method": "lora"},
}
CELLS = [f"{name} {size}" for name in ("trec", "sst2", "banking77") for size in (8, 64)]
GOALS = {"trec 64": 0.88, "sst2 64": 0.80}
SETFIT = "SetFit"


def drawn(name: str, size: int, draw: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`size` records of every label, and the test part."""
    folder = Path(os.environ["TWOFOLD_DATA"]) / name
    train, test = (pd.read_csv(folder / f"{part}.csv", dtype=str)[["text", "label"]] for part in ("train", "test"))
    return train.sample(frac=1, random_state=draw).groupby("label").head(size).reset_index(drop=True), test


def by_ours(train: pd.DataFrame, test: pd.DataFrame, draw: int, **settings: Any) -> tuple[list[str], float]:
    """Ours; one record of each label stands in for a validation part, which SetFit has not either."""
    from training import FitConfig, fit, predict

    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        few = train.drop_duplicates("label")
        config = FitConfig(seed=draw, threads=1, device="cpu", precision="fp32", patience=None, **settings)
        fit(train, few, text_columns=["text"], config=config, output_dir=Path(folder))
        spent = time.process_time() - began
        return list(predict(Path(folder), test, text_columns=["text"]).answers), spent


def by_setfit(train: pd.DataFrame, test: pd.DataFrame, draw: int, pairs: int) -> tuple[list[str], float]:
    """SetFit at its defaults, but that every text is paired `pairs` times with its like and with others."""
    import torch
    from datasets import Dataset

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from setfit import SetFitModel, Trainer, TrainingArguments

    from training.models.packaged import packaged_folder

    torch.set_num_threads(1)
    names = sorted(set(train.label))
    table = Dataset.from_dict({"text": train.text.tolist(), "label": [names.index(each) for each in train.label]})
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        model = SetFitModel.from_pretrained(str(packaged_folder()))
        settings = TrainingArguments(
            output_dir=folder,
            num_iterations=pairs,
            num_epochs=1,
            seed=draw,
            report_to="none",
            save_strategy="no",
            show_progress_bar=False,
        )
        Trainer(model=model, args=settings, train_dataset=table).train()
        spent = time.process_time() - began
        said = model.predict(test.text.tolist(), batch_size=16, show_progress_bar=False)
    return [names[int(place)] for place in said], spent


def one(way: str, cell: str, draw: int, pairs: int) -> dict[str, Any]:
    """One run, here."""
    name, size = cell.split()
    train, test = drawn(name, int(size), draw)
    run = by_setfit(train, test, draw, pairs) if way == SETFIT else by_ours(train, test, draw, **WAYS[way])
    right = "".join(str(int(said == wanted)) for said, wanted in zip(run[0], test.label, strict=True))
    return {"way": way, "cell": cell, "draw": draw, "pairs": pairs, "right": right, "seconds": round(run[1], 2)}


def measured(way: str, cell: str, draw: int, pairs: int, runs: Path | None) -> dict[str, Any]:
    """One run in a process of its own, or what is kept of it."""
    for line in runs.read_text(encoding="utf-8").splitlines() if runs and runs.exists() else []:
        found = dict(json.loads(line))
        if (found["way"], found["cell"], found["draw"], found["pairs"]) == (way, cell, draw, pairs):
            return found
    command = [sys.executable, "-m", "benchmarks.few_labels", "--one", json.dumps([way, cell, draw, pairs])]
    process = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **_ALONE}
    )
    line = process.stdout.splitlines()[-1]
    if runs:
        with runs.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    return dict(json.loads(line))


_ALONE = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


def gain(ours: Sequence[str], theirs: Sequence[str]) -> tuple[float, float, float]:
    """By how much ours is more accurate, with the interval from test records drawn anew, over all draws alike."""
    difference = np.array(
        [[int(a) - int(b) for a, b in zip(*pair, strict=True)] for pair in zip(ours, theirs, strict=True)]
    )
    sums = resampled_sums(difference.mean(axis=0)[:, None], seed=0, resamples=2000)[:, 0] / difference.shape[1]
    return float(difference.mean()), *percentile_ends(sums)


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--cells", type=lambda text: text.split(";"), default=CELLS)
    parser.add_argument("--ways", type=lambda text: text.split(";"), default=[SETFIT, *WAYS])
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--setfit", default="trec 8=3;trec 64=1;sst2 8=3;sst2 64=1;banking77 8=1/5")
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--one")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(one(*json.loads(options.one))))
        return {}
    ways = [way for way in options.ways if way != SETFIT or importlib.util.find_spec("setfit")]
    slow = {
        cell: (*map(int, told.split("/")), 20)[:2]
        for cell, told in (each.split("=") for each in options.setfit.split(";"))
    }
    result: dict[str, Any] = {}
    for cell in options.cells:
        found: dict[str, list[dict[str, Any]]] = {}
        for way in ways:
            draws, pairs = slow.get(cell, (0, 20)) if way == SETFIT else (options.draws, 0)
            for draw in range(options.seed, options.seed + min(draws, options.draws)):
                found.setdefault(way, []).append(measured(way, cell, draw, pairs, options.runs))
            if way in found:
                result |= told(cell, way, found, options)
    return kept(result, options.json)


def told(cell: str, way: str, found: Mapping[str, list[dict[str, Any]]], options: Any) -> dict[str, Any]:
    """Print a line, and return what is kept of it."""
    runs, beside = found[way], found.get(SETFIT, [])
    accuracy = [np.mean([int(each) for each in run["right"]]) for run in runs]
    seconds = float(np.mean([run["seconds"] for run in runs]))
    line = (
        f"{cell:13} {way:12} {np.mean(accuracy):.3f} +- {np.std(accuracy):.3f} of {len(runs):2} draws, {seconds:7.1f} s"
    )
    known = {"value": round(float(np.mean(accuracy)), 4), "interval": None, "baseline": None}
    if beside and way != SETFIT and (both := runs[: len(beside)]):
        by, low, high = gain([run["right"] for run in both], [run["right"] for run in beside])
        times = sum(run["seconds"] for run in beside) / sum(run["seconds"] for run in both)
        line += f"; {100 * by:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}] from SetFit on {len(both)}"
        line += f", {times:.1f} times as fast"
        known |= {"gain": round(by, 4), "interval": [round(low, 4), round(high, 4)], "times_as_fast": round(times, 2)}
    print(line, flush=True)
    goal = GOALS.get(cell) if way == "contrastive" else None
    return {
        f"H14 {cell}, {way}": {
            **known,
            "goal": goal,
            "met": None if goal is None else bool(np.mean(accuracy) >= goal),
            "seeds": len(runs),
            "seconds": round(seconds, 1),
            "command": "python -m benchmarks.few_labels",
        }
    }


if __name__ == "__main__":
    main()
