"""A wrong label or a wrong model: what is said of errors on `news_noisy`, whose labels are held against gold.

    python -m benchmarks.error_cause [--seeds 5] [--json FILE]

A linear model learns from 70% of the given labels, and contradicts some of the others. Of these errors the label is
wrong, or the model is. Two ways of telling are compared, on all errors of all seeds: how doubtful the check finds the
label, and how sure the model is of another one. AUPRC of finding the wrong labels, with the paired 95% interval of a
bootstrap over errors; precision and recall of the errors whose label is called wrong, and of as many of which the model
is surest.
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
from sklearn.metrics import average_precision_score

from benchmarks.label_errors import Labelled, news
from benchmarks.result_file import kept
from curation.quality import label_quality
from training.vectors.linear import fit_linear

_TAUGHT, _DRAWS = 0.7, 2000


def errors(items: Labelled, seed: int) -> pd.DataFrame:
    """Train on some, ask about the others, and return those on which model and label differ."""
    found = label_quality(items.given, texts=items.texts, embeddings=items.vectors, label_names=items.names, seed=seed)
    taught = np.random.default_rng(seed).random(len(items.given)) < _TAUGHT
    model = fit_linear(items.vectors[taught], items.given[taught], inverse_regularization=10.0, steps=200)
    probs = model.predict_proba(items.vectors)
    differs = ~taught & (probs.argmax(axis=1) != items.given)
    sure, doubt = probs.max(axis=1), 1 - found.score
    columns = {"wrong": items.wrong, "called": found.is_issue, "doubt": doubt, "sure": sure, "seed": seed}
    return pd.DataFrame(columns)[differs]


def gain(table: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return AUPRC by doubt less AUPRC by sureness, of draws of the errors with replacement."""
    rng = np.random.default_rng(0)
    wrong, doubt, sure = (table[name].to_numpy() for name in ("wrong", "doubt", "sure"))
    draws = rng.integers(len(table), size=(_DRAWS, len(table)))
    each = [
        average_precision_score(wrong[at], doubt[at]) - average_precision_score(wrong[at], sure[at]) for at in draws
    ]
    return np.quantile(each, [0.025, 0.975])


def told(table: pd.DataFrame) -> pd.DataFrame:
    """Return precision and recall of the labels that are called wrong, and of as many by how sure the model is."""
    surest = table.groupby("seed", group_keys=False).apply(
        lambda of: of.sure.rank(ascending=False, method="first") <= of.called.sum(), include_groups=False
    )
    rows = {}
    for name, called in (("called wrong by the check", table.called), ("as many by sureness", surest)):
        right = (called & table.wrong).sum()
        rows[name] = {
            "errors": int(called.sum()),
            "precision": right / called.sum(),
            "recall": right / table.wrong.sum(),
        }
    return pd.DataFrame(rows).T


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the results here")
    args = parser.parse_args(arguments)
    began, items = time.perf_counter(), news(Path(os.environ["TWOFOLD_DATA"]))
    table = pd.concat([errors(items, seed) for seed in range(args.seeds)], ignore_index=True)
    by = {name: average_precision_score(table.wrong, table[name]) for name in ("doubt", "sure")}
    low, high = gain(table)
    print(f"{len(table)} errors of {args.seeds} seeds, {table.wrong.mean():.3f} of them with a wrong label")
    print(f"AUPRC by doubt {by['doubt']:.3f}, by sureness {by['sure']:.3f}, gain [{low:+.3f}, {high:+.3f}]")
    print(told(table).round(3).to_string())
    result = {
        "value": round(by["doubt"], 4),
        "interval": [round(low, 4), round(high, 4)],
        "baseline": round(by["sure"], 4),
        "goal": "ahead of ranking by confidence",
        "met": bool(low > 0),
        "seeds": args.seeds,
        "seconds": round(time.perf_counter() - began, 1),
        "command": f"python -m benchmarks.error_cause --seeds {args.seeds}",
    }
    return kept({"cause of errors": result}, args.json)


if __name__ == "__main__":
    main()
