"""Ways of learning that are not one label of several, on real data.

python -m benchmarks.more_tasks [--only numbers|embeddings] [--seed 0] [--json FILE]

Every line is one run: its score on the test part with the percentile interval over records, the paired difference from
the first line of its table, and the processor time of the run. A half of the first 1,500 records is learnt from, an
eighth chooses the epoch, the rest is the test.

numbers: how polite a request is (`politeness_ratings`, the mean of five readers, 1 to 25), and how offensive a text is
(`offensiveness_ratings`, the mean of all readers, 1 to 5). Mean absolute error, in the unit of the ratings: less is
better.

embeddings: how alike two questions are (`paraphrase_ratings`, the mean of four readers, -5 to 5, by 5). Spearman's
correlation of the cosine with it: more is better.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.result_file import kept
from evaluation.intervals import percentile_ends, resampled_values
from evaluation.number_evaluation import spearman
from training import FitConfig, embed, fit, predict

SEED, RESAMPLES, MOST = 0, 2000, 1500
Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way of learning: its score on rows of the test part, of n, and what it took."""

    table: str
    name: str
    score: Callable[[Array], float]
    n: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A data set in parts drawn by chance."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame


def drawn(rows: pd.DataFrame, seed: int) -> Parts:
    """A half to learn from, an eighth to choose the epoch by, and the rest."""
    mixed = rows.sample(frac=1, random_state=seed).reset_index(drop=True)
    half, more = len(rows) // 2, len(rows) // 2 + len(rows) // 8
    return Parts(train=mixed[:half], validation=mixed[half:more], test=mixed[more:])


def said_by(parts: Parts, config: FitConfig, columns: Sequence[str], label: str) -> Any:
    """What a model that is fitted so says of the test part."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        fit(parts.train, parts.validation, text_columns=columns, label_column=label, config=config, output_dir=where)
        return predict(where, parts.test, text_columns=columns)


def rated(data: Path, name: str) -> pd.DataFrame:
    """Texts and the mean of what readers said of each."""
    items = pd.read_csv(data / name / "items.csv", dtype={"id": str}, keep_default_na=False)
    given = pd.read_csv(data / name / "ratings.csv", dtype={"item": str}).groupby("item").rating.mean()
    return items.assign(value=items.id.map(given))[["text", "value"]].dropna().head(MOST)


def numbers(data: Path, seed: int) -> Iterator[Way]:
    """How far off each way is."""
    ways: dict[str, Callable[[Parts], Array]] = {"the mean": by_mean, "ridge on frozen vectors": by_ridge}
    for method in ("head", "lora"):
        ways[method] = partial(said_as_values, columns=["text"], config=FitConfig(method=method, seed=seed))  # type: ignore[arg-type]
    for name in ("politeness_ratings", "offensiveness_ratings"):
        parts = drawn(rated(data, name), seed)
        for way, values in ways.items():
            began = time.process_time()
            off = np.abs(parts.test.value.to_numpy() - values(parts))
            seconds = time.process_time() - began
            yield Way(table=f"numbers: {name}", name=way, score=partial(mean_of, off), n=len(off), seconds=seconds)


def mean_of(each: Array, rows: Array) -> float:
    return float(each[rows].mean())


def by_mean(parts: Parts) -> Array:
    """The same for every text: the mean of the training part."""
    return np.full(len(parts.test), parts.train.value.mean())


def by_ridge(parts: Parts) -> Array:
    """What a linear model on vectors of the encoder as it is says, its penalty chosen by leaving one out."""
    from sklearn.linear_model import RidgeCV

    seen = pd.concat([parts.train, parts.validation])
    model = RidgeCV(np.logspace(-3, 3, 13)).fit(embed(seen.text.tolist()), seen.value)
    return np.asarray(model.predict(embed(parts.test.text.tolist())))


def embeddings(data: Path, seed: int) -> Iterator[Way]:
    """How well cosines follow what people said."""
    items = pd.read_csv(data / "paraphrase_ratings" / "items.csv", dtype={"id": str}, keep_default_na=False)
    given = pd.read_csv(data / "paraphrase_ratings" / "ratings.csv", dtype={"item": str}).groupby("item").rating.mean()
    parts = drawn(items.assign(value=items.id.map(given) / 5), seed)
    columns, right = ["question1", "question2"], parts.test.value.to_numpy()
    ways: dict[str, Callable[[], Array]] = {"as it is": lambda: cosines(*(embed(parts.test[name]) for name in columns))}
    for method in ("lora", "full"):
        config = FitConfig(learns="embeddings", method=method, seed=seed)  # type: ignore[arg-type]
        ways[method] = partial(said_as_values, parts, config, columns)
    for way, values in ways.items():
        began = time.process_time()
        said = values()
        yield Way(
            table="embeddings: paraphrase_ratings",
            name=way,
            score=partial(rank_correlation, right, said),
            n=len(right),
            seconds=time.process_time() - began,
        )


def cosines(one: Array, other: Array) -> Array:
    return np.asarray((one * other).sum(axis=1))


def said_as_values(parts: Parts, config: FitConfig, columns: Sequence[str]) -> Array:
    return np.asarray(said_by(parts, config, columns, "value").values)


def rank_correlation(right: Array, said: Array, rows: Array) -> float:
    return spearman(right[rows], said[rows])


TASKS: Mapping[str, Callable[[Path, int], Iterator[Way]]] = {"numbers": numbers, "embeddings": embeddings}


def told(ways: Iterator[Way], command: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Print each way beside the first of its table, and yield what is kept of it."""
    for table, of_table in groupby(ways, key=lambda way: way.table):
        print(f"\n{table}")
        first: Array | None = None
        for way in of_table:
            value = way.score(np.arange(way.n))
            resampled = resampled_values(way.score, way.n, seed=SEED, resamples=RESAMPLES)
            first = resampled if first is None else first
            low, high = percentile_ends(resampled)
            less, more = percentile_ends(resampled - first)
            beside = "" if first is resampled else f"   difference [{less:+.3f}, {more:+.3f}]"
            print(f"  {way.name:28} {value:.3f} [{low:.3f}, {high:.3f}]{beside}   {way.seconds:.0f} s", flush=True)
            yield (
                f"{table}, {way.name}",
                {
                    "value": round(value, 4),
                    "interval": [round(low, 4), round(high, 4)],
                    "baseline": None,
                    "goal": None,
                    "met": None,
                    "seeds": 1,
                    "seconds": round(way.seconds, 1),
                    "command": command,
                },
            )


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[*TASKS])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    data, result = Path(os.environ["TWOFOLD_DATA"]), dict[str, Any]()
    for name in [options.only] if options.only else TASKS:
        command = f"python -m benchmarks.more_tasks --only {name} --seed {options.seed}"
        result |= dict(told(TASKS[name](data, options.seed), command))
    return kept(result, options.json)


if __name__ == "__main__":
    main()
