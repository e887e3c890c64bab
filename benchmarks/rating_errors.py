"""Wrong ratings planted in `politeness_ratings`, beside cleanlab in the same run.

    python -m benchmarks.rating_errors [--draws 3] [--cache DIR] [--json FILE]

The mean of the five ratings of every item, brought from 1 to 25 to ten steps; a tenth of the items get another step
at random. cleanlab twice, on the same embeddings, five folds: its regression learner on a ridge regression, and its
label quality (normalized margin, its best here) on the probabilities of a logistic regression.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.drawing import drawing
from benchmarks.ratings import load
from benchmarks.result_file import kept
from curation.quality.cleanlab_baseline import cleanlab_score
from curation.quality.rating_errors import rating_quality
from evaluation.intervals import percentile_ends, resampled_values
from training import embed, out_of_fold

STEPS, SHARE = 10, 0.1
Floats = npt.NDArray[np.float64]


def planted(steps: npt.NDArray[np.intp], draw: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Return the steps with a share of them replaced by another one, and which."""
    rng = np.random.default_rng(draw)
    wrong = np.zeros(len(steps), dtype=bool)
    wrong[rng.choice(len(steps), round(SHARE * len(steps)), replace=False)] = True
    other = (steps - 1 + rng.integers(1, STEPS, len(steps))) % STEPS + 1
    return np.where(wrong, other, steps), wrong


def doubts(given: npt.NDArray[np.intp], texts: list[str], vectors: Floats, draw: int) -> dict[str, Floats]:
    """Return how far each method doubts every rating."""
    from cleanlab.regression.rank import get_label_quality_scores
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict

    folds = KFold(5, shuffle=True, random_state=draw)
    foretold = cross_val_predict(Ridge(alpha=1.0), vectors, given, cv=folds)
    probs = out_of_fold(vectors, given - 1, n_classes=STEPS, seed=draw)
    ours = {"ours, embeddings": {}, "ours, embeddings and texts": {"texts": texts}}
    found = {
        name: 1 - rating_quality(given, embeddings=vectors, label_names=range(1, STEPS + 1), seed=draw, **more).score
        for name, more in ours.items()
    }
    return found | {
        "cleanlab regression, residual": -get_label_quality_scores(given, foretold, method="residual"),
        "cleanlab regression, outre": -get_label_quality_scores(given, foretold, method="outre"),
        "cleanlab classification": -cleanlab_score(given - 1, probs, method="normalized_margin"),
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    args = drawing(__doc__, arguments, draws=3)
    warnings.filterwarnings("ignore")
    started, data = time.perf_counter(), load("politeness_ratings")
    means = data.votes.groupby("record_id").label.mean().reindex(list(data.texts))
    steps = np.clip(np.rint((means.to_numpy() - 1) / 24 * (STEPS - 1)) + 1, 1, STEPS).astype(np.intp)
    texts, vectors = list(data.texts.values()), embed(list(data.texts.values()), cache_dir=args.cache)
    drawn = []
    for draw in range(args.draws):
        given, wrong = planted(steps, draw)
        drawn.append((wrong, doubts(given, texts, vectors, draw)))
    table = {
        name: [
            (average_precision_score(wrong, found[name]), roc_auc_score(wrong, found[name])) for wrong, found in drawn
        ]
        for name in drawn[0][1]
    }
    for name, scores in table.items():
        auprc, auroc = np.mean(scores, axis=0)
        print(f"  {name:32} AUPRC {auprc:.3f}  AUROC {auroc:.3f}", flush=True)
    mean = {name: float(np.mean([auprc for auprc, _ in scores])) for name, scores in table.items()}
    ours = "ours, embeddings and texts"
    peer = max((name for name in mean if name.startswith("cleanlab")), key=lambda name: mean[name])

    def gain(rows: npt.NDArray[np.int64]) -> float:
        return float(
            np.mean(
                [
                    average_precision_score(wrong[rows], found[ours][rows])
                    - average_precision_score(wrong[rows], found[peer][rows])
                    for wrong, found in drawn
                ]
            )
        )

    low, high = percentile_ends(resampled_values(gain, len(texts), seed=0, resamples=300))
    print(f"  gain over {peer}: {mean[ours] - mean[peer]:+.3f} [{low:+.3f}, {high:+.3f}]")
    result = {
        "value": round(mean[ours], 4),
        "interval": [round(low, 4), round(high, 4)],
        "baseline": round(mean[peer], 4),
        "peer": peer,
        "goal": "ahead",
        "met": low > 0,
        "all": {name: round(value, 4) for name, value in mean.items()},
        "seeds": args.draws,
        "seconds": round(time.perf_counter() - started, 1),
        "command": f"python -m benchmarks.rating_errors --draws {args.draws}",
    }
    return kept({"rating errors": result}, args.json)


if __name__ == "__main__":
    main()
