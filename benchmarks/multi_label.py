"""H11: wrong labels planted in `goemotions` (lost, added, swapped), beside cleanlab's multi-label scores.

    python -m benchmarks.multi_label [--draws 3] [--records 4000] [--json FILE]

Embeddings (all-MiniLM-L6-v2) are made once and kept in `$TWOFOLD_CACHE`. cleanlab gets the out-of-fold probabilities of
a ridge regression on the same embeddings, and those of all our views together: the better of the two counts.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from benchmarks.encoders import vectors_of
from benchmarks.label_errors import auprc, goal, paired_interval
from benchmarks.result_file import kept
from curation.quality import multi_label_quality
from curation.quality.cleanlab_baseline import Method, cleanlab_sets_score
from curation.quality.folds import stratified_folds
from curation.quality.label_sets import LabelSets, read_label_sets
from curation.quality.nearest import nearest_neighbours
from curation.quality.one_label_views import pooled_log_odds, ridge_views, vote_view, word_view
from curation.quality.word_bayes import word_weights

Ones = npt.NDArray[np.bool_]
Scores = tuple[npt.NDArray[Any], npt.NDArray[Any]]  # (n,) of records and (n, k) of labels, low = likely wrong
METHODS: tuple[Method, ...] = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
SHARE, WANTED = 0.1, 0.05
OF = ("records", "labels")


def planted(ones: Ones, seed: int) -> Ones:
    """Return the labels after a tenth of the records has lost one, got one, or had one put in another's place."""
    rng, given = np.random.default_rng(seed), ones.copy()
    for turn, i in enumerate(rng.choice(len(ones), int(SHARE * len(ones)), replace=False)):
        on, off = np.flatnonzero(ones[i]), np.flatnonzero(~ones[i])
        if turn % 3 != 1:
            given[i, rng.choice(on)] = False
        if turn % 3 != 0:
            given[i, rng.choice(off)] = True
    return given


def cleanlab(given: Ones, texts: Sequence[str], vectors: npt.NDArray[np.float32], seed: int) -> dict[str, Scores]:
    """Return cleanlab's scores by both sets of probabilities, all methods, both ways to make records' of labels'."""
    words = word_weights(texts)
    sets = LabelSets(ones=given, names=tuple(range(given.shape[1])))
    linear = ridge_views(vectors, given)
    views = [*linear, vote_view(nearest_neighbours(vectors, k=100), given)]
    if words is not None:
        views.append(word_view(words, given, stratified_folds(sets.rarest, folds=5, seed=seed)))
    probs = {name: expit(pooled_log_odds(v, given, given)) for name, v in (("linear", linear), ("all views", views))}
    return {
        f"cleanlab {method}, {'softmin' if softmin else 'average'}, {name}": cleanlab_sets_score(
            given, p, method=method, softmin=softmin
        )
        for name, p in probs.items()
        for method in METHODS
        for softmin in (False, True)
    }


def compared(draws: int, records: int) -> dict[str, Any]:
    """Score every draw by all methods, print the table, and return the goals."""
    data = pd.read_csv(Path(os.environ["TWOFOLD_DATA"]) / "goemotions" / "train.csv", dtype=str).head(records)
    texts = data.text.tolist()
    vectors = vectors_of(f"goemotions_train_{records}", texts)
    gold = read_label_sets(data.labels.str.split("|").tolist())
    started, rows, cases = time.perf_counter(), [], []
    for draw in range(draws):
        given = planted(gold.ones, draw)
        before = time.perf_counter()
        found = multi_label_quality(given, texts=texts, embeddings=vectors, label_names=gold.names, seed=draw)
        seconds = time.perf_counter() - before
        scores = {"twofold": (found.score, 1 - found.p_wrong), **cleanlab(given, texts, vectors, draw)}
        wrong = given != gold.ones
        cases.append((wrong, scores))
        for method, (of_records, of_labels) in scores.items():
            by = {"records": auprc(wrong.any(axis=1), of_records), "labels": auprc(wrong.ravel(), of_labels.ravel())}
            rows.append({"draw": draw, "method": method, **by, "seconds": seconds if method == "twofold" else np.nan})
        flagged = found.is_issue.any(axis=1)
        said = {name: round(rate, 3) for name, rate in found.rates.items()}
        print(f"draw {draw}: {flagged.sum()} doubted, {wrong.any(axis=1)[flagged].mean():.0%} planted; {said}")
    table = pd.DataFrame(rows).groupby("method", sort=False)[[*OF, "seconds"]].mean()
    print(table.round(3).to_string(), flush=True)
    return {f"H11 wrong {of}": _goal(of, table, cases, draws, records, started) for of in OF}


def _goal(
    of: str, table: pd.DataFrame, cases: Sequence[Any], draws: int, records: int, started: float
) -> dict[str, Any]:
    ours, theirs = table[of]["twofold"], table[of].drop("twofold")
    peer, at = str(theirs.idxmax()), OF.index(of)
    triples = [(w if at else w.any(axis=1), scores["twofold"][at], scores[peer][at]) for w, scores in cases]
    interval = paired_interval(_over_records, triples, draws=100)
    return goal(
        ours,
        theirs.max(),
        interval,
        round(float(theirs.max()) + WANTED, 4),
        against=peer,
        seeds=draws,
        seconds=round(time.perf_counter() - started, 1),
        command=f"python -m benchmarks.multi_label --draws {draws} --records {records}",
    )


def _over_records(wrong: npt.NDArray[np.bool_], score: npt.NDArray[Any]) -> float:
    return auprc(wrong.ravel(), score.ravel())


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--records", type=int, default=4000)
    parser.add_argument("--json", type=Path, help="write the goals here")
    options = parser.parse_args(arguments)
    results = compared(options.draws, options.records)
    print(pd.DataFrame(results).T.drop(columns="command").to_string())
    return kept(results, options.json)


if __name__ == "__main__":
    main()
