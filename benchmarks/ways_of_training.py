"""Every way of training on every kind of task that a model learns: one short run each, on real data.

    python -m benchmarks.ways_of_training [--writer FOLDER] [--records 400] [--tasks A,B] [--ways A,B] [--json FILE]

A cell says how right the model is on 300 records that it did not learn from, which share of its parameters moved, the
processor time and the most memory that its process held. Every run is two epochs, of a linear head none, of a language
model one, with one seed: it shows that a way works and what it costs, and a difference of a few points between two
ways says nothing.
FOLDER is a causal language model, for the three tasks that want one; such runs have a tenth of the records, and those
that compare texts, which are long, a quarter.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import datasets
import numpy as np
import pandas as pd

from benchmarks.language import chat
from benchmarks.own_process import peak_gib
from benchmarks.result_file import kept
from training import FitConfig, fit
from training.config import Method
from training.models.adapt import trained_share
from training.recipes import prepare

TEST, SEED = 300, 0
WAYS: dict[str, dict[str, Any]] = {
    **{method: {"method": method} for method in get_args(Method) if method != "auto"},
    "full, 4 layers frozen": {"method": "full", "freeze": 4},
    "full, unfrozen by epoch": {"method": "full", "unfreeze": True},
    "full, rates by layer": {"method": "full", "layer_decay": 0.8},
}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is learnt.

    Attributes:
        read: All records, by the folder of data.
        texts: Columns that are read.
        score: How right the last epoch was on the records held out, and what that number is called.
        settings: Of every run.
        writes: Whether a language model learns it.
        share: Of the records, where each is long.
    """

    read: Callable[[Path], datasets.Dataset]
    texts: Sequence[str]
    score: str = "accuracy"
    settings: Mapping[str, Any] = field(default_factory=dict)
    writes: bool = False
    share: float = 1.0


def labelled(folder: Path, name: str) -> datasets.Dataset:
    rows = pd.read_csv(folder / name / "train.csv")[["text", "label"]]
    return datasets.Dataset.from_pandas(rows).class_encode_column("label")


def several(folder: Path) -> datasets.Dataset:
    rows = pd.read_csv(folder / "goemotions" / "train.csv", keep_default_na=False)
    labels = [each.split("|") for each in rows.labels]
    names = sorted({name for each in labels for name in each})
    features = {"text": datasets.Value("string"), "label": datasets.List(datasets.ClassLabel(names=names))}
    found = {"text": rows.text, "label": [[names.index(name) for name in each] for each in labels]}
    return datasets.Dataset.from_dict(found, features=datasets.Features(features))


def ratings(folder: Path) -> datasets.Dataset:
    items = pd.read_csv(folder / "offensiveness_ratings" / "items.csv").set_index("id")
    given = pd.read_csv(folder / "offensiveness_ratings" / "ratings.csv").groupby("item").rating.median().round()
    return datasets.Dataset.from_dict(
        {"text": items.text[given.index], "label": given.astype(int).astype(str)}
    ).class_encode_column("label")


def passages(folder: Path) -> datasets.Dataset:
    lines = (folder / "restaurant_spans" / "items.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return datasets.Dataset.from_dict(
        {name: [row[of] for row in rows] for name, of in (("text", "text"), ("label", "spans"))}
    )


def arguments_of(folder: Path) -> pd.Series:
    found = pd.read_csv(folder / "argument_pairs" / "arguments.csv")
    return found.set_index(["topic", "argument"]).text


def compared(folder: Path) -> datasets.Dataset:
    pairs, texts = pd.read_csv(folder / "argument_pairs" / "pairs.csv"), arguments_of(folder)
    pairs = pairs[pairs.gold.isin(["a1", "a2"])]
    sides = {side: [texts[at] for at in zip(pairs.topic, pairs[side], strict=True)] for side in ("first", "second")}
    return datasets.Dataset.from_dict({**sides, "label": pairs.gold.map({"a1": "first", "a2": "second"})})


def orders(folder: Path) -> datasets.Dataset:
    """Three arguments of one topic each, in the order of the published ranking."""
    ranking, texts = pd.read_csv(folder / "argument_pairs" / "ranking.csv"), arguments_of(folder)
    rng, rows = np.random.default_rng(SEED), []
    for topic, of_topic in ranking.groupby("topic"):
        for _ in range(60):
            drawn = of_topic.sample(3, random_state=rng.integers(2**31))
            ranks = drawn.score.rank(ascending=False).astype(int)
            own = dict(zip("abc", (texts[topic, each] for each in drawn.argument), strict=True))
            rows.append({**own, "label": [{"value": o, "rank": int(r)} for o, r in zip("abc", ranks, strict=True)]})
    return datasets.Dataset.from_list(rows)


def instructions(folder: Path) -> datasets.Dataset:
    lines = (folder / "instructions" / "filtered_0.7.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if len(row["output"]) < 600]
    return datasets.Dataset.from_dict(
        {
            "text": [f"{row['instruction']}\n\n{row['input']}".strip() for row in rows],
            "label": [r["output"] for r in rows],
        }
    )


def preferences(folder: Path) -> datasets.Dataset:
    lines = (folder / "preferences" / "pairs.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [{side: chat(row[side]) for side in ("chosen", "rejected")} for row in map(json.loads, lines)]
    fit_in = [row for row in rows if len(str(row)) < 1500 and row["chosen"][:-1] == row["rejected"][:-1]]
    return datasets.Dataset.from_list(fit_in)


SUBJECTS = {
    "one label (trec)": Subject(read=lambda folder: labelled(folder, "trec"), texts=["text"]),
    "several labels (goemotions)": Subject(read=several, texts=["text"], score="macro_f1"),
    "step of a scale (offensiveness)": Subject(read=ratings, texts=["text"], settings={"scale": "ordinal"}),
    "passages (restaurants)": Subject(read=passages, texts=["text"], score="macro_f1"),
    "the better of two (arguments)": Subject(
        read=compared, texts=["first", "second"], share=0.25, settings={"compares": True, "batch_size": 8}
    ),
    "order of three (arguments)": Subject(
        read=orders, texts=["a", "b", "c"], share=0.25, settings={"compares": True, "batch_size": 8}
    ),
    "answers (instructions)": Subject(
        read=instructions, texts=["text"], score="perplexity", settings={"learns": "answers"}, writes=True, share=0.1
    ),
    "preferred answers (preferences)": Subject(
        read=preferences, texts=["chosen", "rejected"], settings={"learns": "preferences"}, writes=True, share=0.1
    ),
    "plain texts (trec)": Subject(
        read=lambda folder: labelled(folder, "trec").remove_columns("label"),
        texts=["text"],
        score="perplexity",
        settings={"learns": "texts", "max_length": 64},
        writes=True,
        share=0.1,
    ),
}


def run_of(subject: Subject, way: str, writer: str | None, records: int) -> tuple[FitConfig, int, int]:
    """Return the settings, how many records are learnt, and how many are held out."""
    epochs = None if way == "linear" else 2  # that head is fitted once
    config = FitConfig(
        epochs=epochs, patience=None, seed=SEED, threads=1, precision="fp32", **subject.settings, **WAYS[way]
    )
    n, held_out = round(records * subject.share), round(TEST * subject.share)
    if not subject.writes:
        return config, n, held_out
    wanted = config.max_length or 256
    return replace(config, model=writer or "", epochs=1, batch_size=4, max_length=wanted), n, held_out


def cell(name: str, way: str, writer: str | None, records: int) -> dict[str, Any]:
    """Train once, in this process."""
    subject = SUBJECTS[name]
    try:
        config, n, held_out = run_of(subject, way, writer, records)
        data = subject.read(Path(os.environ["TWOFOLD_DATA"])).shuffle(seed=SEED)
        train, test = data.select(range(n)), data.select(range(n, n + held_out))
        share = trained_share(prepare(train, test, subject.texts, "label", config).load(config))
        began = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            found = fit(train, test, text_columns=subject.texts, config=config, output_dir=Path(folder))
    except ValueError as error:
        return {"refused": str(error)}
    last = found.history[-1]
    score = np.exp(last.validation_loss) if subject.score == "perplexity" else getattr(last, subject.score)
    return {
        "score": float(score),
        "share": share,
        "seconds": time.process_time() - began,
        "gib": peak_gib(),
    }


def shown(found: Mapping[str, Any], score: str) -> str:
    if "refused" in found:
        return f"refused: {found['refused']}"
    how = "macro-F1" if score == "macro_f1" else score
    return f"{how} {found['score']:.3f}, {found['share']:.2%} moved, {found['seconds']:.0f} s, {found['gib']:.1f} GiB"


def in_its_own_process(name: str, way: str, args: argparse.Namespace) -> dict[str, Any]:
    more = ["--writer", args.writer] if args.writer else []
    command = [sys.executable, "-m", "benchmarks.ways_of_training", "--cell", name, way, *more]
    ran = subprocess.run([*command, "--records", str(args.records)], check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writer", help="a folder of a causal language model")
    parser.add_argument("--records", type=int, default=400, help="that are learnt")
    parser.add_argument(
        "--tasks", type=lambda text: text.split(","), default=list(SUBJECTS), help="by their first words"
    )
    parser.add_argument("--ways", type=lambda text: text.split(","), default=list(WAYS))
    parser.add_argument("--cell", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write the results here")
    args = parser.parse_args(arguments)
    if args.cell:
        print(json.dumps(cell(*args.cell, args.writer, args.records)))
        return {}
    began, found = time.perf_counter(), {}
    print("| task | way | what came of it |\n|---|---|---|", flush=True)
    for name, subject in SUBJECTS.items():
        if not any(name.startswith(asked) for asked in args.tasks) or (subject.writes and not args.writer):
            continue
        for way in args.ways:
            found[f"{name}, {way}"] = each = in_its_own_process(name, way, args)
            print(f"| {name} | {way} | {shown(each, subject.score)} |", flush=True)
    result = {
        **dict.fromkeys(("value", "interval", "baseline", "goal", "met")),
        "seeds": 1,
        "all": found,
        "seconds": round(time.perf_counter() - began, 1),
        "command": f"python -m benchmarks.ways_of_training --records {args.records}",
    }
    return kept({"ways of training": result}, args.json)


if __name__ == "__main__":
    main()
