"""H11, first half: labels of a turn from two readers, against its other readers, beside majorities in the same run.

    python -m benchmarks.several_labels [--draws 5] [--json FILE]

`abuse_labels`: of every turn that three people or more have read, two readers are drawn; what the others say is the
measure. `both`, `either` and `coin` are the votes alone: a label that both give, that one gives, or, where they differ,
by chance. Errors are yes-or-no answers of the other readers that a method gets wrong, for labels that anybody gives
more often than one turn in a hundred; F1 is over the same answers; the squared error is of the stated probability,
one half where votes alone differ. Intervals by a bootstrap over turns.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import result_file
from evaluation.intervals import percentile_ends, resampled_sums

Floats = npt.NDArray[np.float64]
WAYS = ("both", "either", "coin", "consensus")


def load() -> pd.DataFrame:
    path = Path(os.environ["TWOFOLD_DATA"]) / "abuse_labels" / "votes.csv"
    votes = pd.read_csv(path, dtype=str, keep_default_na=False).drop_duplicates(["item", "rater"])
    votes["labels"] = [[name for name in cell.split("|") if name] for cell in votes["labels"]]
    return votes[votes.groupby("item")["rater"].transform("size") >= 3]


def drawn(votes: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the votes of two readers of every turn, and those of the others."""
    mixed = votes.sample(frac=1, random_state=seed)
    first = mixed.groupby("item").cumcount() < 2
    return mixed[first].sort_values(["item", "rater"]), mixed[~first].sort_values(["item", "rater"])


def shares(votes: pd.DataFrame, items: list[str], names: list[str]) -> Floats:
    """Return the share of the readers of each turn who give each label."""
    ones = pd.DataFrame(
        [[name in said for name in names] for said in votes["labels"]], index=votes["item"], dtype=float
    )
    return np.asarray(ones.groupby(level=0).mean().loc[items])


def chances(few: pd.DataFrame, items: list[str], names: list[str], seed: int) -> dict[str, Floats]:
    """Return how likely each label of each turn is, by every way; that of two readers is 0, a half or 1."""
    from curation import consensus

    votes = few.rename(columns={"item": "record_id", "rater": "reviewer", "labels": "value"})
    found = consensus(votes[["record_id", "reviewer", "value"]], kind="multi_label", labels=names)
    said, coin = shares(few, items, names), np.random.default_rng(seed).random((len(items), len(names)))
    ours = np.array([found.chance_of[i] for i in items])  # type: ignore[attr-defined]
    return {"both": said - 0.01, "either": said + 0.01, "coin": said + (coin - 0.5) / 100, "consensus": ours}


def parts(chance: Mapping[str, Floats], truth: Floats) -> dict[str, Floats]:
    """Return by way and turn: wrong answers, hits, answers given, answers there are, squared error, all of them."""
    found = {}
    for way, each in chance.items():
        yes = each > 0.5
        wrong = np.where(yes, 1 - truth, truth).sum(axis=1)
        squared = ((each.clip(0, 1) - truth) ** 2).sum(axis=1)
        hits, given, there = (yes * truth).sum(axis=1), yes.sum(axis=1), truth.sum(axis=1)
        found[way] = np.column_stack([wrong, hits, given, there, squared, np.full(len(truth), truth.shape[1])])
    return found


def scores(sums: Floats) -> Floats:
    """Return error rate, F1 and squared error of sums of `parts`."""
    wrong, hits, given, there, squared, n = np.moveaxis(sums, -1, 0)
    return np.stack([wrong / n, 2 * hits / np.maximum(given + there, 1e-9), squared / n], axis=-1)


def measure(draws: int) -> dict[str, Any]:
    votes, total = load(), {}
    names = sorted({name for said in votes["labels"] for name in said})
    names = [name for name in names if np.mean([name in said for said in votes["labels"]]) > 0.01]
    votes["labels"] = [[name for name in said if name in names] for said in votes["labels"]]
    items = sorted(votes["item"].unique())
    for seed in range(draws):
        few, rest = drawn(votes, seed)
        for way, rows in parts(chances(few, items, names, seed), shares(rest, items, names)).items():
            total[way] = total.get(way, 0) + rows
    sums = {way: resampled_sums(rows, seed=0, resamples=1000) for way, rows in total.items()}
    found: dict[str, Any] = {"turns": len(items), "labels": names}
    for way, rows in total.items():
        low, high = percentile_ends(scores(sums[way])[:, 0])
        error, f1, squared = scores(rows.sum(axis=0))
        found[way] = {"error": error, "low": low, "high": high, "f1": f1, "squared": squared}
    for n, what in enumerate(("error", "f1", "squared")):
        for way in WAYS[:3]:
            gain = scores(sums[way])[:, n] - scores(sums["consensus"])[:, n]
            found[way][f"{what}_gain"] = [float(end) for end in percentile_ends(gain)]
    return found


def main(arguments: list[str] | None = None) -> Mapping[str, Any]:
    """Measure, and print a row for each way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    found = measure(options.draws)
    print(f"{found['turns']} turns, labels {', '.join(found['labels'])}, {options.draws} draws of two readers")
    print(f"{'':<12}{'wrong':>8}  {'95%':<16}{'F1':>7}{'squared':>9}  less wrong by; more F1 by; less squared error by")
    for way in WAYS:
        row = found[way]
        ends = f"[{row['low']:.4f}, {row['high']:.4f}]"
        gains = ""
        if way != "consensus":
            (a, b), (c, d), (e, f) = (row[f"{what}_gain"] for what in ("error", "f1", "squared"))
            gains = f"[{a:+.4f}, {b:+.4f}]; [{-d:+.3f}, {-c:+.3f}]; [{e:+.4f}, {f:+.4f}]"
        print(f"{way:<12}{row['error']:>8.4f}  {ends:<16}{row['f1']:>7.3f}{row['squared']:>9.4f}  {gains}")
    return result_file.kept({"H11 consensus of two": _result(found, options.draws)}, options.json)


def _result(found: Mapping[str, Any], draws: int) -> dict[str, Any]:
    """Return the share of wrong answers beside that of the best of the votes alone; met if all are behind in all."""
    ours, peer = found["consensus"], min(WAYS[:3], key=lambda way: float(found[way]["error"]))
    behind = [found[way][f"{what}_gain"] for way in WAYS[:3] for what in ("error", "squared")]
    less = [found[way]["f1_gain"] for way in WAYS[:3]]
    return {
        "value": round(ours["error"], 4),
        "interval": [round(ours["low"], 4), round(ours["high"], 4)],
        "baseline": round(found[peer]["error"], 4),
        "peer": f"a label that {peer} give",
        "goal": "ahead, intervals without zero",
        "met": all(low > 0 for low, _ in behind) and all(high < 0 for _, high in less),
        "F1": round(ours["f1"], 3),
        "seeds": draws,
        "command": f"python -m benchmarks.several_labels --draws {draws}",
    }


if __name__ == "__main__":
    main()
