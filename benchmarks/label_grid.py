"""R1, R2: wrong labels in 176 shapes of data, beside the best of cleanlab's six scores chosen with hindsight per cell.

    python -m benchmarks.label_grid [--draws 3] [--workers 2] [--only WORDS] [--without PART] [--json FILE]

Five data sets; errors uniform, by class, by likely confusion, and real; rates, imbalance and sizes take turns
(`planted_errors.cells`). AUPRC of finding the wrong labels, mean of the draws; the expected calibration error of the
score; wrong labels foretold and there. `--without` leaves out a part of the method, to see what it brings.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.label_errors import CLEANLAB, INVERSE, Labelled, auprc, calibration_error, cleanlab_scores
from benchmarks.planted_errors import REAL, Cell, cells, confusions, planted, source
from benchmarks.result_file import kept
from curation.quality import label_quality

PEERS = [f"cleanlab {method}, C={c:g}" for c in INVERSE for method in CLEANLAB]
# The most that a cell may be below the best peer, and the mean gain.
BELOW, GAIN = -0.01, 0.05


@cache
def texts_of(name: str) -> Labelled:
    return source(Path(os.environ["TWOFOLD_DATA"]), name)


@cache
def likely(name: str) -> np.ndarray[Any, Any]:
    of = texts_of(name)
    return np.zeros((len(of.texts), len(of.names))) if name == REAL else confusions(of)


def measured(cell: Cell, draw: int) -> dict[str, Any]:
    """Score one draw of a cell by ours and by cleanlab's six."""
    warnings.simplefilter("ignore")  # of labels with a record or two
    of = texts_of(cell.data)
    drawn = planted(cell, of, likely(cell.data), draw)
    rows, started = of.vectors[drawn.rows], time.process_time()
    texts, names = [of.texts[i] for i in drawn.rows], np.arange(drawn.classes)
    found = label_quality(drawn.given, texts=texts, embeddings=rows, label_names=names.astype(str), seed=draw)
    seconds = time.process_time() - started
    return {
        "cell": str(cell),
        "n": len(rows),
        "wrong": int(drawn.wrong.sum()),
        "foretold": float((1 - found.score).sum()),
        "twofold": auprc(drawn.wrong, found.score),
        "ECE": calibration_error(found.score, ~drawn.wrong),
        "seconds": seconds,
        **{
            name: auprc(drawn.wrong, score)
            for name, score in cleanlab_scores(rows, drawn.given, drawn.classes, draw).items()
        },
    }


def grid(asked: Sequence[Cell], draws: int, workers: int, without: str | None) -> pd.DataFrame:
    """Return a row for each cell: means over its draws, the best peer, and the gain over it."""
    jobs = [(cell, draw) for cell in asked for draw in range(draws)]
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=leave_out, initargs=(without,)
    ) as at:
        rows = list(at.map(measured, *zip(*jobs, strict=True)))
    table = pd.DataFrame(rows).groupby("cell", sort=False).mean()
    table["best"], table["peer"] = table[PEERS].max(axis=1), table[PEERS].idxmax(axis=1)
    table["gain"] = table.twofold - table.best
    return table


def leave_out(part: str | None) -> None:
    """Take a part out of the method, in this process."""
    if part:
        PARTS[part]()


def _one_pass() -> None:
    from curation.quality import label_model

    label_model._PASSES = 1


def _shares_as_given() -> None:
    from curation.quality import label_shares

    label_shares._LEAST, label_shares._MISUSED = 0.5, 1e-3


def _readings(*weights: float) -> Callable[[], None]:
    def change() -> None:
        from curation.quality import label_model

        label_model._OF_EACH = weights  # type: ignore[assignment]

    return change


def _views(*left: int) -> Callable[[], None]:
    def change() -> None:
        from curation.quality import label_errors

        views_of = label_errors.views_of
        label_errors.views_of = lambda *a, **b: [v for i, v in enumerate(views_of(*a, **b)) if i in left]

    return change


def _shares_left() -> None:
    from curation.quality import label_model

    label_model.with_shares = lambda probs, shares: probs


PARTS: Mapping[str, Callable[[], None]] = {
    "refits": _one_pass,
    "even shares": _shares_as_given,
    "calibration in the large": _shares_left,
    "margin": _readings(0, 0.25, 0.5),
    "channel": _readings(0.25, 0, 0.5),
    "mixture": _readings(0.25, 0.25, 0),
    "words": _views(1, 2, 3, 4),
    "gaussians": _views(0, 2, 3, 4),
    "neighbours": _views(0, 1, 3, 4),
    "linear, C = 10": _views(0, 1, 2, 4),
    "linear, C = 1": _views(0, 1, 2, 3),
}


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


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="cells whose name has this in it")
    parser.add_argument("--every", type=int, default=1, help="one cell in so many")
    parser.add_argument("--without", choices=[*PARTS], help="leave out this part of the method")
    parser.add_argument("--csv", type=Path, help="write all cells here")
    parser.add_argument("--json", type=Path, help="write the goals here")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    asked = [cell for cell in cells() if options.only in str(cell)][:: options.every]
    for name in {cell.data for cell in asked}:
        texts_of(name)  # embedded once, before several processes want them
    table = grid(asked, options.draws, options.workers, options.without)
    if options.csv:
        table.to_csv(options.csv)
    with pd.option_context("display.width", 200, "display.max_rows", None, "display.max_columns", None):
        print(table[["n", "wrong", "foretold", "twofold", "best", "peer", "gain", "ECE", "seconds"]].round(3))
    found = goals(table)
    seconds = round(time.perf_counter() - started, 1)
    command = f"python -m benchmarks.label_grid --draws {options.draws}"
    found = {
        name: one | {"seeds": options.draws, "seconds": seconds, "command": command} for name, one in found.items()
    }
    print(pd.DataFrame(found).T[["value", "goal", "met"]].to_string())
    return kept(found, options.json)


if __name__ == "__main__":
    main()
