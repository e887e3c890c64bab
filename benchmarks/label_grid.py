"""R1, R2: wrong labels in 176 shapes of data, beside the best of cleanlab's six scores chosen with hindsight per cell.

    python -m benchmarks.label_grid [--draws 3] [--workers 2] [--only WORDS] [--every 7] [--encoder NAME ...]
                                     [--without PART] [--reviewed N] [--csv FILE] [--json FILE]

Five data sets; errors uniform, by class, by likely confusion, and real; rates, imbalance and sizes take turns
(`planted_errors.cells`). AUPRC of finding the wrong labels, mean of the draws; the expected calibration error of the
score; wrong labels foretold and there. `--without` leaves out a part of the method; `label_parts` does so with each.
With `--reviewed`, people have reviewed so many labels at random, at most half of them, and all is of the others.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.encoders import ENCODERS
from benchmarks.label_errors import (
    CLEANLAB,
    INVERSE,
    Labelled,
    Unreviewed,
    after_reviews,
    auprc,
    calibration_error,
    cleanlab_scores,
    twofold_score,
)
from benchmarks.method_parts import NOTHING, PARTS
from benchmarks.planted_errors import Cell, cells, confusions, planted, source
from benchmarks.result_file import kept

PEERS = [f"cleanlab {method}, C={c:g}" for c in INVERSE for method in CLEANLAB]
# The most that a cell may be below the best peer, and the mean gain.
BELOW, GAIN = -0.01, 0.05


@cache
def texts_of(name: str, encoder: str = "minilm") -> Labelled:
    """Return a data set with the embeddings that `embedded` has made."""
    return source(Path(os.environ["TWOFOLD_DATA"]), name, encoder, rows=np.empty(0, dtype=np.intp))


@cache
def likely(name: str) -> np.ndarray[Any, Any]:
    return confusions(texts_of(name))


def embedded(asked: Sequence[Cell], draws: Iterable[int], encoder: str = "minilm") -> None:
    """Embed the texts that are drawn, once, before several processes want them."""
    for name in sorted({cell.data for cell in asked}):
        of = texts_of(name, encoder)
        alike = np.ones((len(of.texts), len(of.names)))  # which labels go wrong does not change which rows are drawn
        rows = [planted(cell, of, alike, draw).rows for cell in asked if cell.data == name for draw in draws]
        source(Path(os.environ["TWOFOLD_DATA"]), name, encoder, rows=np.concatenate(rows))


def drawn(cell: Cell, draw: int, encoder: str = "minilm") -> Labelled:
    """Return one draw of a cell, as data of its own."""
    of = texts_of(cell.data, encoder)
    confused = cell.noise == "likely confusion"
    found = planted(cell, of, likely(cell.data) if confused else np.zeros((len(of.texts), len(of.names))), draw)
    return Labelled(
        name=str(cell),
        texts=[of.texts[i] for i in found.rows],
        vectors=of.vectors[found.rows],
        given=found.given,
        gold=found.gold,
        names=[str(label) for label in range(found.classes)],
    )


def scored(data: Labelled, draw: int, reviewed: int) -> Unreviewed:
    """Score the labels that nobody reviewed."""
    if reviewed:
        return after_reviews(data, "random", min(reviewed, len(data.texts) // 2), draw)
    return Unreviewed(rows=np.ones(len(data.texts), dtype=bool), score=twofold_score(data, draw), wrong=data.wrong)


def measured(cell: Cell, draw: int, encoder: str, without: str, reviewed: int) -> dict[str, Any]:
    """Score one draw of a cell by ours and by cleanlab's six."""
    warnings.simplefilter("ignore")  # of labels with a record or two
    data = drawn(cell, draw, encoder)
    started = time.process_time()
    with PARTS[without]():
        found = scored(data, draw, reviewed)
    seconds = time.process_time() - started
    peers = cleanlab_scores(data.vectors, data.given, len(data.names), draw)
    return {
        "cell": data.name,
        "n": len(data.texts),
        "wrong": int(found.wrong.sum()),
        "foretold": float((1 - found.score).sum()),
        "twofold": auprc(found.wrong, found.score),
        "ECE": calibration_error(found.score, ~found.wrong),
        "seconds": seconds,
        **{name: auprc(found.wrong, theirs[found.rows]) for name, theirs in peers.items()},
    }


def grid(
    asked: Sequence[Cell],
    draws: int,
    workers: int,
    encoder: str = "minilm",
    without: str = NOTHING,
    reviewed: int = 0,
) -> pd.DataFrame:
    """Return a row for each cell: means over its draws, the best peer, and the gain over it."""
    embedded(asked, range(draws), encoder)
    jobs = [(cell, draw, encoder, without, reviewed) for cell in asked for draw in range(draws)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as at:
        rows = list(at.map(measured, *zip(*jobs, strict=True)))
    table = pd.DataFrame(rows).groupby("cell", sort=False).mean()
    table["best"], table["peer"] = table[PEERS].max(axis=1), table[PEERS].idxmax(axis=1)
    table["gain"] = table.twofold - table.best
    return table


def goals(table: pd.DataFrame) -> dict[str, Any]:
    off = (table.foretold - table.wrong).abs() / table.wrong
    below = float((table.gain < BELOW).mean())
    found = {
        "R1 mean gain": (float(table.gain.mean()), GAIN, float(table.gain.mean()) >= GAIN),
        "R1 cells below": (below, 0.0, below == 0.0),
        "R1 worst cell": (float(table.gain.min()), BELOW, float(table.gain.min()) >= BELOW),
        "R2 ECE": (float(table.ECE.mean()), 0.05, float(table.ECE.mean()) <= 0.05),
        "R2 cells with the count within a quarter": (
            float((off <= 0.25).mean()),
            0.8,
            float((off <= 0.25).mean()) >= 0.8,
        ),
    }
    return {
        name: {"value": round(value, 4), "interval": None, "baseline": None, "goal": goal, "met": met}
        for name, (value, goal, met) in found.items()
    }


def by_encoder(tables: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each encoder: ours, the best peer of each cell, and the gain over it."""
    by = tables.groupby("encoder", sort=False)
    below, worst = by.gain.apply(lambda gain: int((gain < BELOW).sum())), by.gain.min()
    return by[["twofold", "best", "gain", "ECE"]].mean().assign(cells=by.size(), below=below, worst=worst)


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="cells whose name has this in it")
    parser.add_argument("--every", type=int, default=1, help="one cell in so many")
    parser.add_argument("--encoder", nargs="+", choices=[*ENCODERS], default=["minilm"], help="what embeds the texts")
    parser.add_argument("--without", choices=[*PARTS], default=NOTHING, help="leave out this part of the method")
    parser.add_argument("--reviewed", type=int, default=0, help="labels that people have reviewed, at random")
    parser.add_argument("--csv", type=Path, help="write all cells here")
    parser.add_argument("--json", type=Path, help="write the goals here, as the first encoder reaches them")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    asked = [cell for cell in cells() if options.only in str(cell)][:: options.every]
    of = (options.draws, options.workers)
    found = {name: grid(asked, *of, name, options.without, options.reviewed) for name in options.encoder}
    tables = pd.concat(found, names=["encoder"])
    if options.csv:
        tables.to_csv(options.csv)
    with pd.option_context("display.width", 200, "display.max_rows", None, "display.max_columns", None):
        print(tables[["n", "wrong", "foretold", "twofold", "best", "peer", "gain", "ECE", "seconds"]].round(3))
        print(by_encoder(tables).round(3))
    reached = goals(found[options.encoder[0]])
    said = {
        "seeds": options.draws,
        "seconds": round(time.perf_counter() - started, 1),
        "command": f"python -m benchmarks.label_grid --draws {options.draws}" + _chosen(parser, options),
    }
    print(pd.DataFrame(reached).T[["value", "goal", "met"]].to_string())
    return kept({name: one | said for name, one in reached.items()}, options.json)


def _chosen(parser: argparse.ArgumentParser, options: argparse.Namespace) -> str:
    """Return the options that decide what is measured, where they are not what they are by default."""
    given = {name: getattr(options, name) for name in ("only", "every", "encoder", "without", "reviewed")}
    said = {name: " ".join(v) if isinstance(v, list) else v for name, v in given.items()}
    return "".join(f" --{name} {said[name]}" for name, v in given.items() if v != parser.get_default(name))


if __name__ == "__main__":
    main()
