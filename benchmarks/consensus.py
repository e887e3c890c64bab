"""H4 and H5: labels from few raters of `rte_raters`, beside crowd-kit's aggregators in the same run.

    python -m benchmarks.consensus [--goal H4 | H5 | R4] [--draws 20] [--cache DIR] [--json FILE]

R4, on how sure it is, is in `consensus_calibration`; its real sets want 3 draws.
crowd-kit takes most of the time, GLAD half a minute a draw; with `--cache` its answers are kept between runs.
"""

from __future__ import annotations

import argparse
import html
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from benchmarks import result_file
from evaluation.intervals import percentile_ends, resampled_sums

KS = (2, 3, 5, 10)
PEERS = ("majority", "Dawid-Skene", "GLAD", "MACE")
ALONE = "ours, votes alone"
# Labels an item, and the accuracy wanted for them: what MACE reaches with three raters on every item.
BUDGET, GOAL_H5 = 2.4, 0.848
Right = npt.NDArray[np.bool_]  # (items,) whether the label is the gold one


@dataclass(frozen=True, kw_only=True)
class Data:
    """The votes (`record_id, reviewer, label`), the gold labels by record id and the two texts of every record."""

    votes: pd.DataFrame
    gold: pd.Series
    texts: Mapping[str, tuple[str, str]]


def load() -> Data:
    folder = Path(os.environ["TWOFOLD_DATA"]) / "rte_raters"
    votes, gold, items = (pd.read_csv(folder / f"{name}.csv", dtype=str) for name in ("votes", "gold", "items"))
    votes.columns = pd.Index(["record_id", "reviewer", "label"])
    pairs = zip(items.premise.map(html.unescape), items.hypothesis.map(html.unescape), strict=True)
    return Data(votes=votes, gold=gold.set_index("id").label, texts=dict(zip(items.id, pairs, strict=True)))


def in_random_order(votes: pd.DataFrame, draw: int) -> pd.DataFrame:
    """Add `turn`: in which order the raters of an item come up in this draw, from 0."""
    at_random = votes.assign(turn=np.random.default_rng(draw).random(len(votes)))
    return votes.assign(turn=at_random.groupby("record_id").turn.rank(method="first").astype(int) - 1)


def by_coin(probabilities: pd.DataFrame, ids: pd.Index, seed: int) -> npt.NDArray[np.object_]:
    """Return the most probable label of every record, ties by coin."""
    rows = probabilities.loc[ids].fillna(0.0)
    p = rows.to_numpy()
    tied = p >= p.max(axis=1, keepdims=True) - 1e-9
    coin = np.random.default_rng([seed, 7]).random(p.shape)
    return np.asarray(rows.columns)[np.argmax(tied * (1 + coin), axis=1)]


def crowdkit(name: str, votes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the probabilities of crowd-kit's aggregator `name`, a row for each record."""
    from crowdkit.aggregation import GLAD, MACE, DawidSkene, MajorityVote

    make: Mapping[str, Callable[[], object]] = {
        "MACE": lambda: MACE(random_state=seed),
        "GLAD": lambda: GLAD(silent=True),
        "Dawid-Skene": lambda: DawidSkene(n_iter=100),
        "majority": MajorityVote,
    }
    table = votes.rename(columns={"record_id": "task", "reviewer": "worker"})[["task", "worker", "label"]]
    return make[name]().fit_predict_proba(table)  # type: ignore[attr-defined,no-any-return]


def kept(cache: Path | None, key: str, compute: Callable[[], Right]) -> Right:
    """Return what `compute` returns, from `cache` if it was computed before."""
    if cache is None:
        return compute()
    path = cache / f"{key}.npy"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(path, compute())
    return np.asarray(np.load(path), dtype=bool)


def baseline(data: Data, name: str, k: int, draw: int, cache: Path | None) -> Right:
    """Return which labels crowd-kit's aggregator gets right from the first k raters of a draw."""

    def compute() -> Right:
        ordered = in_random_order(data.votes, draw)
        probabilities = crowdkit(name, ordered[ordered.turn < k], draw)
        return np.asarray(by_coin(probabilities, data.gold.index, draw) == data.gold.to_numpy())

    return kept(cache, f"crowdkit_{name}_{k}_{draw}", compute)


def ours(data: Data, k: int, draw: int, known: Mapping[str, object]) -> Right:
    """Return which labels `consensus` gets right from the first k raters of a draw."""
    from curation.review import consensus

    ordered = in_random_order(data.votes, draw)
    agreed = consensus(ordered[ordered.turn < k].drop(columns="turn"), seed=draw, **known)  # type: ignore[arg-type]
    return np.asarray([agreed.label[i] == gold for i, gold in data.gold.items()])


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Labels where a third rating was asked for in places."""

    right: Right
    per_item: float


def third_where_asked(data: Data, draw: int, known: Mapping[str, object], *, budget: float, batches: int) -> Asked:
    """Start from two raters of every item; spend the rest of the budget on third ratings, batch by batch."""
    from curation.review import ask_third, consensus

    ordered = in_random_order(data.votes, draw)
    n, asked = len(data.gold), set[str]()
    left = round((budget - 2) * n)
    for size in [left // batches + (i < left % batches) for i in range(batches)] + [0]:
        have = ordered[(ordered.turn < 2) | ((ordered.turn == 2) & ordered.record_id.isin(asked))]
        votes = have.drop(columns="turn")
        agreed = consensus(votes, seed=draw, **known)  # type: ignore[arg-type]
        asked |= set(ask_third(votes, agreed, limit=size)["record_id"].to_pylist())
    right = np.asarray([agreed.label[i] == gold for i, gold in data.gold.items()])
    return Asked(right=right, per_item=len(votes) / n)


def disputed_majority(data: Data, draw: int) -> Asked:
    """Ask a third rater on every disagreement; the majority of two or three is the label."""
    ordered = in_random_order(data.votes, draw)
    two = ordered[ordered.turn < 2].groupby("record_id").label.nunique()
    disputed = two.index[two > 1]
    votes = ordered[(ordered.turn < 2) | ((ordered.turn == 2) & ordered.record_id.isin(disputed))]
    label = votes.groupby("record_id").label.agg(lambda said: said.mode().iloc[0])
    right = np.asarray(label.loc[data.gold.index] == data.gold)
    return Asked(right=right, per_item=len(votes) / len(data.gold))


def paired_interval(better: Right, worse: Right, *, resamples: int = 4000) -> tuple[float, float]:
    """Return the 95% interval of the difference of accuracies, by a paired bootstrap over items and draws.

    Args:
        better: Shape (draws, items), whether each label is right.
        worse: The same draws and items under the other method.
        resamples: Bootstrap draws; of items always, of draws where there are several.
    """
    gap = better.astype(float) - worse.astype(float)
    draws, items = gap.shape
    of_draws = resampled_sums(gap / draws, seed=0, resamples=resamples)
    of_items = resampled_sums(sparse.identity(items, format="csr") / items, seed=1, resamples=resamples)
    return percentile_ends((of_draws * of_items).sum(axis=1))


def over_draws(better: Right, worse: Right) -> tuple[float, float]:
    """Return the same interval over draws alone, the items taken as given (t-distribution)."""
    from scipy.stats import t

    gap = (better.astype(float) - worse.astype(float)).mean(axis=1)
    half = t.ppf(0.975, len(gap) - 1) * gap.std(ddof=1) / len(gap) ** 0.5
    return float(gap.mean() - half), float(gap.mean() + half)


def h4(data: Data, known: Mapping[str, Mapping[str, object]], args: argparse.Namespace) -> dict[str, Any]:
    """Print a row for every k and method: accuracy, and the gap of ours to the best of crowd-kit's."""
    print("H4: accuracy of labels from k raters an item, and the gap to the best of crowd-kit [95% interval]")
    return {f"H4 k={k}": at_k(data, k, known, args) for k in KS}


def at_k(data: Data, k: int, known: Mapping[str, Mapping[str, object]], args: argparse.Namespace) -> dict[str, Any]:
    started, draws = time.perf_counter(), args.draws if k < 10 else 1  # all ten raters: nothing is drawn
    theirs = {name: np.array([baseline(data, name, k, d, args.cache) for d in range(draws)]) for name in PEERS}
    best = max(theirs, key=lambda name: float(theirs[name].mean()))
    for name, right in theirs.items():
        print(f"  k={k:<2} {name:28} {right.mean():.4f}{'  <- best of crowd-kit' * (name == best)}", flush=True)
    found = {
        name: compared(np.array([ours(data, k, d, extra) for d in range(draws)]), theirs[best])
        for name, extra in known.items()
    }
    for name, one in found.items():
        print(f"  k={k:<2} {name:28} {one.said}", flush=True)
    met = found[ALONE].gain[0] > 0
    return result("H4", args, found, theirs[best], started, draws) | {"peer": best, "goal": "ahead", "met": met}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Accuracy of our labels, and the interval of what they gain over another method's, over items and draws."""

    accuracy: float
    gain: list[float]
    said: str


def compared(right: Right, theirs: Right) -> Compared:
    low, high = paired_interval(right, theirs)
    said = f"{right.mean():.4f}  {right.mean() - theirs.mean():+.4f}  over items and draws [{low:+.4f}, {high:+.4f}]"
    if len(right) > 1:
        said += "  over draws [{:+.4f}, {:+.4f}]".format(*over_draws(right, theirs))
    return Compared(accuracy=round(float(right.mean()), 4), gain=[round(low, 4), round(high, 4)], said=said)


def h5(data: Data, known: Mapping[str, Mapping[str, object]], args: argparse.Namespace) -> dict[str, Any]:
    """Print accuracy at 2.4 labels an item, third ratings where asked for, against MACE with three on every item."""
    print("H5: third rating only where asked for")
    started, draws = time.perf_counter(), range(args.draws)
    mace = np.array([baseline(data, "MACE", 3, d, args.cache) for d in draws])
    disputed = [disputed_majority(data, d) for d in draws]
    spent = np.mean([one.per_item for one in disputed])
    print(f"  third on every disagreement, majority     {spent:.2f} {np.mean([one.right for one in disputed]):.4f}")
    print(f"  MACE, three on every item                 3.00 {mace.mean():.4f}")
    found = {}
    for name, extra in known.items():
        runs = [third_where_asked(data, d, extra, budget=BUDGET, batches=args.batches) for d in draws]
        found[name] = compared(np.array([one.right for one in runs]), mace)
        print(f"  {name:41} {np.mean([one.per_item for one in runs]):.2f} {found[name].said}", flush=True)
    more = {"goal": GOAL_H5, "met": found[ALONE].accuracy >= GOAL_H5, "labels per item": BUDGET}
    return {"H5": result("H5", args, found, mace, started, args.draws) | more}


def result(
    goal: str, args: argparse.Namespace, found: Mapping[str, Compared], peer: Right, started: float, draws: int
) -> dict[str, Any]:
    """Return what both goals keep: our labels from votes alone, those from more, and the peer that they are held to."""
    return {
        "value": found[ALONE].accuracy,
        "interval": found[ALONE].gain,
        "baseline": round(float(peer.mean()), 4),
        "with more than votes": {name: asdict(one) for name, one in found.items() if name != ALONE},
        "seeds": draws,
        "seconds": round(time.perf_counter() - started, 1),
        "command": f"python -m benchmarks.consensus --goal {goal} --draws {args.draws}",
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goal", choices=["H4", "H5", "R4"], help="one of them only; without it H4 and H5")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--only", default="", help="R4: sets whose name has this in it")
    parser.add_argument("--batches", type=int, default=4, help="H5: how often the queue is made anew")
    parser.add_argument("--cache", type=Path, help="folder that keeps crowd-kit's answers and embeddings")
    parser.add_argument("--json", type=Path, help="write the results here")
    args = parser.parse_args(arguments)
    warnings.filterwarnings("ignore")
    if args.goal == "R4":
        from benchmarks.consensus_calibration import r4

        return result_file.kept(r4(args), args.json)
    data = load()
    known: dict[str, Mapping[str, object]] = {ALONE: {}, "ours, with texts": {"texts": data.texts}}
    known["ours, with texts, embeddings"] = {"texts": data.texts, "embeddings": embedded(data, args.cache)}
    parts = [part for goal, part in {"H4": h4, "H5": h5}.items() if args.goal in (None, goal)]
    return result_file.kept({k: v for part in parts for k, v in part(data, known, args).items()}, args.json)


def embedded(data: Data, cache: Path | None) -> Mapping[str, npt.NDArray[np.float32]]:
    """Return two vectors for every record, shape (2, d): premise and hypothesis."""
    from training import embed

    flat = embed([text for pair in data.texts.values() for text in pair], cache_dir=cache)
    return dict(zip(data.texts, flat.reshape(len(data.texts), 2, -1), strict=True))


if __name__ == "__main__":
    main()
