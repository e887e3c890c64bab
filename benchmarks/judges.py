"""Judges of real comparisons, measured beside the people who made them.

    python -m benchmarks.judges [--pairs 800] [--train 1500] [--seed 0]

`argument_pairs` has five votes on which of two arguments of a debate is more convincing. Judges: the longer text; a
reward model, which learnt from the majority on other debates (the packaged encoder, `method = "head"`); one of the five
readers, drawn for each pair and held out; and that reader, who in four of ten pairs says what stands first.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from evaluation.judge import measure_judge
from training import FitConfig, fit, predict

ANSWERS = {"a1": "first", "a2": "second", "equal": "equal"}


def load() -> pd.DataFrame:
    """Return a row for each pair: topic, both texts, and the list of what readers said."""
    folder = Path(os.environ["TWOFOLD_DATA"]) / "argument_pairs"
    votes, pairs, texts = (
        pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("votes", "pairs", "arguments")
    )
    text = dict(zip(texts.topic + " " + texts.argument, texts.text, strict=True))
    said = votes.assign(said=votes.choice.map(ANSWERS)).groupby(["topic", "pair"]).said.agg(list).rename("said")
    found = pairs.merge(said, on=["topic", "pair"])
    for side in ("first", "second"):
        found[f"{side}_text"] = [text[key] for key in found.topic + " " + found[side]]
    return found[found.said.map(len) >= 3].reset_index(drop=True)


def columns(rows: pd.DataFrame) -> dict[str, list[Any]]:
    """Return pairs as a model learns them: what most readers said, where most say one thing."""
    return {
        "first": rows.first_text.tolist(),
        "second": rows.second_text.tolist(),
        "better": [max(set(said), key=said.count) for said in rows.said],
    }


def reward_answers(taught: pd.DataFrame, asked: pd.DataFrame, seed: int) -> list[str]:
    """Return which text a reward model prefers."""
    decided = taught[[max(map(said.count, said)) > len(said) / 2 and said.count("equal") < 2 for said in taught.said]]
    cut = len(decided) * 9 // 10
    config = FitConfig(model="packaged", method="head", compares=True, seed=seed, precision="fp32")
    with TemporaryDirectory() as folder:
        fit(
            columns(decided[:cut]),
            columns(decided[cut:]),
            text_columns=["first", "second"],
            label_column="better",
            config=config,
            output_dir=Path(folder) / "reward",
        )
        said = predict(Path(folder) / "reward", columns(asked), text_columns=["first", "second"])
    names = list(said.label_names)
    return [names[at] for at in np.asarray(said.pred_probs).argmax(axis=1)]


def measured(name: str, answers: Sequence[str], readers: Sequence[list[str]], rows: pd.DataFrame) -> Mapping[str, Any]:
    lengths = [[len(a), len(b)] for a, b in zip(rows.first_text, rows.second_text, strict=True)]
    found = measure_judge(list(readers), list(answers), lengths=lengths)
    told = {"judge": name, "records": found.records}
    for measure in ("with_readers", "among_readers", "difference", "kappa", "readers_kappa", "first", "longer"):
        told[measure] = getattr(found, measure).in_words(".2f")
    return {**told, "prefers": found.prefers or "", "may count": found.may_count, "why": found.verdict}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("pairs", 800), ("train", 1500), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    settings = parser.parse_args()
    start, rng, rows = time.process_time(), np.random.default_rng(settings.seed), load()
    topics = rng.permutation(sorted(set(rows.topic)))
    ours = rows.topic.isin(set(topics[: len(topics) // 2]))
    asked = rows[ours].sample(settings.pairs, random_state=settings.seed)
    taught = rows[~ours].sample(settings.train, random_state=settings.seed)
    out = [int(rng.integers(len(said))) for said in asked.said]
    held = [said[at] for said, at in zip(asked.said, out, strict=True)]
    rest = [said[:at] + said[at + 1 :] for said, at in zip(asked.said, out, strict=True)]
    hurried = [one if keeps else "first" for one, keeps in zip(held, rng.random(len(held)) > 0.4, strict=True)]
    longer = [
        "first" if len(a) > len(b) else "second" for a, b in zip(asked.first_text, asked.second_text, strict=True)
    ]
    judges = {
        "the longer text": (longer, asked.said),
        "reward model": (reward_answers(taught, asked, settings.seed), asked.said),
        "a reader, held out": (held, rest),
        "that reader, hurried": (hurried, rest),
    }
    told = pd.DataFrame([measured(name, *answers, asked) for name, answers in judges.items()])
    print(told.drop(columns="why").T.to_string(header=False))
    print("\n".join(f"{name}: {why}" for name, why in zip(told.judge, told.why, strict=True)))
    print(f"{time.process_time() - start:.0f} s of processor time")


if __name__ == "__main__":
    main()
