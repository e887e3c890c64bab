"""Bias planted in training records, and what each remedy does to the gap between two groups and to the accuracy.

    python -m benchmarks.bias_mitigation [--draws 20] [--cache DIR] [--json FILE]

A fifth of the stream is in a dialect, made by rules of spelling; which records, is drawn. Of 600 training records of
`sst2` or `trec`, few are in dialect, or nearly all of those carry one label, or readers gave a part of those that one
by mistake. The model is a logistic regression on the frozen packaged encoder. It is tested on 500 other texts, each in
both spellings: the accuracy is that of the stream, the gap that of one spelling less that of the other. Collected
records come from the stream with the right label, as many at random as by target; the queue asks for what a model takes
for what is wanted. Intervals are of the paired
difference from no remedy, over the draws.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t
from sklearn.linear_model import LogisticRegression

from benchmarks.drawing import drawing
from benchmarks.result_file import kept
from curation.augmentation import augment, label_gate
from curation.bias import balance_target, reweighting
from curation.quality import label_quality
from training.vectors.linear import fit_linear

POOL, STREAM, RECORDS, TEST = 5000, 2000, 600, 500  # texts; the last of the pool are the stream, the first for training
SHARE, FEW, SKEWED, FLIPPED, READ = 0.2, 0.02, 0.9, 0.4, 60
OPERATIONS = ("synonym", "typo", "swap", "delete")
SPELLING = {r"\bthe\b": "da", r"th": "d", r"ing\b": "in", r"er\b": "a", r"ck": "k", r"ou": "oo", r"s\b": "z"}
GROUPS = ("standard", "dialect")
BIASES = ("few are in dialect", "dialect goes with a label", "labels of dialect are flipped")
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Cell = tuple[str, int, int]  # a group, a label, and how many records of both are wanted


def in_dialect(text: str) -> str:
    for pattern, spelled in SPELLING.items():
        text = re.sub(pattern, spelled, text)
    return text


class Data:
    """Texts in both spellings, their labels and embeddings; the last ones are for tests."""

    def __init__(self, name: str, cache: Path | None) -> None:
        folder = Path(os.environ["TWOFOLD_DATA"]) / name
        parts = [
            pd.read_csv(folder / f"{part}.csv").sample(n, random_state=1)
            for part, n in (("train", POOL), ("test", TEST))
        ]
        both = pd.concat(parts)
        self.texts = [[*both.text], [in_dialect(text) for text in both.text]]
        self.codes, self.labels = pd.factorize(both.label, sort=True)
        self.cache = cache
        self.vectors = [self.embedded(texts) for texts in self.texts]
        self.favoured = int(np.bincount(self.codes[:POOL]).argmax())

    def embedded(self, texts: Sequence[str]) -> Floats:
        from training import embed

        return embed(texts, cache_dir=self.cache)


@dataclass(frozen=True, kw_only=True)
class Training:
    """What a model learns from.

    Attributes:
        texts: As they are spelled.
        vectors: Of them.
        labels: As they were given.
        right: As they are.
        group: 1 in dialect, 0 else.
    """

    texts: Sequence[str]
    vectors: Floats
    labels: Ints
    right: Ints
    group: Ints

    @classmethod
    def of(cls, data: Data, rows: Ints, group: Ints) -> Training:
        texts = [data.texts[g][row] for row, g in zip(rows, group, strict=True)]
        vectors = np.array([data.vectors[g][row] for row, g in zip(rows, group, strict=True)])
        return cls(texts=texts, vectors=vectors, labels=data.codes[rows], right=data.codes[rows], group=group)

    def with_more(self, other: Training) -> Training:
        joined = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in ("labels", "right")}
        group = np.concatenate([self.group, other.group])
        vectors = np.vstack([self.vectors, other.vectors.reshape(-1, self.vectors.shape[1])])
        return Training(texts=[*self.texts, *other.texts], vectors=vectors, group=group, **joined)


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A biased training part, and the stream from which more can be collected: rows of the data and their groups."""

    data: Data
    training: Training
    stream: Ints
    group: Ints
    seed: int


def planted(data: Data, bias: str, seed: int) -> Planted:
    """Plant one of `BIASES`."""
    rng = np.random.default_rng(seed)
    group = (rng.random(POOL) < SHARE).astype(np.int64)
    order = rng.permutation(POOL - STREAM)
    standard, dialect = (order[group[order] == each] for each in (0, 1))
    n = round(RECORDS * (FEW if bias == BIASES[0] else SHARE))
    if bias == BIASES[1]:
        favoured = data.codes[dialect] == data.favoured
        most = round(n * SKEWED)
        dialect = np.r_[dialect[favoured][:most], dialect[~favoured][: n - most]]
    rows = np.r_[dialect[:n], standard[: RECORDS - n]]
    training = Training.of(data, rows, group[rows])
    if bias == BIASES[2]:
        mistaken = (training.group == 1) & (rng.random(RECORDS) < FLIPPED)
        training = replace(training, labels=np.where(mistaken, data.favoured, training.labels))
    stream = POOL - STREAM + rng.permutation(STREAM)
    return Planted(data=data, training=training, stream=stream, group=group[stream], seed=seed)


def targets(training: Training) -> list[Cell]:
    """Return what gives the dialect its share of the stream; where it has that, what gives it the labels of all."""
    cells = [
        (str(row.group), int(row.label), row.more)
        for row in balance_target(training.labels, np.array(GROUPS)[training.group])
        if row.group == GROUPS[1]
    ]
    missing = SHARE * len(training.labels) - training.group.sum()
    if missing > 1:
        share = np.bincount(training.labels) / len(training.labels)
        cells = [(GROUPS[1], c, round(s * math.ceil(missing / (1 - SHARE)))) for c, s in enumerate(share)]
    return [cell for cell in cells if cell[2]]


def nothing(case: Planted) -> tuple[Training, Floats | None]:
    return case.training, None


def weights(case: Planted) -> tuple[Training, Floats | None]:
    return case.training, reweighting(case.training.labels, case.training.group).weights


def collected_by_target(case: Planted) -> tuple[Training, Floats | None]:
    """Return the training part with what the targets ask for, as far as the stream has it."""
    return collected(case, case.data.codes[case.stream])


def collected_by_queue(case: Planted) -> tuple[Training, Floats | None]:
    """Return it with what a model takes for that, as labels are not known before somebody has read a record."""
    given, group = case.training, case.group
    model = fit_linear(given.vectors, given.labels, inverse_regularization=10.0, steps=1000)
    return collected(case, model.predict(Training.of(case.data, case.stream, group).vectors))


def collected(case: Planted, guess: Ints) -> tuple[Training, Floats | None]:
    found = [case.stream[(case.group == 1) & (guess == label)][:more] for _, label, more in targets(case.training)]
    rows = np.concatenate([*found, np.empty(0, dtype=np.int64)])
    return case.training.with_more(Training.of(case.data, rows, np.ones(len(rows), dtype=np.int64))), None


def collected_at_random(case: Planted) -> tuple[Training, Floats | None]:
    """Return the training part with as many records as come in next."""
    n = len(collected_by_target(case)[0].labels) - RECORDS
    return case.training.with_more(Training.of(case.data, case.stream[:n], case.group[:n])), None


def augmented(case: Planted) -> tuple[Training, Floats | None]:
    """Return the training part with variants of its own records in place of what the targets ask for."""
    given = found = case.training
    model = fit_linear(given.vectors, given.labels, inverse_regularization=10.0, steps=1000)
    for _, label, more in targets(given):
        found = found.with_more(variants(case, label, more, model))
    return found, None


def variants(case: Planted, label: int, more: int, model: LogisticRegression) -> Training:
    """Return at most `more` variants of the records in dialect with that label, those that the gate lets through."""
    given = case.training
    at = np.flatnonzero((given.group == 1) & (given.labels == label))
    texts, codes = [given.texts[n] for n in at], np.searchsorted(model.classes_, given.labels[at])
    made: list[str] = []
    if len(at):
        gate = label_gate(texts, codes, embed=case.data.embedded, predict_proba=model.predict_proba)
        each = math.ceil(more / len(at))
        names = [str(code) for code in codes]
        tried = augment(texts, names, gate=gate, operations=OPERATIONS, per_record=each, seed=case.seed)
        made = tried.kept["text"].to_pylist()[:more]
    same = np.full(len(made), label)
    vectors = case.data.embedded(made) if made else np.empty((0, given.vectors.shape[1]))
    return Training(texts=made, vectors=vectors, labels=same, right=same, group=np.ones(len(made), dtype=np.int64))


def read_again(case: Planted, *, of_dialect: bool) -> tuple[Training, Floats | None]:
    """Return the training part with the right label where the label check doubts most."""
    given = case.training
    quality = label_quality(given.labels, embeddings=given.vectors, texts=given.texts, seed=case.seed)
    order = np.argsort(quality.score, kind="stable")
    read = order[given.group[order] == 1][:READ] if of_dialect else order[:READ]
    labels = given.labels.copy()
    labels[read] = given.right[read]
    return replace(given, labels=labels), None


REMEDIES: Mapping[str, Callable[[Planted], tuple[Training, Floats | None]]] = {
    "none": nothing,
    "weights": weights,
    "collected at random": collected_at_random,
    "collected by target": collected_by_target,
    "collected by the queue": collected_by_queue,
    "balanced by variants": augmented,
    f"{READ} labels read again": lambda case: read_again(case, of_dialect=False),
    f"{READ} of dialect read again": lambda case: read_again(case, of_dialect=True),
}


def scores(case: Planted, remedy: str) -> tuple[float, float, int]:
    """Return the accuracy on the stream, the gap, and how many records or variants were added."""
    training, weight = REMEDIES[remedy](case)
    model = fit_linear(
        training.vectors, training.labels, inverse_regularization=10.0, steps=1000, weights=weight, quiet=True
    )
    standard, dialect = (model.score(vectors[POOL:], case.data.codes[POOL:]) for vectors in case.data.vectors)
    return (1 - SHARE) * standard + SHARE * dialect, standard - dialect, len(training.labels) - RECORDS


def change(values: Floats, before: Floats) -> tuple[float, float, float]:
    """Return the mean of paired differences with Student's 95% interval."""
    differences = values - before
    half = float(t.ppf(0.975, len(differences) - 1)) * float(differences.std(ddof=1)) / len(differences) ** 0.5
    mean = float(differences.mean())
    return mean, mean - half, mean + half


def verdict(accuracy: tuple[float, float, float], gap: tuple[float, float, float]) -> str:
    said = []
    if gap[2] < 0:
        said.append("narrows the gap")
    if gap[1] > 0:
        said.append("widens the gap")
    if accuracy[1] > 0:
        said.append("more accurate")
    if accuracy[2] < 0:
        said.append("less accurate")
    return ", ".join(said) or "no difference seen"


def measured(data: Data, name: str, bias: str, draws: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    cases = [planted(data, bias, seed) for seed in range(draws)]
    asked = [remedy for remedy in REMEDIES if "again" not in remedy or bias == BIASES[2]]
    before: Floats | None = None
    for remedy in asked:
        values = np.array([scores(case, remedy) for case in cases], dtype=np.float64)
        before = values if before is None else before
        accuracy, gap = (change(values[:, column], before[:, column]) for column in (0, 1))
        mean = values.mean(axis=0)
        said = verdict(accuracy, gap) if remedy != "none" else ""
        accurate, gapped = (
            "" if remedy == "none" else "{:+.3f} [{:+.3f}, {:+.3f}]".format(*c) for c in (accuracy, gap)
        )
        cells = (name, bias, remedy, f"{mean[2]:.0f}", f"{mean[0]:.3f}", accurate, f"{mean[1]:.3f}", gapped, said)
        print(f"| {' | '.join(cells)} |", flush=True)
        found[remedy] = {"accuracy": mean[0], "gap": mean[1], "more accurate by": accuracy, "gap changes by": gap}
    return found


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    args: argparse.Namespace = drawing(__doc__, arguments, draws=20)
    started = time.perf_counter()
    head = ("data", "bias", "remedy", "added", "accuracy", "change [95%]", "gap", "change [95%]", "")
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    found = {
        f"{name}, {bias}": measured(data, name, bias, args.draws)
        for name in ("sst2", "trec")
        for data in [Data(name, args.cache)]
        for bias in BIASES
    }
    narrowed = [cells["collected by target"]["gap changes by"] for cells in found.values()]
    result = {
        "value": float(np.mean([gap[0] for gap in narrowed])),
        "interval": None,
        "baseline": float(np.mean([cells["collected at random"]["gap changes by"][0] for cells in found.values()])),
        "goal": None,
        "met": None,
        "all": found,
        "seeds": args.draws,
        "seconds": round(time.perf_counter() - started, 1),
        "command": f"python -m benchmarks.bias_mitigation --draws {args.draws}",
    }
    return kept({"bias mitigation": result}, args.json)


if __name__ == "__main__":
    main()
