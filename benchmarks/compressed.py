"""A trained model made smaller: accuracy lost, size and speed of every way, on trec (6 kinds of question).

python -m benchmarks.compressed [--records 5452] [--epochs 3] [--folder FOLDER] [--json FILE]

MiniLM is fine-tuned on nine tenths of the records, its four lowest layers as they are, and chosen on the rest. Every
way is asked for the 500 questions of the test part: the difference of accuracy has its paired bootstrap interval. Then
for 30 of them one by one and for 256 together, all ways by turns, in processor time on one thread, tokenizing
included. `--folder` keeps the models.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.result_file import kept
from evaluation import compare
from training import FitConfig, Predictions, compress, fit
from training.data.datasets_in import as_dataset
from training.models._torch import choose_precision
from training.models.model_files import ONNX
from training.prediction import predictor

Model = Callable[..., Predictions]

WAYS: dict[str, dict[str, Any]] = {
    "ONNX": {"onnx": True},
    "ONNX, int8": {"int8": True},
    "30% of the neurons": {"prune_neurons": 0.3},
    "50% of the neurons": {"prune_neurons": 0.5},
    "30% of the weights": {"prune_weights": 0.3},
    "50% of the weights": {"prune_weights": 0.5},
}
LIKE: dict[str, Any] = {"freeze": 4, "precision": "fp32", "threads": 1}
AGAIN = "50% of the neurons"  # is also trained again


def parts(data: Path, records: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The training, validation and test part."""
    train, test = (
        pd.read_csv(data / "trec" / f"{part}.csv", dtype=str)[["text", "label"]] for part in ("train", "test")
    )
    train = train.sample(frac=1, random_state=0).head(records)
    tenth = len(train) // 10
    return train[tenth:], train[:tenth], test


def made(folder: Path, train: pd.DataFrame, validation: pd.DataFrame, epochs: int) -> dict[str, Path]:
    """The folder of every way."""
    config = FitConfig(method="full", epochs=epochs, **LIKE)
    fit(train, validation, text_columns=["text"], config=config, output_dir=folder / "model")
    found = {"the model": folder / "model"}
    for number, (name, how) in enumerate(WAYS.items()):
        found[name] = folder / str(number)
        if not found[name].exists():
            compress(folder / "model", found[name], texts=train, **how)
    again = FitConfig(model=str(found[AGAIN]), method="full", epochs=1, **LIKE)
    found[f"{AGAIN}, one more epoch"] = folder / "again"
    fit(train, validation, text_columns=["text"], config=again, output_dir=folder / "again")
    return found


def loaded(folders: Mapping[str, Path]) -> dict[str, Model]:
    """Every way as what predicts, bfloat16 too where the processor computes it."""
    models = {name: predictor(folder, text_columns=["text"], device="cpu") for name, folder in folders.items()}
    if choose_precision("auto", "cpu") == "bf16":
        models["bfloat16"] = predictor(folders["the model"], text_columns=["text"], device="cpu", precision="bf16")
    return models


def times(models: Mapping[str, Model], test: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Milliseconds for one text, the median of 30, and texts per second, the median of 3, by turns."""
    ones = [as_dataset(test.iloc[[row]], "test") for row in range(31)]
    many = as_dataset(test.head(256), "test")
    alone: dict[str, list[float]] = {name: [] for name in models}
    together: dict[str, list[float]] = {name: [] for name in models}
    for spent, sets in ((alone, ones), (together, [many] * 4)):
        for data in sets:
            for name, model in models.items():
                began = time.process_time()
                model(data, lambda done, total: None)
                spent[name].append(time.process_time() - began)
    return {  # the first of each warms up
        name: (1000 * statistics.median(alone[name][1:]), 256 / statistics.median(together[name][1:]))
        for name in models
    }


def size(folder: Path) -> float:
    """Megabytes of the weights."""
    files = [folder / ONNX] if (folder / ONNX).exists() else list(folder.glob("*.safetensors"))
    return sum(path.stat().st_size for path in files) / 1e6


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--records", type=int, default=5452)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    train, validation, test = parts(Path(os.environ["TWOFOLD_DATA"]), options.records)
    with tempfile.TemporaryDirectory() as place:
        folders = made(options.folder or Path(place), train, validation, options.epochs)
        models = loaded(folders)
        spent = times(models, test)
        said = {name: model(as_dataset(test, "test"), lambda done, total: None) for name, model in models.items()}
        sizes = {name: size(folders.get(name, folders["the model"])) for name in models}
    names = list(said["the model"].label_names)
    labels = np.array([names.index(label) for label in test.label])
    before = said["the model"].pred_probs
    before_right = float((said["the model"].labels == labels).mean())
    print("| model | accuracy | lost [95% interval] | MB | ms a text | texts/s |\n|---|---|---|---|---|---|")
    result: dict[str, Any] = {}
    for name, found in said.items():
        lost = compare(labels, before, found.pred_probs, label_names=names).accuracy
        right = float((found.labels == labels).mean())
        ends = [round(-(end or 0.0), 3) + 0.0 for end in (lost.high, lost.low)]
        interval = "" if name == "the model" else f"{before_right - right:+.3f} [{ends[0]:+.3f}, {ends[1]:+.3f}]"
        print(
            f"| {name} | {right:.3f} | {interval} | {sizes[name]:.1f} | {spent[name][0]:.1f} | {spent[name][1]:,.0f} |",
            flush=True,
        )
        result[f"compressed: {name}"] = {
            "value": round(right, 3),
            "interval": ends,
            "baseline": round(before_right, 3),
            "goal": None,
            "met": None,
            "megabytes": round(sizes[name], 1),
            "milliseconds": round(spent[name][0], 2),
            "texts_per_second": round(spent[name][1], 1),
            "command": f"python -m benchmarks.compressed --records {options.records} --epochs {options.epochs}",
        }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
