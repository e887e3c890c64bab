"""H2: 1,000 of the labels of `news_noisy` are reviewed and answered with gold; how far does that move the model?

    python -m benchmarks.closed_loop [--seeds 5] [--json FILE]

Batches of 100, a refit after each. Scored by scikit-learn's logistic regression at its defaults on the embeddings,
trained on the corrected labels (cell "plain"), and with labels that nobody has reviewed and that look wrong replaced
by the suggested one ("replaced", the same treatment for every policy).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression

from benchmarks.encoders import vectors_of
from benchmarks.label_errors import Labelled, news
from benchmarks.result_file import kept
from curation.quality import LabelQuality, NearestNeighbours, label_quality, nearest_neighbours
from curation.selection import Forecast, forecast, next_records
from evaluation.intervals import percentile_ends, resampled_values
from training import out_of_fold

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.intp]
BATCH, REVIEWS = 100, 1000
TREATED = (0, 500, 1000)  # reviews after which the cell "replaced" is measured
GOAL = 0.9


@dataclass(frozen=True, kw_only=True)
class News:
    """The labels to be reviewed, and the test part."""

    items: Labelled
    graph: NearestNeighbours
    test_vectors: npt.NDArray[np.float32]
    test_gold: Ints

    def right(self, labels: Ints) -> Bools:
        """Train on `labels`; return (m,) true where the test record is told rightly."""
        model = LogisticRegression(max_iter=300).fit(self.items.vectors, labels)
        return np.asarray(model.predict(self.test_vectors) == self.test_gold)

    def quality(self, labels: Ints, reviewed: Bools, seed: int) -> LabelQuality:
        """Score the labels as they stand, of which some are reviewed."""
        items = self.items
        return label_quality(
            labels,
            texts=items.texts,
            embeddings=items.vectors,
            n_classes=len(items.names),
            neighbours=self.graph,
            before=np.where(reviewed, items.given, -1),
            seed=seed,
        )

    def probabilities(self, labels: Ints, seed: int) -> Floats:
        """Return what the peers start from: logistic regression on the embeddings, out of fold."""
        return out_of_fold(self.items.vectors, labels, n_classes=len(self.items.names), seed=seed)


def read(data: Path) -> News:
    test, items = pd.read_csv(data / "news_noisy" / "test.csv"), news(data)
    return News(
        items=items,
        graph=nearest_neighbours(items.vectors, k=100),
        test_vectors=vectors_of("news_noisy_test", test.text.tolist()),
        test_gold=test.label.map({label: i for i, label in enumerate(items.names)}).to_numpy(dtype=np.intp),
    )


# From the labels as they stand (n,), who has been reviewed (n,), and the seed, to doubts (n,): high = look here.
Policy = Callable[[News, Ints, Bools, int], Floats]


def twofold(source: News, labels: Ints, reviewed: Bools, seed: int) -> Floats:
    right = source.quality(labels, reviewed, seed).score
    return next_records(
        source.items.vectors,
        labels,
        n_classes=len(source.items.names),
        size=BATCH,
        candidates=~reviewed,
        right=right,
        seed=seed,
    ).doubt


def at_random(source: News, labels: Ints, reviewed: Bools, seed: int) -> Floats:
    return np.random.default_rng([seed, int(reviewed.sum())]).random(len(labels))


def self_confidence(source: News, labels: Ints, reviewed: Bools, seed: int) -> Floats:
    """Score labels by self-confidence, as cleanlab does."""
    return 1 - source.probabilities(labels, seed)[np.arange(len(labels)), labels]


def self_confidence_once(source: News, labels: Ints, reviewed: Bools, seed: int) -> Floats:
    """The same without a refit: the order of before the first review."""
    return self_confidence(source, source.items.given, reviewed, seed)


def activelab(source: News, labels: Ints, reviewed: Bools, seed: int) -> Floats:
    """Score labels by ActiveLab (cleanlab): the given labels are one annotator, the reviewer is another."""
    from cleanlab.multiannotator import get_active_learning_scores

    votes = pd.DataFrame({"given": source.items.given.astype(float)})
    if reviewed.any():
        votes["reviewer"] = np.where(reviewed, labels, np.nan)
    scores, _ = get_active_learning_scores(votes, source.probabilities(labels, seed))
    return 1 - np.asarray(scores)


POLICIES: Mapping[str, Policy] = {
    "twofold": twofold,
    "random": at_random,
    "self-confidence, one shot": self_confidence_once,
    "self-confidence, refitted": self_confidence,
    "ActiveLab, refitted": activelab,
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One policy, one seed.

    Attributes:
        right: Per batch boundary, (m,) true where the test record is told rightly; the cell "plain".
        replaced: The same by number of reviews, the cell "replaced".
        fixed: Wrong labels found so far, per batch boundary.
        forecasts: What each batch was said to bring before it was reviewed.
    """

    right: list[Bools]
    replaced: Mapping[int, Bools]
    fixed: list[int]
    forecasts: list[Forecast]

    @property
    def accuracies(self) -> list[float]:
        """The curve of the cell "plain"."""
        return [float(right.mean()) for right in self.right]


def loop(source: News, policy: Policy, seed: int) -> Run:
    labels, gold = source.items.given.copy(), source.items.gold
    reviewed = np.zeros(len(labels), dtype=bool)
    past_doubt: list[float] = []
    past_wrong: list[bool] = []
    right, replaced, fixed, forecasts = [source.right(labels)], {}, [0], []
    for done in range(0, REVIEWS + 1, BATCH):
        if done in TREATED:
            replaced[done] = source.right(_replaced(source, labels, reviewed, seed))
        if done == REVIEWS:
            break
        doubt = np.where(reviewed, -1.0, policy(source, labels, reviewed, seed))
        batch = np.argsort(-doubt, kind="stable")[:BATCH]
        forecasts.append(forecast(np.clip(doubt[batch], 0, 1), past_doubt=past_doubt, past_wrong=past_wrong))
        past_doubt += np.clip(doubt[batch], 0, 1).tolist()
        past_wrong += (labels[batch] != gold[batch]).tolist()
        labels[batch], reviewed[batch] = gold[batch], True
        right.append(source.right(labels))
        fixed.append(sum(past_wrong))
    return Run(right=right, replaced=replaced, fixed=fixed, forecasts=forecasts)


def _replaced(source: News, labels: Ints, reviewed: Bools, seed: int) -> Ints:
    found = source.quality(labels, reviewed, seed)
    return np.where(found.is_issue & ~reviewed, found.suggested, labels).astype(np.intp)


def recovered(rights: Sequence[Bools], noisy: Bools, gold: Bools, rows: Ints | slice = slice(None)) -> float:
    """Return the share of the gap between noisy and gold labels that is closed, the mean over runs."""
    reached = np.mean([right[rows].mean() for right in rights])
    return float((reached - noisy[rows].mean()) / (gold[rows].mean() - noisy[rows].mean()))


def interval(measure: Callable[[Ints], float], n: int, *, draws: int = 1000) -> list[float]:
    """Return the 95% bootstrap interval of a measure; test records resampled, the same ones for every policy."""
    found = resampled_values(measure, n, seed=0, resamples=draws)
    return [round(end, 4) for end in percentile_ends(found)]


def show(runs: Mapping[str, Sequence[Run]], noisy: Bools, gold: Bools) -> None:
    print(f"\nH2 test accuracy by reviews (mean over runs), {noisy.mean():.4f} noisy, {gold.mean():.4f} gold")
    curves = {name: np.mean([run.accuracies for run in found], axis=0) for name, found in runs.items()}
    table = pd.DataFrame(curves, index=range(0, REVIEWS + 1, BATCH)).T.round(4)
    table["recovered"] = [f"{recovered([run.right[-1] for run in found], noisy, gold):.1%}" for found in runs.values()]
    table["errors found"] = [np.mean([run.fixed[-1] for run in found]) for found in runs.values()]
    print(table.to_string())
    print("\nunreviewed labels that look wrong replaced, by any policy's reviews")
    treated = {
        name: {done: round(float(np.mean([run.replaced[done].mean() for run in found])), 4) for done in TREATED}
        | {"recovered": f"{recovered([run.replaced[REVIEWS] for run in found], noisy, gold):.1%}"}
        for name, found in runs.items()
    }
    print(pd.DataFrame(treated).T.to_string(), flush=True)


def show_forecasts(found: Sequence[Run]) -> dict[str, float]:
    """Print what each batch was said to bring and what it brought; return the mean errors."""
    rows = [
        {
            "seed": seed,
            "reviews": i * BATCH,
            "said": said.wrong,
            "low": said.low,
            "high": said.high,
            "found": run.fixed[i + 1] - run.fixed[i],
            "gain said": said.wrong * (run.accuracies[i] - run.accuracies[0]) / run.fixed[i] if i else np.nan,
            "gain": run.accuracies[i + 1] - run.accuracies[i],
        }
        for seed, run in enumerate(found)
        for i, said in enumerate(run.forecasts)
    ]
    table = pd.DataFrame(rows)
    print(
        "\nwhat the next 100 reviews would bring, said before (wrong labels with interval, accuracy), and what they did"
    )
    print(table.drop(columns="seed").groupby("reviews").mean().round(4).to_string())
    inside = (table.found >= table.low) & (table.found <= table.high)
    return {
        "mean absolute error, wrong labels": float((table.said - table.found).abs().mean()),
        "found inside the interval": float(inside.mean()),
        "mean absolute error, accuracy": float((table["gain said"] - table.gain).abs().mean()),
        "the same if no gain is said": float(table.gain[table.reviews > 0].abs().mean()),
    }


def summary(runs: Mapping[str, Sequence[Run]], noisy: Bools, gold: Bools, *, treated: bool) -> dict[str, Any]:
    last = {
        name: [run.replaced[REVIEWS] if treated else run.right[-1] for run in found] for name, found in runs.items()
    }
    shares = {name: recovered(rights, noisy, gold) for name, rights in last.items()}
    peer = max((name for name in shares if name != "twofold"), key=lambda name: shares[name])

    def gain(rows: Ints) -> float:
        return float(
            np.mean([a[rows].mean() - b[rows].mean() for a, b in zip(last["twofold"], last[peer], strict=True)])
        )

    return {
        "value": round(shares["twofold"], 4),
        "interval": interval(lambda rows: recovered(last["twofold"], noisy, gold, rows), len(noisy)),
        "baseline": round(shares[peer], 4),
        "peer": peer,
        "accuracy": round(float(np.mean(last["twofold"])), 4),
        "gain over the peer in accuracy": round(gain(np.arange(len(noisy))), 4),
        "interval of that": interval(gain, len(noisy)),
        "goal": GOAL,
        "met": bool(shares["twofold"] >= GOAL),
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the goals here")
    options = parser.parse_args(arguments)
    started, source = time.perf_counter(), read(Path(os.environ["TWOFOLD_DATA"]))
    noisy, gold = source.right(source.items.given), source.right(source.items.gold)
    runs = {}
    for name, policy in POLICIES.items():
        runs[name] = [loop(source, policy, seed) for seed in range(options.seeds)]
        print(f"{name}: {np.mean([run.accuracies for run in runs[name]], axis=0).round(4).tolist()}", flush=True)
    show(runs, noisy, gold)
    said = {key: round(value, 4) for key, value in show_forecasts(runs["twofold"]).items()}
    more = {
        "seeds": options.seeds,
        "seconds": round(time.perf_counter() - started, 1),
        "command": f"python -m benchmarks.closed_loop --seeds {options.seeds}",
    }
    results = {
        "H2": summary(runs, noisy, gold, treated=False) | {"forecast": said} | more,
        "H2 replaced": summary(runs, noisy, gold, treated=True) | more,
    }
    print(json.dumps(results, indent=1), flush=True)
    return kept(results, options.json)


if __name__ == "__main__":
    main()
