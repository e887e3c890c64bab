"""R4: how sure consensus says it is, against how often it is right, on sets of votes real and simulated.

    python -m benchmarks.consensus --goal R4 [--draws 3] [--only "four labels"]

Where there are gold labels, right is the gold label. Where there are none, one more reader of every record is held
out, and what is said is how likely that reader gives the label of the consensus: the posterior through the reader's
own confusions, these pooled with the crowd's alike for every method.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.consensus import by_coin, crowdkit, in_random_order

GOAL_ECE, GOAL_BEHIND = 0.05, 0.005
METHODS = ("ours", "majority", "Dawid-Skene")
_POOLED = 4.0  # votes of a held-out reader that count as much as the crowd
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Votes, and what their labels are held against: gold labels by record, or one answer of another reader."""

    votes: pd.DataFrame
    gold: pd.Series
    reader: pd.Series | None = None


@dataclass(frozen=True, kw_only=True)
class Said:
    """Of every label: how likely it was said to be right, and whether it is."""

    chance: Floats
    right: npt.NDArray[np.bool_]

    @property
    def error(self) -> float:
        """The expected calibration error, in ten bands of equal width."""
        band = np.minimum((self.chance * 10).astype(int), 9)
        gaps = np.bincount(band, weights=self.right - self.chance, minlength=10)
        return float(np.abs(gaps).sum() / len(band))


def r4(args: argparse.Namespace) -> dict[str, Any]:
    """Print a line for every set: accuracy and calibration of ours, and of majority and Dawid-Skene beside it."""
    print(
        "R4: accuracy, calibration error and mean confidence; goal: ECE at most .05, at most .005 behind the best peer"
    )
    head = "".join(f"{f'{method} acc/ECE/said':>26}" for method in METHODS)
    print(f"  {'set':37}{'n':>7}{head}")
    sets = {name: cases for name, cases in _sets(args.draws).items() if args.only in name}
    return {f"R4 {name}": _measured(name, cases, args) for name, cases in sets.items()}


def _measured(name: str, cases: Callable[[], Iterator[Case]], args: argparse.Namespace) -> dict[str, Any]:
    started = time.perf_counter()
    parts: dict[str, list[Said]] = {method: [] for method in METHODS}
    for draw, case in enumerate(cases()):
        for method in METHODS:
            parts[method].append(_said(case, method, draw))
    said = {method: _joined(each) for method, each in parts.items()}
    accuracy = {method: round(float(one.right.mean()), 4) for method, one in said.items()}
    best = max(accuracy["majority"], accuracy["Dawid-Skene"])
    met = said["ours"].error <= GOAL_ECE and accuracy["ours"] >= best - GOAL_BEHIND
    cells = "".join(f"{one.right.mean():12.4f} {one.error:6.4f} {one.chance.mean():6.4f}" for one in said.values())
    n, draws = len(said["ours"].right), len(parts["ours"])
    print(f"  {name:37}{n // draws:>7}{cells}  {'met' if met else 'MISSED'}", flush=True)
    return {
        "value": round(said["ours"].error, 4),
        "baseline": round(said["Dawid-Skene"].error, 4),
        "peer": "Dawid-Skene",
        "accuracy": accuracy,
        "mean confidence": {method: round(float(one.chance.mean()), 4) for method, one in said.items()},
        "records": n // draws,
        "seeds": draws,
        "goal": GOAL_ECE,
        "met": bool(met),
        "seconds": round(time.perf_counter() - started, 1),
        "command": f"python -m benchmarks.consensus --goal R4 --draws {args.draws}"
        + (f" --only {args.only!r}" if args.only else ""),
    }


def _joined(parts: list[Said]) -> Said:
    return Said(
        chance=np.concatenate([one.chance for one in parts]), right=np.concatenate([one.right for one in parts])
    )


def _said(case: Case, method: str, draw: int) -> Said:
    probabilities = _ours(case.votes) if method == "ours" else crowdkit(method, case.votes, draw)
    ids = case.gold.index[case.gold.index.isin(probabilities.index)]
    label = by_coin(probabilities, ids, draw)
    rows = probabilities.loc[ids].fillna(0.0)
    place = rows.columns.get_indexer(label)
    if case.reader is None:
        chance = rows.to_numpy()[np.arange(len(ids)), place]
    else:
        chance = _foretold(case, probabilities.fillna(0.0), ids, place)
    return Said(chance=np.clip(chance, 0.0, 1.0), right=np.asarray(label == case.gold.loc[ids].to_numpy()))


def _ours(votes: pd.DataFrame) -> pd.DataFrame:
    from curation.review import consensus

    found = consensus(votes)
    return pd.DataFrame(np.stack(list(found.posteriors.values())), index=list(found.posteriors), columns=found.labels)


def _foretold(case: Case, probabilities: pd.DataFrame, ids: pd.Index, place: Any) -> Floats:
    """Return how likely the held-out reader of every record says the label."""
    from curation.review.reviewers import expected_confusions
    from curation.review.votes import read_votes

    coded = read_votes(case.votes, list(probabilities.columns))
    confusion = expected_confusions(coded, probabilities.loc[coded.records].to_numpy())
    crowd = confusion.sum(axis=0) + np.eye(len(coded.labels))
    crowd /= crowd.sum(axis=1, keepdims=True)
    pooled = (confusion + _POOLED * crowd) / (confusion.sum(axis=2, keepdims=True) + _POOLED)
    known = dict(zip(coded.reviewers, pooled, strict=True))
    assert case.reader is not None
    theirs = np.stack([known.get(name, crowd) for name in case.reader.loc[ids]])
    return np.asarray((probabilities.loc[ids].to_numpy() * theirs[np.arange(len(ids)), :, place]).sum(axis=1))


def _sets(draws: int) -> dict[str, Callable[[], Iterator[Case]]]:
    gold = {
        "rte_raters": (_entailment, (2, 3, 5)),
        "argument_pairs": (_arguments, (2, 3, 5)),
        "crowd_spans": (_tokens, (2, 3)),
    }
    held = {
        "offensiveness_ratings": (lambda: _ratings("offensiveness_ratings"), (2, 3, 5)),
        "paraphrase_ratings": (lambda: _ratings("paraphrase_ratings"), (2, 3)),
        "abuse_labels severity": (_severity, (2,)),
        "abuse_labels yes or no": (_abuse, (2,)),
    }
    of_gold = {f"{name} k={k}": _drawn(load, k, draws) for name, (load, ks) in gold.items() for k in ks}
    of_held = {f"{name} k={k}": _one_more(load, k, draws) for name, (load, ks) in held.items() for k in ks}
    return of_gold | of_held | {name: _simulated(crowd, max(draws, 20)) for name, crowd in CROWDS.items()}


def _drawn(load: Callable[[], Case], k: int, draws: int) -> Callable[[], Iterator[Case]]:
    def cases() -> Iterator[Case]:
        case = load()
        for draw in range(draws):
            ordered = in_random_order(case.votes, draw)
            yield Case(votes=ordered[ordered.turn < k].drop(columns="turn"), gold=case.gold)

    return cases


def _one_more(load: Callable[[], pd.DataFrame], k: int, draws: int) -> Callable[[], Iterator[Case]]:
    def cases() -> Iterator[Case]:
        votes = load()
        for draw in range(draws):
            ordered = in_random_order(votes, draw)
            more = ordered[ordered.turn == k].set_index("record_id")
            kept = ordered[ordered.turn < k].drop(columns="turn")
            yield Case(votes=kept, gold=more.label, reader=more.reviewer)

    return cases


def _folder(name: str) -> Path:
    return Path(os.environ["TWOFOLD_DATA"]) / name


def _entailment() -> Case:
    from benchmarks.consensus import load

    data = load()
    return Case(votes=data.votes, gold=data.gold)


def _arguments() -> Case:
    votes = pd.read_csv(_folder("argument_pairs") / "votes.csv", dtype=str)
    pairs = pd.read_csv(_folder("argument_pairs") / "pairs.csv", dtype=str)
    named = votes.assign(record_id=votes.topic + " " + votes.pair).rename(
        columns={"rater": "reviewer", "choice": "label"}
    )
    gold = pairs.set_index(pairs.topic + " " + pairs["pair"]).gold.dropna()
    return Case(votes=named[["record_id", "reviewer", "label"]], gold=gold)


def _tokens() -> Case:
    """Return the words of every fourth sentence, each of a type or of none."""
    text, said, gold = (_lines(name) for name in ("items", "votes", "gold"))
    words = {row["id"]: [m.span() for m in re.finditer(r"\S+", row["text"])] for row in text[::4]}
    rows = [(*pair, row["rater"]) for row in said if row["item"] in words for pair in _typed(words, row["item"], row)]
    votes = pd.DataFrame(rows, columns=["record_id", "label", "reviewer"])
    true = dict(pair for row in gold if row["id"] in words for pair in _typed(words, row["id"], row))
    return Case(votes=votes, gold=pd.Series(true))


def _lines(name: str) -> list[dict[str, Any]]:
    with (_folder("crowd_spans") / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _typed(words: Mapping[str, Any], item: str, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for i, (start, end) in enumerate(words[item]):
        inside = [kind for first, last, kind in row["spans"] if first < end and start < last]
        yield f"{item} {i}", inside[-1] if inside else "none"


def _ratings(name: str) -> pd.DataFrame:
    return _table(name, "ratings", "rating")


def _severity() -> pd.DataFrame:
    return _table("abuse_labels", "votes", "severity")


def _table(folder: str, file: str, column: str) -> pd.DataFrame:
    votes = pd.read_csv(_folder(folder) / f"{file}.csv", dtype=str, keep_default_na=False)
    named = votes.rename(columns={"item": "record_id", "rater": "reviewer", column: "label"})
    return named[["record_id", "reviewer", "label"]]


def _abuse() -> pd.DataFrame:
    """Return a yes or a no of every label, for every fourth turn: the units of a question with several labels."""
    votes = _table("abuse_labels", "votes", "labels")
    votes = votes[votes.record_id.astype(int) % 4 == 0]
    given = votes.label.str.split("|")
    names = sorted({name for each in given for name in each if name})
    parts = [
        votes.assign(record_id=votes.record_id + " " + name, label=["yes" if name in each else "no" for each in given])
        for name in names
    ]
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """A crowd to simulate: records of each label, how often each reader is right, how many read a record."""

    records: tuple[int, ...]
    readers: tuple[float, ...]
    each: int


CROWDS = {
    "simulated: one worse than chance": Crowd(records=(100, 100), readers=(0.9, 0.8, 0.85, 0.25, 0.75), each=3),
    "simulated: two readers": Crowd(records=(100, 100), readers=(0.85, 0.75), each=2),
    "simulated: two readers, four labels": Crowd(records=(50, 50, 50, 50), readers=(0.85, 0.75), each=2),
    "simulated: 3 of 45, three readers": Crowd(records=(3, 21, 21), readers=(0.9, 0.85, 0.8), each=3),
    "simulated: 3 of 45, two readers": Crowd(records=(3, 42), readers=(0.9, 0.85), each=2),
}


def _simulated(crowd: Crowd, draws: int) -> Callable[[], Iterator[Case]]:
    def cases() -> Iterator[Case]:
        for draw in range(draws):
            yield _votes(crowd, np.random.default_rng(draw))

    return cases


def _votes(crowd: Crowd, rng: np.random.Generator) -> Case:
    labels = [chr(ord("a") + i) for i in range(len(crowd.records))]
    truth = [label for label, n in zip(labels, crowd.records, strict=True) for _ in range(n)]
    rows = []
    for i, true in enumerate(truth):
        for reader in rng.choice(len(crowd.readers), crowd.each, replace=False):
            others = [label for label in labels if label != true]
            said = true if rng.random() < crowd.readers[reader] else str(rng.choice(others))
            rows.append((f"r{i:03}", f"w{reader}", said))
    gold = pd.Series(truth, index=[f"r{i:03}" for i in range(len(truth))])
    return Case(votes=pd.DataFrame(rows, columns=["record_id", "reviewer", "label"]), gold=gold)
