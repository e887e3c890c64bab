"""H9: the value of an item from two raters, against the mean of its other raters, beside two baselines in the same run.

    python -m benchmarks.ratings [--draws 5] [--cache DIR] [--json FILE]

Two ratings of every item are drawn; nothing else of the ratings is shown to any method. The raw mean, an additive
model (item and rater effects by least squares on the votes drawn: plain, and with ridge penalties that were chosen on
the held-out ratings, in its favour), and `consensus`, from votes alone, with texts, with texts and their embeddings.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import lsqr, spsolve

from benchmarks import result_file
from benchmarks.consensus import in_random_order
from benchmarks.drawing import drawing
from evaluation.intervals import percentile_ends, resampled_sums

SETS = {"offensiveness_ratings": 5, "politeness_ratings": 25}
OURS = ("votes alone", "with texts", "with texts and embeddings")
FIRST_DRAW = 10  # draws before were looked at while the model was made
PENALTIES = (0.0, 0.3, 1.0, 3.0)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Ratings:
    """The ratings (`record_id, reviewer, label`), the text of every item and how many steps the scale has."""

    votes: pd.DataFrame
    texts: Mapping[str, str]
    steps: int


def load(name: str) -> Ratings:
    folder = Path(os.environ["TWOFOLD_DATA"]) / name
    votes = pd.read_csv(folder / "ratings.csv", dtype={"item": str, "rater": str})[["item", "rater", "rating"]]
    votes.columns = pd.Index(["record_id", "reviewer", "label"])
    items = pd.read_csv(folder / "items.csv", dtype=str, keep_default_na=False)
    return Ratings(votes=votes, texts=dict(zip(items["id"], items.text, strict=True)), steps=SETS[name])


def additive(votes: pd.DataFrame, items: Floats, raters: Floats, penalty: float) -> Floats:
    """Return the mean plus the effect of every item, least squares on the votes with a ridge of `penalty`."""
    n, v, middle = int(items.max()) + 1, len(votes), votes.label.mean()
    design = sparse.csr_matrix((np.ones(2 * v), (np.tile(np.arange(v), 2), np.r_[items, n + raters])))
    y = votes.label.to_numpy() - middle
    if penalty:
        square = (design.T @ design + penalty * sparse.identity(design.shape[1])).tocsc()
        return np.asarray(middle + spsolve(square, design.T @ y)[:n])
    effects = lsqr(design, y, iter_lim=3000)[0]
    return np.asarray(middle + effects[:n] + effects[n:][raters].mean())


def errors(data: Ratings, draw: int, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Floats]:
    """Return how far each method is from the mean of the other raters, by item."""
    from curation import consensus

    ordered = in_random_order(data.votes, draw)
    votes, rest = ordered[ordered.turn < 2].drop(columns="turn"), ordered[ordered.turn >= 2]
    truth = rest.groupby("record_id").label.mean()
    items, raters = (pd.factorize(votes[name], sort=True)[0] for name in ("record_id", "reviewer"))
    found = {"raw mean": votes.groupby("record_id").label.mean()}
    for penalty in PENALTIES:
        found[f"additive, ridge {penalty:g}"] = pd.Series(additive(votes, items, raters, penalty), truth.index)
    for name, more in known.items():
        agreed = consensus(votes, kind="rating", labels=range(1, data.steps + 1), seed=draw, **more)
        found[name] = pd.Series(dict(agreed.mean))  # type: ignore[attr-defined]
    return {name: (values.reindex(truth.index) - truth).abs().to_numpy() for name, values in found.items()}


def ratio_interval(better: Floats, worse: Floats) -> list[float]:
    """Return the 95% interval of 1 - better / worse, over items and draws; both of shape (draws, items)."""
    of_draws = resampled_sums(sparse.identity(len(better), format="csr"), seed=0, resamples=2000)
    of_items = resampled_sums(sparse.identity(better.shape[1], format="csr"), seed=1, resamples=2000)
    mine, theirs = (np.einsum("bd,di,bi->b", of_draws, each, of_items, optimize=True) for each in (better, worse))
    return [round(end, 4) for end in percentile_ends(1 - mine / theirs)]


def h9(name: str, args: argparse.Namespace) -> dict[str, Any]:
    started, data = time.perf_counter(), load(name)
    from training import embed

    vectors = embed(list(data.texts.values()), cache_dir=args.cache)
    texts = {"texts": data.texts}
    known = dict(
        zip(OURS, ({}, texts, texts | {"embeddings": dict(zip(data.texts, vectors, strict=True))}), strict=True)
    )
    drawn = [errors(data, FIRST_DRAW + d, known) for d in range(args.draws)]
    found = {method: np.array([one[method] for one in drawn]) for method in drawn[0]}
    raw, best = found["raw mean"], min((m for m in found if m.startswith("additive")), key=lambda m: found[m].mean())
    print(f"H9 {name}: mean absolute error, and how far below the raw mean and below {best} [95% intervals]")
    for method, error in found.items():
        gains = [
            f"{1 - error.mean() / other.mean():+.1%} {ratio_interval(error, other)}" for other in (raw, found[best])
        ]
        print(f"  {method:28} {error.mean():.4f}  {'  '.join(gains)}", flush=True)
    ours = found[OURS[-1]]
    ahead = ratio_interval(ours, found[best])
    return {
        "value": round(float(ours.mean()), 4),
        "interval": ratio_interval(ours, raw),
        "baseline": round(float(raw.mean()), 4),
        "goal": round(0.75 * float(raw.mean()), 4),
        "met": bool(ours.mean() <= 0.75 * raw.mean() and ahead[0] > 0),
        "ahead of the rater model": ahead,
        "all": {method: round(float(error.mean()), 4) for method, error in found.items()},
        "seeds": args.draws,
        "seconds": round(time.perf_counter() - started, 1),
        "command": f"python -m benchmarks.ratings --draws {args.draws}",
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    args = drawing(__doc__, arguments, draws=5)
    warnings.filterwarnings("ignore")
    return result_file.kept({f"H9 {name}": h9(name, args) for name in SETS}, args.json)


if __name__ == "__main__":
    main()
