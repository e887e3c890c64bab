"""S6: fine-tuning MiniLM on 10,000 records for one epoch, beside transformers' Trainer at its defaults.

python -m benchmarks.training_speed [--records 10003] [--repeats 3] [--ways "ours;..."] [--json FILE]

Each run is a process of its own; the ways take turns. What is told is the processor time and the wall time of training
alone (tokenizing counts, loading libraries and the model does not), as ratios of Trainer's to ours with the interval of
the ratio of medians, and the median accuracy on the test part: every repeat is another seed, which moves it by some .03
where there are few records.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.ratio import interval
from benchmarks.result_file import kept

BATCH, RATE, THREADS, LENGTH = 16, 1e-4, 1, 128


def banking(part: str, n: int | None = None) -> pd.DataFrame:
    """Texts and labels of the part, in a fixed random order."""
    found = pd.read_csv(Path(os.environ["TWOFOLD_DATA"]) / "banking77" / f"{part}.csv")[["text", "label"]]
    return found.sample(frac=1, random_state=0).head(n or len(found)).reset_index(drop=True)


def by_trainer(train: pd.DataFrame, test: pd.DataFrame, seed: int, frozen: int = 0) -> dict[str, float]:
    """Transformers' Trainer at its defaults, at our learning rate, batch and length."""
    from datasets import Dataset
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    from training.models.packaged import PACKAGED, locate

    names = sorted({*train.label, *test.label})
    set_seed(seed)  # of the head, which is fresh
    tokenizer = AutoTokenizer.from_pretrained(locate(PACKAGED))
    model = AutoModelForSequenceClassification.from_pretrained(locate(PACKAGED), num_labels=len(names))
    for part in [model.bert.embeddings, *model.bert.encoder.layer[:frozen]] if frozen else []:
        part.requires_grad_(False)

    def read(part: pd.DataFrame) -> Any:
        table = Dataset.from_dict({"text": part.text.tolist(), "label": [names.index(label) for label in part.label]})
        return table.map(lambda rows: tokenizer(rows["text"], truncation=True, max_length=LENGTH), batched=True)

    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            output_dir=folder,
            num_train_epochs=1,
            per_device_train_batch_size=BATCH,
            learning_rate=RATE,
            seed=seed,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
        )
        started = time.perf_counter(), time.process_time()
        trainer = Trainer(model, settings, train_dataset=read(train), data_collator=DataCollatorWithPadding(tokenizer))
        trainer.train()
        spent = time.perf_counter() - started[0], time.process_time() - started[1]
        said = trainer.predict(read(test)).predictions.argmax(axis=1)
    return told(spent, [names[k] for k in said], test)


def by_ours(train: pd.DataFrame, test: pd.DataFrame, seed: int, **settings: Any) -> dict[str, float]:
    """Ours; the validation part is a handful of records, as the other has none."""
    from training import FitConfig, fit, predict

    config = FitConfig(
        epochs=1, batch_size=BATCH, learning_rate=RATE, max_length=LENGTH, device="cpu", seed=seed, **settings
    )
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter(), time.process_time()
        few = train.drop_duplicates("label")
        fit(train, few, text_columns=["text"], config=config, output_dir=Path(folder))
        spent = time.perf_counter() - started[0], time.process_time() - started[1]
        found = predict(Path(folder), test, text_columns=["text"])
    return told(spent, found.answers, test)


def told(spent: tuple[float, float], said: Sequence[str], test: pd.DataFrame) -> dict[str, float]:
    return {"wall": spent[0], "processor": spent[1], "accuracy": float((test.label == list(said)).mean())}


WAYS: dict[str, tuple[Callable[..., dict[str, float]], dict[str, Any], str]] = {
    "Trainer": (by_trainer, {}, "Trainer"),
    "ours": (by_ours, {"method": "full", "precision": "fp32"}, "Trainer"),
    "Trainer, 4 layers frozen": (by_trainer, {"frozen": 4}, "Trainer"),
    "ours, 4 layers frozen": (by_ours, {"method": "full", "freeze": 4, "precision": "fp32"}, "Trainer"),
}

GOALS = {"ours": ("S6", 2.0), "ours, 4 layers frozen": ("S6 frozen layers", 4.0)}


def measured(way: str, records: int, seed: int) -> dict[str, float]:
    """One run in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.training_speed", "--records", str(records), "--seed", str(seed)]
    process = subprocess.run([*command, "--one", way], check=True, capture_output=True, text=True)
    return dict(json.loads(process.stdout.splitlines()[-1]))


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_003)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--ways", type=lambda text: text.split(";"), default=list(WAYS))
    parser.add_argument("--one", choices=WAYS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.one:
        import torch

        torch.set_num_threads(THREADS)
        run, settings, _ = WAYS[options.one]
        print(json.dumps(run(banking("train", options.records), banking("test"), options.seed, **settings)))
        return {}
    began = time.perf_counter()
    asked = [way for way in WAYS if way in {*options.ways, *(WAYS[name][2] for name in options.ways)}]
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in asked}
    for seed in range(options.repeats):
        for way in asked:
            runs[way].append(measured(way, options.records, seed))
    result: dict[str, Any] = {}
    for way, found in runs.items():
        middle = {key: statistics.median(each[key] for each in found) for key in found[0]}
        other, ours = ([each["processor"] for each in runs[name]] for name in (WAYS[way][2], way))
        ratio, sure = statistics.median(other) / statistics.median(ours), interval(other, ours)
        print(
            f"{way:24} {middle['processor']:7.1f} s of processor time, {middle['wall']:7.1f} s, accuracy "
            f"{middle['accuracy']:.3f}; {WAYS[way][2]} takes {ratio:.2f} [{sure[0]:.2f}, {sure[1]:.2f}] times as long"
        )
        if way in GOALS:
            result[GOALS[way][0]] = {
                "value": round(ratio, 2),
                "interval": [round(end, 2) for end in sure],
                "baseline": round(statistics.median(other), 1),
                "goal": GOALS[way][1],
                "met": ratio >= GOALS[way][1],
                "accuracy": round(middle["accuracy"], 3),
                "seeds": options.repeats,
                "seconds": round(time.perf_counter() - began, 1),
                "command": f"python -m benchmarks.training_speed --records {options.records}",
            }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
