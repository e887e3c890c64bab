"""Bias that was planted, and data without any: what is found, how large it is said to be, how often chance is blamed.

    python -m benchmarks.planted_bias [--draws 200] [--cache DIR] [--json FILE]

Every case is drawn anew `--draws` times; the two that run the label check, or train a model, a tenth as often. A clean
draw with anything found is a false alarm; the stated rate is .05. `offensiveness_ratings` is shown as it is: readers by
gender, race, age and education: each column alone, and with the others held fixed. Beside our test of readers stands
what is often done, a test of ratings as if each came from another person.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import false_discovery_control, ttest_ind

from benchmarks.drawing import drawing
from benchmarks.result_file import kept
from curation.bias import (
    Findings,
    label_balance,
    noise_by_group,
    reader_groups,
    representativeness,
    reweighting,
    surface_cues,
)
from evaluation.intervals import wilson_interval

LEVEL = 0.05
NAMES = ("fees", "cards", "loans", "post", "weather", "sport", "music", "food")
COLUMNS = ("gender", "race", "age", "education")
Floats = npt.NDArray[np.float64]
Seen = tuple[bool, tuple[float, float, float], float]  # found, value with its interval, what was planted


@dataclass(frozen=True, kw_only=True)
class Case:
    """A bias that can be planted.

    Attributes:
        name: What it is.
        planted: Seed -> whether it was found, with which size, and what was planted.
        clean: Seed -> what was found where nothing was planted.
        share: Of the draws.
    """

    name: str
    planted: Callable[[int], Seen]
    clean: Callable[[int], Sequence[Any]]
    share: float = 1.0


def only(found: Findings[Any], **wanted: Any) -> Any:
    return next(row for row in found.rows if all(getattr(row, name) == value for name, value in wanted.items()))


def labels_by_group(seed: int, planted: float = 0.0, n: int = 800) -> Findings[Any]:
    """Labels of which a share of `planted` goes from one to another in one of four groups."""
    rng = np.random.default_rng(seed)
    group, age = rng.choice([*"abcd"], n, p=[0.15, 0.35, 0.25, 0.25]), rng.choice(["old", "young"], n)
    labels = rng.choice(["x", "y", "z"], n, p=[0.4, 0.3, 0.3])
    turned = (group == "a") & (labels == "x") & (rng.random(n) < planted / 0.4)
    return label_balance(np.where(turned, "y", labels).tolist(), by={"group": group.tolist(), "age": age.tolist()})


def planted_labels(seed: int) -> Seen:
    row = only(labels_by_group(seed, 0.2), group="a", label="y")
    return row.is_found, row.difference.numbers, 0.2


def reader_votes(seed: int, planted: float = 0.0, readers: int = 80, items: int = 100, each: int = 12) -> pd.DataFrame:
    """Ratings 1 to 7 by readers who differ from each other by .6 points (standard deviation)."""
    rng = np.random.default_rng(seed)
    item = np.concatenate([rng.choice(items, each, replace=False) for _ in range(readers)])
    reader = np.repeat(np.arange(readers), each)
    group, town = rng.random(readers) < 0.4, rng.integers(0, 3, readers)
    mean = rng.normal(3.5, 0.8, items)[item] + rng.normal(0, 0.6, readers)[reader] + planted * group[reader]
    rating = np.clip(np.rint(mean + rng.normal(0, 0.7, len(item))), 1, 7)
    pay = np.where(rng.random(readers) < 0.75, group, ~group)  # goes with the group, and changes nothing
    known = {"group": group[reader], "town": town[reader], "pay": pay[reader]}
    return pd.DataFrame({"item": item, "reader": reader, "rating": rating, **known})


def readers_by_group(seed: int, planted: float = 0.0, beside: str = "town") -> Findings[Any]:
    v = reader_votes(seed, planted)
    by = {"group": np.where(v.group, "old", "young"), beside: v[beside]}
    return reader_groups(v.rating, items=v["item"], readers=v.reader, by=by, permutations=1999, seed=seed)


def planted_readers(seed: int) -> Seen:
    row = only(readers_by_group(seed, 0.6), group="old")
    return row.is_found, row.difference.numbers, 0.6


def planted_beside_pay(seed: int) -> Seen:
    row = only(readers_by_group(seed, 0.6, beside="pay"), group="old")
    return row.stays, row.held_fixed.numbers, 0.6


def blamed_for_it(seed: int, *, alone: bool = False) -> Sequence[Any]:
    """Return the groups by pay that are found where the other column makes the difference."""
    rows = readers_by_group(seed, 0.6, beside="pay").rows
    return [row for row in rows if row.by == "pay" and (row.is_found if alone else row.stays)]


def style(seed: int, share: float = 0.0, n: int = 400) -> Findings[Any]:
    """Texts of random words; of one label, a share ends in an exclamation mark."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(["x", "y"], n)
    words = np.array(["card", "Bank", "rate", "today", "why?", "fee", "24", "yes!", "PIN", "help"])
    texts = [" ".join(rng.choice(words, rng.integers(5, 12))) for _ in range(n)]
    marked = (labels == "x") & (rng.random(n) < share)
    return surface_cues([f"{text} !" if m else text for text, m in zip(texts, marked, strict=True)], labels.tolist())


TRUE_STYLE: dict[str, float] = {}


def planted_style(seed: int) -> Seen:
    cue = {"label": "x", "cue": "exclamation marks"}
    if not TRUE_STYLE:  # what it is, of as many texts as it takes
        TRUE_STYLE["higher"] = only(style(10_000, 0.4, n=20_000), **cue).higher.numbers[0]
    row = only(style(seed, 0.4), **cue)
    return row.is_found, row.higher.numbers, TRUE_STYLE["higher"]


class Noise:
    """Labels of `trec` and whether they are doubted, where a quarter of the records had some flipped."""

    def __init__(self, cache: Path | None, n: int = 1500) -> None:
        from training import embed

        data = pd.read_csv(Path(os.environ["TWOFOLD_DATA"]) / "trec" / "train.csv").sample(n, random_state=1)
        self.texts, self.codes = list(data.text), pd.factorize(data.label)[0]
        self.vectors = embed(self.texts, cache_dir=cache)

    def found(self, seed: int, flipped: float) -> tuple[Findings[Any], float]:
        from curation.quality import label_quality

        rng, n, k = np.random.default_rng(seed), len(self.codes), int(self.codes.max()) + 1
        group = rng.random(n) < 0.25
        wrong = group & (rng.random(n) < flipped)
        given = np.where(wrong, (self.codes + rng.integers(1, k, n)) % k, self.codes)
        quality = label_quality(given, embeddings=self.vectors, texts=self.texts, seed=seed)
        source = np.where(group, "mail", "chat").tolist()
        return noise_by_group(quality.is_issue, by={"source": source}), float(wrong[group].mean())

    def planted(self, seed: int) -> Seen:
        found, share = self.found(seed, 0.15)
        row = only(found, group="mail")
        return row.is_found, row.difference.numbers, share

    def clean(self, seed: int) -> Sequence[Any]:
        return self.found(seed, 0.0)[0].found


def regions(seed: int, scale: float = 1.0, topics: int = len(NAMES)) -> Findings[Any]:
    """500 records and 300 of the stream in eight clouds; the data have `scale` times its share of one of them."""
    rng = np.random.default_rng(seed)
    first = scale / topics
    shares = np.r_[first, np.full(topics - 1, (1 - first) / (topics - 1))]

    def sample(n: int, p: Floats) -> tuple[Floats, list[str]]:
        topic = rng.choice(topics, n, p=p)
        return np.eye(topics)[topic] + rng.normal(0, 0.15, (n, topics)), [f"text {NAMES[i]} {NAMES[i]}" for i in topic]

    (data, texts), (stream, others) = sample(500, shares), sample(300, np.full(topics, 1 / topics))
    return representativeness(data, stream, texts=texts, reference_texts=others, seed=seed)


def planted_region(seed: int) -> Seen:
    found = regions(seed, 0.25)
    rows = [row for row in found.rows if NAMES[0] in row.words]
    if not rows:  # it was cut into a region with others
        return False, (np.nan, np.nan, np.nan), 0.25
    row = max(rows, key=lambda row: row.reference)
    return row.is_found, row.ratio.numbers, 0.25


def cases(cache: Path | None) -> list[Case]:
    noise = Noise(cache)
    by_labels, by_readers, by_style, by_regions = map(_found, (labels_by_group, readers_by_group, style, regions))
    return [
        Case(name="labels by group, +20 points", planted=planted_labels, clean=by_labels),
        Case(name="readers by group, +.6 points", planted=planted_readers, clean=by_readers),
        Case(name="the same, pay goes with it: held fixed", planted=planted_beside_pay, clean=blamed_for_it),
        Case(name="exclamation marks in 40% more", planted=planted_style, clean=by_style),
        Case(name="15% of a group's labels flipped", planted=noise.planted, clean=noise.clean, share=0.1),
        Case(name="a region at a quarter of its share", planted=planted_region, clean=by_regions),
    ]


def _found(compare: Callable[[int], Findings[Any]]) -> Callable[[int], Sequence[Any]]:
    return lambda seed: compare(seed).found


def measured(case: Case, draws: int) -> dict[str, Any]:
    n = max(5, round(case.share * draws))
    seen = [case.planted(seed) for seed in range(n)]
    clean = sum(bool(case.clean(seed)) for seed in range(n))
    planted, value = (float(np.nanmean(one)) for one in ([s[2] for s in seen], [s[1][0] for s in seen]))
    held = sum(low <= truth <= high for _, (_, low, high), truth in seen)
    alarms = wilson_interval(clean, n)
    rows = {"draws": n, "found": sum(s[0] for s in seen) / n, "planted": planted, "said": value, "held": held / n}
    print(
        f"  {case.name:38} found {rows['found']:5.0%}   planted {planted:.3f}, said {value:.3f}, "
        f"interval holds it {rows['held']:5.1%}   false alarms {clean}/{n} [{alarms.low:.3f}, {alarms.high:.3f}]",
        flush=True,
    )
    return {**rows, "false alarms": clean / n, "interval": [alarms.low, alarms.high]}


def of_ratings(seed: int) -> bool:
    """Whether a t-test of ratings, as if each came from another person, finds a group where there is none."""
    v = reader_votes(seed)
    groups = [v.group, *(v.town == town for town in range(3))]
    return bool(false_discovery_control([ttest_ind(v.rating[g], v.rating[~g]).pvalue for g in groups]).min() <= LEVEL)


def offensiveness() -> dict[str, Any]:
    v = pd.read_csv(Path(os.environ["TWOFOLD_DATA"]) / "offensiveness_ratings" / "ratings.csv")
    found = reader_groups(v.rating, items=v["item"], readers=v.rater, by={name: v[name] for name in COLUMNS})
    n = v.rater.nunique()
    print(f"\noffensiveness_ratings: {len(v):,} ratings (1 to 5) of {v['item'].nunique():,} texts by {n} readers")
    head = ("column", "group", "readers", "points beside the others [95%]", "p", "q")
    print(f"| {' | '.join((*head, 'other columns held fixed [95%]', 'p', 'q', 'ratings as persons: p'))} |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for row in found.rows:
        group = (v[row.by].astype(str) == row.group).to_numpy()
        naive = ttest_ind(v.rating[group], v.rating[~group]).pvalue
        alone, held = ("{:+.2f} [{:+.2f}, {:+.2f}]".format(*each.numbers) for each in (row.difference, row.held_fixed))
        print(
            f"| {row.by} | {row.group} | {row.persons} | {alone} | {row.p_value:.3f} | {row.q_value:.3f} "
            f"| {held} | {row.held_fixed_p_value:.3f} | {row.held_fixed_q_value:.3f} | {naive:.1g} |"
        )
    print(f"nothing is said of {', '.join(f'{name} ({size})' for name, size in found.too_small.items())}")
    stay = sum(row.stays for row in found.rows)
    said = {"comparisons": len(found.rows), "found": len(found.found), "found, others held fixed": stay}
    return {**said, "smallest q": found.rows[0].q_value}


def reweighted(draws: int) -> list[float]:
    """Return the accuracy on unbiased records of a model that learned from biased ones, without and with weights."""
    from sklearn.linear_model import LogisticRegression

    def sample(rng: np.random.Generator, n: int, goes_with: float) -> tuple[Floats, npt.NDArray[Any], npt.NDArray[Any]]:
        labels = rng.integers(0, 2, n)
        group = np.where(rng.random(n) < goes_with, labels, 1 - labels)
        return np.column_stack([labels + rng.normal(0, 1.0, n), group]), labels, group

    scores = []
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        features, labels, group = sample(rng, 1000, 0.9)
        test, truth, _ = sample(rng, 4000, 0.5)
        weights = (None, reweighting(labels, group).weights)
        scores.append([LogisticRegression().fit(features, labels, sample_weight=w).score(test, truth) for w in weights])
    gain = np.diff(scores, axis=1)[:, 0]
    without, with_weights = np.mean(scores, axis=0)
    low, high = np.quantile(gain, [0.025, 0.975])
    said = f"{gain.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
    print(f"\nreweighting: accuracy {without:.3f} without, {with_weights:.3f} with; {said}")
    return [float(without), float(with_weights)]


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    args: argparse.Namespace = drawing(__doc__, arguments, draws=200)
    warnings.filterwarnings("ignore")
    started = time.perf_counter()
    print("planted and clean cases")
    found = {case.name: measured(case, args.draws) for case in cases(args.cache)}
    naive = np.mean([of_ratings(seed) for seed in range(args.draws)])
    print(f"  readers by group, ratings tested as if each came from another person: false alarms {naive:.0%}")
    blamed = np.mean([bool(blamed_for_it(seed, alone=True)) for seed in range(args.draws)])
    print(f"  readers by group, pay goes with it, each column alone: pay is blamed in {blamed:.0%}")
    ratings, accuracy = offensiveness(), reweighted(max(5, args.draws // 10))
    draws = sum(case["draws"] for case in found.values())
    alarms = wilson_interval(sum(round(case["false alarms"] * case["draws"]) for case in found.values()), draws)
    print(f"\nfalse alarms in all clean draws: {alarms.value:.3f} [{alarms.low:.3f}, {alarms.high:.3f}]")
    result = {
        "value": alarms.value,
        "interval": [alarms.low, alarms.high],
        "baseline": round(float(naive), 4),
        "goal": LEVEL,
        "met": bool(alarms.value <= LEVEL and all(case["found"] >= 0.8 for case in found.values())),
        "all": {**found, "offensiveness_ratings": ratings, "reweighting": accuracy},
        "seeds": args.draws,
        "seconds": round(time.perf_counter() - started, 1),
        "command": f"python -m benchmarks.planted_bias --draws {args.draws}",
    }
    return kept({"planted bias": result}, args.json)


if __name__ == "__main__":
    main()
