"""H6: how few labels make a model as accurate as all of them do, beside random, small-text and scikit-activeml.

    python -m benchmarks.active_selection [--data trec banking77 news_noisy] [--seeds 10] [--inverse 1 10] [--json FILE]

Batches of 100, answered with gold; after each, the same logistic regression on the same embeddings is fitted to
convergence for every policy and scored on the test part. A policy that needs a model is given that one. Two cells per
data set: scikit-learn's C at its default of 1, and at 10, where models of few labels are less held back.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression

from benchmarks.encoders import vectors_of
from benchmarks.result_file import kept
from curation.selection import next_records
from evaluation.intervals import percentile_ends, resampled_values

Ints = npt.NDArray[np.intp]
Vectors = npt.NDArray[np.float32]
DATA = ("trec", "banking77", "news_noisy")
BATCH, LONGEST = 100, 0.36  # records between two fits; share of the pool after which a policy has failed
GOAL = 0.35


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Records whose labels can be bought, and a test part."""

    vectors: Vectors
    gold: Ints
    test_vectors: Vectors
    test_gold: Ints

    @property
    def n_classes(self) -> int:
        """Labels there are."""
        return int(self.gold.max()) + 1


@dataclass(frozen=True, kw_only=True)
class State:
    """What a policy may look at.

    Attributes:
        vectors: (n, d).
        codes: (n,) the labels bought so far, -1 for none.
        n_classes: Labels there are.
        model: Fitted on them; None before the first batch.
        size: Records to choose.
        seed: Of this run.
    """

    vectors: Vectors
    codes: Ints
    n_classes: int
    model: LogisticRegression | None
    size: int
    seed: int

    @property
    def open(self) -> Ints:
        """Records without a label."""
        return np.flatnonzero(self.codes < 0)

    @property
    def rng(self) -> np.random.Generator:
        """Randomness that differs from batch to batch and is the same in every run of a seed."""
        return np.random.default_rng([self.seed, len(self.open)])


Policy = Callable[[State], Ints]


def pool(data: Path, name: str) -> Pool:
    train, test = (
        pd.read_csv(data / name / file) for file in ("train.csv" if name != "news_noisy" else "items.csv", "test.csv")
    )
    if name == "news_noisy":
        train = train.drop(columns="label").merge(pd.read_csv(data / name / "gold.csv"), on="id", validate="one_to_one")
    number = {label: i for i, label in enumerate(sorted(train.label.unique()))}
    file = f"{name}_items" if name == "news_noisy" else f"{name}_train"
    return Pool(
        vectors=vectors_of(file, train.text.tolist()),
        gold=train.label.map(number).to_numpy(dtype=np.intp),
        test_vectors=vectors_of(f"{name}_test", test.text.tolist()),
        test_gold=test.label.map(number).to_numpy(dtype=np.intp),
    )


def twofold(state: State) -> Ints:
    known = None if state.model is None else KnownClassifier(state.model, state.n_classes)
    found = next_records(
        state.vectors,
        state.codes,
        n_classes=state.n_classes,
        size=state.size,
        pred_probs=None if known is None else known.predict_proba(state.vectors),
        seed=state.seed,
    )
    return found.order[: state.size]


def at_random(state: State) -> Ints:
    return state.rng.choice(state.open, state.size, replace=False)


class KnownClassifier:
    """The fitted model, spoken to the way small-text does; labels without a record get probability 0."""

    def __init__(self, model: LogisticRegression, n_classes: int) -> None:
        self._model, self._n_classes = model, n_classes

    def predict_proba(self, vectors: Vectors) -> npt.NDArray[np.float64]:
        """Return (n, labels) probabilities."""
        probs = np.zeros((len(vectors), self._n_classes))
        probs[:, self._model.classes_] = self._model.predict_proba(vectors)
        return probs


def small_text(name: str) -> Policy:
    """Return one of small-text's strategies; it starts from a random batch, as its tutorials do."""
    import small_text

    strategy = getattr(small_text, name)()

    def choose(state: State) -> Ints:
        if state.model is None:
            return at_random(state)
        known = np.flatnonzero(state.codes >= 0)
        classifier = KnownClassifier(state.model, state.n_classes)
        return np.asarray(
            strategy.query(classifier, state.vectors, state.open, known, state.codes[known], n=state.size)
        )

    return choose


def activeml(name: str, *, first: Policy = at_random, **options: Any) -> Policy:
    """Return one of scikit-activeml's strategies, after a first batch chosen by `first`."""
    from skactiveml import pool as strategies
    from skactiveml.classifier import SklearnClassifier

    def choose(state: State) -> Ints:
        if state.model is None:
            return first(state)
        strategy = getattr(strategies, name)(missing_label=-1, random_state=state.seed, **options)
        classifier = SklearnClassifier(state.model, classes=list(range(state.n_classes)), missing_label=-1)
        classifier.fit(state.vectors, state.codes)
        return np.asarray(strategy.query(state.vectors, state.codes, classifier, fit_clf=False, batch_size=state.size))

    return choose


def typical_clusters(state: State) -> Ints:
    """scikit-activeml's answer to the cold start (TypiClust)."""
    from skactiveml.pool import TypiClust

    strategy = TypiClust(missing_label=-1, random_state=state.seed)
    return np.asarray(strategy.query(state.vectors, state.codes, batch_size=state.size))


def policies() -> dict[str, Policy]:
    return {
        "twofold": twofold,
        "random": at_random,
        "small-text BreakingTies": small_text("BreakingTies"),
        "scikit-activeml Falcun": activeml("Falcun"),
        "scikit-activeml TypiClust, then margin": activeml(
            "UncertaintySampling", method="margin_sampling", first=typical_clusters
        ),
    }


def classifier(inverse: float) -> LogisticRegression:
    return LogisticRegression(C=inverse, max_iter=2000, warm_start=True)


def refitted(model: LogisticRegression | None, vectors: Vectors, codes: Ints, inverse: float) -> LogisticRegression:
    """Fit to convergence, from where the last fit ended if there are no new labels."""
    fresh = model is None or len(model.classes_) < len(np.unique(codes))
    return (classifier(inverse) if fresh else model).fit(vectors, codes)


def curve(source: Pool, policy: Policy, *, seed: int, inverse: float) -> list[float]:
    """Return the accuracy on the test part after every batch."""
    codes = np.full(len(source.gold), -1, dtype=np.intp)
    model, found = None, []
    for _ in range(int(LONGEST * len(codes)) // BATCH):
        state = State(
            vectors=source.vectors, codes=codes.copy(), n_classes=source.n_classes, model=model, size=BATCH, seed=seed
        )
        chosen = policy(state)
        if len(np.unique(chosen)) != BATCH or (codes[chosen] >= 0).any():
            raise ValueError(f"expected {BATCH} different records without a label, got {np.sort(chosen)}")
        codes[chosen] = source.gold[chosen]
        known = codes >= 0
        model = refitted(model, source.vectors[known], codes[known], inverse)
        found.append(float(model.score(source.test_vectors, source.test_gold)))
    return found


def labels_needed(curves: npt.NDArray[np.float64], whole: float, n: int) -> float:
    """Return the share of the pool after which the mean curve first reaches `whole`; 1 where it never does."""
    reached = np.flatnonzero(curves.mean(axis=0) >= whole - 1e-9)
    return (reached[0] + 1) * BATCH / n if len(reached) else 1.0


def over_seeds(measure: Callable[[Ints], float], seeds: int, *, draws: int = 1000) -> tuple[float, float]:
    """Return the 95% bootstrap interval of a measure of some runs; runs resampled, the same ones for every policy."""
    return percentile_ends(resampled_values(measure, seeds, seed=0, resamples=draws))


def measure(source: Pool, name: str, *, seeds: int, inverse: float) -> dict[str, Any]:
    whole = float(classifier(inverse).fit(source.vectors, source.gold).score(source.test_vectors, source.test_gold))
    n, curves, seconds = len(source.gold), {}, {}
    for policy, choose in policies().items():
        started = time.perf_counter()
        curves[policy] = np.array([curve(source, choose, seed=seed, inverse=inverse) for seed in range(seeds)])
        seconds[policy] = (time.perf_counter() - started) / seeds
    needed = {policy: labels_needed(found, whole, n) for policy, found in curves.items()}
    show(name, curves, needed, seconds, whole=whole, n=n)
    ours, chance = curves["twofold"], curves["random"]
    worst = int((ours - chance).mean(axis=0).argmin())
    peer = min((policy for policy in needed if policy not in ("twofold", "random")), key=lambda p: needed[p])
    least = float((ours - chance)[:, worst].mean())
    return {
        "value": round(needed["twofold"], 3),
        "baseline": round(needed[peer], 3),
        "peer": peer,
        "interval": over_seeds(lambda runs: labels_needed(ours[runs], whole, n), seeds),
        "goal": GOAL,
        "met": bool(needed["twofold"] <= GOAL and least >= 0),
        "least gain over random": round(least, 4),
        "interval of that": over_seeds(lambda runs: float((ours - chance)[runs, worst].mean()), seeds),
        "mean gain over random": round(float((ours - chance).mean()), 4),
        "mean gain over the peer": round(float((ours - curves[peer]).mean()), 4),
        "interval of the gain over the peer": over_seeds(lambda runs: float((ours - curves[peer])[runs].mean()), seeds),
        "seeds": seeds,
    }


def show(
    name: str,
    curves: Mapping[str, npt.NDArray[np.float64]],
    needed: Mapping[str, float],
    seconds: Mapping[str, float],
    *,
    whole: float,
    n: int,
) -> None:
    steps = len(curves["twofold"][0])
    print(f"\nH6 {name}: accuracy by share of {n} labels (mean over runs); all of them: {whole:.4f}")
    table = pd.DataFrame({policy: found.mean(axis=0) for policy, found in curves.items()}).T.round(4)
    table.columns = [f"{(i + 1) * BATCH / n:.0%}" for i in range(steps)]
    table["needed"] = [f"{needed[policy]:.1%}" if needed[policy] < 1 else f"> {LONGEST:.0%}" for policy in table.index]
    table["s/run"] = [round(seconds[policy], 1) for policy in table.index]
    print(table.to_string(), flush=True)


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--inverse", type=float, nargs="+", default=[1.0, 10.0], help="scikit-learn's C")
    parser.add_argument("--json", type=Path, help="write the goals here")
    options = parser.parse_args(arguments)
    warnings.filterwarnings("ignore", module="sklearn|skactiveml")
    results = {}
    for name, inverse in product(options.data, options.inverse):
        started = time.perf_counter()
        source = pool(Path(os.environ["TWOFOLD_DATA"]), name)
        found = measure(source, f"{name}, C = {inverse:g}", seeds=options.seeds, inverse=inverse)
        asked = f"--data {name} --seeds {options.seeds} --inverse {inverse:g}"
        seconds = round(time.perf_counter() - started, 1)
        cell = f"H6 {name}" + (f" C={inverse:g}" if inverse != 1 else "")
        results[cell] = found | {"seconds": seconds, "command": f"python -m benchmarks.active_selection {asked}"}
        print(json.dumps({cell: results[cell]}), flush=True)
    return kept(results, options.json)


if __name__ == "__main__":
    main()
