"""H4 and H5: labels from few raters of `rte_raters`, beside crowd-kit's aggregators in the same run.

    python -m benchmarks.consensus [--draws 20] [--glad-draws 20] [--cache DIR]

crowd-kit's MACE and GLAD take most of the time; with `--cache` their answers are kept between runs.
"""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

KS = (2, 3, 5, 10)
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
