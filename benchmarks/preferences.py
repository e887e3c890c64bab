"""H10: the order of items from one vote a pair, beside win rates and Bradley-Terry models in the same run.

    python -m benchmarks.preferences [--draws 5] [--cache DIR] [--json FILE]

One vote of every pair of `argument_pairs` is drawn (523 arguments of 16 topics, every two of a topic compared).
Kendall's tau-b with the win rates by all five votes, the goal; with those by the four that were not drawn, which the
drawn one has no part in; and with the published scores (`ranking.csv`), the mean over topics. crowd-kit's
NoisyBradleyTerry is shown where it is installed.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.stats import kendalltau

from benchmarks import result_file
from benchmarks.consensus import in_random_order
from benchmarks.drawing import drawing
from evaluation.intervals import percentile_ends, resampled_sums

GOAL = 0.82
FIRST_DRAW = 10  # draws before were looked at while the model was made
RIDGE = 0.1
Floats = npt.NDArray[np.float64]
BASELINE, OURS = "win rate", "ours, texts and embeddings"
REFERENCES = ("all votes", "votes not drawn", "published")


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Votes (`record_id, reviewer, topic, first, second, winner`), texts by argument, published scores."""

    votes: pd.DataFrame
    texts: Mapping[str, str]
    published: pd.Series


def load() -> Arguments:
    folder = Path(os.environ["TWOFOLD_DATA"]) / "argument_pairs"
    votes, pairs, texts = (
        pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("votes", "pairs", "arguments")
    )
    rank = pd.read_csv(folder / "ranking.csv", dtype={"topic": str})
    votes = votes.merge(pairs, on=["topic", "pair"])
    named = {side: votes.topic + " " + votes[side] for side in ("first", "second")}
    winner = votes.choice.map({"a1": "first", "a2": "second", "equal": "equal"})
    votes = pd.DataFrame(
        {"record_id": votes.topic + " " + votes["pair"], "reviewer": votes.rater, "topic": votes.topic, **named}
    ).assign(winner=winner)
    return Arguments(
        votes=votes,
        texts=dict(zip(texts.topic + " " + texts.argument, texts.text, strict=True)),
        published=pd.Series(-rank.score.to_numpy(), index=rank.topic + " " + rank.argument),  # the least is the best
    )


def first_share(votes: pd.DataFrame) -> Floats:
    return votes.winner.map({"first": 1.0, "second": 0.0, "equal": 0.5}).to_numpy()


def win_rate(votes: pd.DataFrame) -> pd.Series:
    """Return the share of its comparisons that each item won, a tie as half."""
    share = first_share(votes)
    won = pd.DataFrame({"item": [*votes["first"], *votes.second], "won": [*share, *(1 - share)]})
    return won.groupby("item").won.mean()


def bradley_terry(votes: pd.DataFrame) -> pd.Series:
    """Return scores by Newton's method, a tie as half a win each, with a small ridge."""
    names = sorted({*votes["first"], *votes.second})
    place = {name: i for i, name in enumerate(names)}
    a, b = (votes[side].map(place).to_numpy() for side in ("first", "second"))
    rows = np.arange(len(votes))
    design = sparse.csr_array((np.ones(len(votes)), (rows, a)), shape=(len(votes), len(names)))
    design = design - sparse.csr_array((np.ones(len(votes)), (rows, b)), shape=design.shape)
    score, share = np.zeros(len(names)), first_share(votes)
    for _ in range(30):
        p = 1 / (1 + np.exp(-(design @ score)))
        bend = (design.T @ sparse.diags_array(p * (1 - p)) @ design + RIDGE * sparse.eye_array(len(names))).toarray()
        score = score + np.linalg.solve(bend, design.T @ (share - p) - RIDGE * score)
    return pd.Series(np.round(score, 6), index=names)


def noisy_bradley_terry(votes: pd.DataFrame) -> pd.Series:
    """Return crowd-kit's scores, topic by topic; it takes no ties."""
    from crowdkit.aggregation import NoisyBradleyTerry

    decided = votes[votes.winner != "equal"]
    table = pd.DataFrame({"left": decided["first"], "right": decided.second, "worker": decided.reviewer})
    table["label"] = np.where(decided.winner == "first", decided["first"], decided.second)
    parts = [NoisyBradleyTerry(n_iter=10).fit_predict(rows) for _, rows in table.groupby(decided.topic)]
    return pd.concat(parts)


def ours(votes: pd.DataFrame, **known: Any) -> pd.Series:
    from curation import rank_items

    return pd.Series(rank_items(votes[["first", "second", "reviewer", "winner"]], **known).score)


def taus(score: pd.Series, reference: pd.Series) -> dict[str, float]:
    """Return Kendall's tau-b by topic."""
    there = reference.index.intersection(score.index)
    topic = there.str.split(" ").str[0]
    return {
        name: float(kendalltau(score[there[topic == name]], reference[there[topic == name]]).statistic)
        for name in sorted(set(topic))
    }


def interval(values: Floats) -> list[float]:
    """Return the 95% interval of a mean over draws and topics, both drawn again; `values` is (draws, topics)."""
    of_draws = resampled_sums(sparse.identity(len(values), format="csr"), seed=0, resamples=2000)
    of_topics = resampled_sums(sparse.identity(values.shape[1], format="csr"), seed=1, resamples=2000)
    sums = np.einsum("bd,dt,bt->b", of_draws, values, of_topics, optimize=True)
    return [round(end, 4) for end in percentile_ends(sums / (of_draws.sum(axis=1) * of_topics.sum(axis=1)))]


def h10(args: argparse.Namespace) -> dict[str, Any]:
    started, data = time.perf_counter(), load()
    from training import embed

    vectors = dict(zip(data.texts, embed(list(data.texts.values()), cache_dir=args.cache), strict=True))
    methods: dict[str, Callable[[pd.DataFrame], pd.Series]] = {BASELINE: win_rate, "Bradley-Terry": bradley_terry}
    if find_spec("crowdkit"):
        methods["crowd-kit NoisyBradleyTerry"] = noisy_bradley_terry
    methods["ours, votes alone"] = ours
    methods["ours, texts"] = lambda votes: ours(votes, texts=data.texts)
    methods[OURS] = lambda votes: ours(votes, texts=data.texts, embeddings=vectors)
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for draw in range(FIRST_DRAW, FIRST_DRAW + args.draws):
        ordered = in_random_order(data.votes, draw)
        drawn, rest = ordered[ordered.turn < 1], ordered[ordered.turn >= 1]
        references = dict(zip(REFERENCES, (win_rate(data.votes), win_rate(rest), data.published), strict=True))
        for method, order in methods.items():
            score = order(drawn)
            for name, reference in references.items():
                found.setdefault((method, name), []).append(taus(score, reference))
    values = {key: pd.DataFrame(rows).to_numpy() for key, rows in found.items()}
    print("H10: Kendall's tau with the order by ..., and how far ahead of the win rate [95% interval]")
    for method in methods:
        cells = []
        for name in REFERENCES:
            gain = values[method, name] - values[BASELINE, name]
            cells.append(f"{name} {values[method, name].mean():.4f} ({gain.mean():+.4f} {interval(gain)})")
        print(f"  {method:28} {'  '.join(cells)}", flush=True)
    headline = values[OURS, REFERENCES[0]]
    return {
        "value": round(float(headline.mean()), 4),
        "interval": interval(headline),
        "baseline": round(float(values[BASELINE, REFERENCES[0]].mean()), 4),
        "peer": BASELINE,
        "ahead": {name: interval(values[OURS, name] - values[BASELINE, name]) for name in REFERENCES},
        "all": {f"{method}, {name}": round(float(each.mean()), 4) for (method, name), each in values.items()},
        "goal": GOAL,
        "met": bool(headline.mean() >= GOAL),
        "seeds": args.draws,
        "seconds": round(time.perf_counter() - started, 1),
        "command": f"python -m benchmarks.preferences --draws {args.draws}",
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    args = drawing(__doc__, arguments, draws=5)
    warnings.filterwarnings("ignore")
    return result_file.kept({"H10": h10(args)}, args.json)


if __name__ == "__main__":
    main()
