"""How well out-of-scope texts of `clinc150` are told from in-scope ones, beside the usual detectors in the same run.

    python -m benchmarks.out_of_scope [--seeds 5] [--resamples 1000] [--json FILE]

Three cells: `test.csv` and `oos_test.csv` against the texts of `train.csv`; the same where 30 intents have 3 training
texts each and only their test texts count as in-scope; and the test texts of both kinds without any reference.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from cleanlab.outlier import OutOfDistribution
from scipy import sparse
from scipy.special import logsumexp
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import LocalOutlierFactor

from benchmarks.encoders import vectors_of
from benchmarks.result_file import kept
from curation.quality import nearest_neighbours, outliers
from curation.quality.input_checks import as_vectors
from evaluation.intervals import percentile_ends, resampled_sums

Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]
Scores = dict[str, Floats]  # by method: (n,) high = out of scope
OURS = "twofold"
MEASURES = ("AUROC", "AUPRC", "FPR95")
RARE_INTENTS, RARE_TEXTS = 30, 3
KTH = (1, 10, 50)
# Inverse regularisation of the classifier; 10 suits short vectors and many labels better than scikit-learn's 1.
INVERSE = 10.0


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """Texts as (n, d) unit vectors, and the (n,) numbers of their intents: from 0 without gaps, -1 = out of scope."""

    vectors: Floats
    codes: npt.NDArray[np.intp]

    @cached_property
    def means(self) -> Floats:
        """(intents, d)."""
        return np.stack([self.vectors[self.codes == code].mean(axis=0) for code in range(self.codes.max() + 1)])

    @property
    def outside(self) -> Bools:
        """(n,) true where out of scope."""
        return self.codes < 0


@dataclass(frozen=True, kw_only=True)
class Clinc:
    """In-scope texts to know, and texts of both kinds to tell apart."""

    reference: Embedded
    pool: Embedded


def clinc(data: Path) -> Clinc:
    train, test, outside = (pd.read_csv(data / "clinc150" / f"{part}.csv") for part in ("train", "test", "oos_test"))
    vectors = [
        as_vectors(vectors_of(f"clinc150_{part}", table.text.tolist()))
        for part, table in (("train", train), ("test", test), ("oos_test", outside))
    ]
    number = {label: code for code, label in enumerate(sorted(train.label.unique()))}
    inside = test.label.map(number).to_numpy(dtype=np.intp)
    pool = Embedded(vectors=np.vstack(vectors[1:]), codes=np.append(inside, np.full(len(outside), -1)))
    known = Embedded(vectors=vectors[0], codes=train.label.map(number).to_numpy(dtype=np.intp))
    return Clinc(reference=known, pool=pool)


def by_neighbours(reference: Embedded, vectors: Floats) -> Scores:
    """Distance to the k-th nearest (Sun et al., ICML 2022)."""
    near = nearest_neighbours(vectors, k=max(KTH), reference=reference.vectors).similarity
    return {f"distance to neighbour {k}": 1 - near[:, k - 1] for k in KTH}


def by_logits(reference: Embedded, vectors: Floats) -> Scores:
    """Maximum softmax (Hendrycks & Gimpel, ICLR 2017), maximum logit, and energy (Liu et al., NeurIPS 2020)."""
    model = LogisticRegression(C=INVERSE, max_iter=1000).fit(reference.vectors, reference.codes)
    logits = model.decision_function(vectors)
    energy = logsumexp(logits, axis=1)
    return {
        "maximum softmax probability": energy - logits.max(axis=1),
        "maximum logit": -logits.max(axis=1),
        "energy": -energy,
    }


def squared_distances(vectors: Floats, means: Floats, covariance: Floats) -> Floats:
    """Return (n, means) squared Mahalanobis distances."""
    values, directions = np.linalg.eigh(covariance)
    scale = directions / np.sqrt(np.maximum(values, 1e-9 * values.max()))
    x, centres = vectors @ scale, means @ scale
    squares: Floats = (x**2).sum(axis=1)[:, None] - 2 * x @ centres.T + (centres**2).sum(axis=1)
    return squares


def by_gaussians(reference: Embedded, vectors: Floats) -> Scores:
    """Mahalanobis (Lee et al., NeurIPS 2018) and relative Mahalanobis distance (Ren et al. 2021)."""
    known = reference.vectors.astype(np.float64)
    inner = known - reference.means[reference.codes]
    nearest = squared_distances(vectors, reference.means, inner.T @ inner / len(inner)).min(axis=1)
    centre = known.mean(axis=0, keepdims=True)
    background = squared_distances(vectors, centre, np.cov(known.T, bias=True))[:, 0]
    return {"Mahalanobis": nearest, "relative Mahalanobis": nearest - background}


def by_packages(reference: Embedded, vectors: Floats, seed: int) -> Scores:
    """LOF (Breunig et al., SIGMOD 2000), isolation forest (Liu et al., ICDM 2008), cleanlab, all at their defaults."""
    known = reference.vectors
    cleanlab = OutOfDistribution()
    cleanlab.fit(features=known, verbose=False)
    return {
        "local outlier factor": -LocalOutlierFactor(novelty=True).fit(known).score_samples(vectors),
        "isolation forest": -IsolationForest(random_state=seed).fit(known).score_samples(vectors),
        "cleanlab OutOfDistribution": -cleanlab.score(features=vectors),
    }


def with_reference(reference: Embedded, vectors: Floats, seed: int) -> Scores:
    return {
        OURS: -outliers(vectors, reference=reference.vectors).score,
        **by_neighbours(reference, vectors),
        **by_logits(reference, vectors),
        **by_gaussians(reference, vectors),
        **by_packages(reference, vectors, seed),
    }


def without_reference(vectors: Floats, seed: int) -> Scores:
    near = nearest_neighbours(vectors, k=max(KTH)).similarity
    return {
        OURS: -outliers(vectors).score,
        **{f"distance to neighbour {k}": 1 - near[:, k - 1] for k in KTH},
        "local outlier factor": -LocalOutlierFactor().fit(vectors).negative_outlier_factor_,
        "isolation forest": -IsolationForest(random_state=seed).fit(vectors).score_samples(vectors),
        "cleanlab OutOfDistribution": -OutOfDistribution().fit_score(features=vectors, verbose=False),
    }


def thinned(reference: Embedded, seed: int) -> tuple[Embedded, npt.NDArray[np.intp]]:
    """Leave `RARE_TEXTS` texts of each of `RARE_INTENTS` intents; return what is left and those intents."""
    rng = np.random.default_rng(seed)
    rare = rng.choice(reference.codes.max() + 1, RARE_INTENTS, replace=False)
    keep = ~np.isin(reference.codes, rare)
    for code in rare:
        keep[rng.choice(np.flatnonzero(reference.codes == code), RARE_TEXTS, replace=False)] = True
    return Embedded(vectors=reference.vectors[keep], codes=reference.codes[keep]), rare


def measures(outside: Bools, score: Floats, weights: Floats) -> dict[str, Floats]:
    """Return each of `MEASURES`, (draws,), with records counted `weights` (draws, n) times; ties are half right."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)
    hits = np.cumsum(weights[:, order] * outside[order], axis=1)[:, ends]
    alarms = np.cumsum(weights[:, order], axis=1)[:, ends] - hits
    recall, fallout = hits / hits[:, -1:], alarms / alarms[:, -1:]
    gained, alarmed = np.diff(recall, axis=1, prepend=0), np.diff(fallout, axis=1, prepend=0)
    first = (recall >= 0.95).argmax(axis=1)
    return {
        "AUROC": 1 - (gained * (fallout - alarmed / 2)).sum(axis=1),
        "AUPRC": (gained * hits / np.maximum(hits + alarms, 1)).sum(axis=1),
        "FPR95": fallout[np.arange(len(fallout)), first],
    }


@dataclass(frozen=True, kw_only=True)
class Case:
    """One seed of a cell: which rows of the pool take part, which of them are out of scope, and their scores."""

    rows: npt.NDArray[np.intp]
    outside: Bools
    scores: Scores


def resampled(n: int, draws: int) -> Floats:
    """Return (1 + draws, n) how often each record counts: once each, then as drawn with replacement."""
    drawn = resampled_sums(sparse.identity(n, format="csr"), seed=0, resamples=draws)
    return np.vstack([np.ones((1, n)), drawn]).astype(np.float32)


def cell(cases: Sequence[Case], weights: Floats) -> tuple[pd.DataFrame, str]:
    """Return values, intervals and our gain by method, means over the cases, and the other method of best AUROC."""
    found = {
        method: [measures(case.outside, case.scores[method], weights[:, case.rows]) for case in cases]
        for method in cases[0].scores
    }
    mean = {
        m: {name: np.mean([each[name] for each in by_case], axis=0) for name in MEASURES}
        for m, by_case in found.items()
    }
    table = pd.DataFrame({m: row(mean[m], mean[OURS]) for m in mean}).T
    return table, str(table.AUROC.drop(OURS).astype(float).idxmax())


def row(theirs: Mapping[str, Floats], ours: Mapping[str, Floats]) -> dict[str, Any]:
    """Return one method's values, their intervals, and the interval of what we gain over it in AUROC, paired."""
    values: dict[str, Any] = {}
    for name in MEASURES:
        values |= {name: round(float(theirs[name][0]), 4), f"{name} interval": interval(theirs[name][1:])}
    gain = ours["AUROC"] - theirs["AUROC"]
    return values | {"gain": round(float(gain[0]), 4), "gain interval": interval(gain[1:])}


def interval(values: Floats) -> list[float]:
    return [round(end, 4) for end in percentile_ends(values)]


def in_scope_or_not(reference: Embedded, pool: Embedded) -> list[Case]:
    rows = np.arange(len(pool.codes))
    return [Case(rows=rows, outside=pool.outside, scores=with_reference(reference, pool.vectors, 0))]


def rare_or_not(reference: Embedded, pool: Embedded, seeds: int) -> list[Case]:
    cases = []
    for seed in range(seeds):
        few, rare = thinned(reference, seed)
        rows = np.flatnonzero(pool.outside | np.isin(pool.codes, rare))
        scores = with_reference(few, pool.vectors[rows], seed)
        cases.append(Case(rows=rows, outside=pool.outside[rows], scores=scores))
    return cases


def unlabelled(pool: Embedded) -> list[Case]:
    rows = np.arange(len(pool.codes))
    return [Case(rows=rows, outside=pool.outside, scores=without_reference(pool.vectors, 0))]


def told(name: str, cases: Sequence[Case], weights: Floats) -> dict[str, Any]:
    """Print the table of a cell; return our values, the best other method's, and the interval of the gain in AUROC."""
    table, best = cell(cases, weights)
    print(f"\n{name}: mean of {len(cases)} seeds; the gain is ours in AUROC over each method, best other: {best}")
    print(table.sort_values("AUROC", ascending=False).to_string(), flush=True)
    ours, theirs = table.loc[OURS].to_dict(), table.loc[best].to_dict()
    values = {measure: {"value": ours[measure], "baseline": theirs[measure]} for measure in MEASURES}
    return {**values, "peer": best, "interval": theirs["gain interval"]}


def show_flags(reference: Embedded, pool: Embedded) -> None:
    """Print how many of each kind are called outliers at the limit as it comes."""
    for name, known in (("against train.csv", reference.vectors), ("without a reference", None)):
        flagged = outliers(pool.vectors, reference=known).is_outlier
        wrong, right = flagged[~pool.outside].sum(), flagged[pool.outside].sum()
        print(
            f"flagged {name}: {right} of {pool.outside.sum()} out-of-scope, {wrong} of {(~pool.outside).sum()} others"
        )


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="draws of the rare intents")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--json", type=Path, help="write the result here")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    data = clinc(Path(os.environ["TWOFOLD_DATA"]))
    reference, pool = data.reference, data.pool
    weights = resampled(len(pool.codes), options.resamples)
    found = {
        "out of scope": told("out of scope", in_scope_or_not(reference, pool), weights),
        "rare": told("rare is not out of scope", rare_or_not(reference, pool, options.seeds), weights),
        "no reference": told("without a reference", unlabelled(pool), weights),
    }
    show_flags(reference, pool)
    first = found["out of scope"]
    result = {
        "outliers": {
            **first["AUROC"],
            "interval": first["interval"],
            "goal": None,
            "met": None,
            "cells": found,
            "seeds": options.seeds,
            "seconds": round(time.perf_counter() - started, 1),
            "command": f"python -m benchmarks.out_of_scope --seeds {options.seeds} --resamples {options.resamples}",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
