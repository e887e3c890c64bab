"""What each part of the check of labels brings, where the check does worst and on real errors (H1).

    python -m benchmarks.label_parts [--draws 3] [--workers 2] [--grid FILE] [--json FILE]

Each part is left out by itself. The ten worst cells are those in which the whole method gains least over the best of
cleanlab's six scores, as `label_grid` has it (`--grid` takes what its `--csv` wrote, so that they are not sought anew).
Ten cells that come out worst are partly unlucky, and would look better with any change: so the parts are compared on
five other draws of each. H1 is `news_noisy`, as many seeds of the folds as draws. Changes are paired, draw by draw;
95% bootstrap intervals of their mean. A draw is made, and cleanlab asked, once for all parts.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.label_errors import auprc, auroc, cleanlab_scores, news, twofold_score
from benchmarks.label_grid import drawn, embedded, grid, texts_of
from benchmarks.method_parts import NOTHING, PARTS
from benchmarks.planted_errors import REAL, Cell, cells
from benchmarks.result_file import kept
from evaluation.intervals import percentile_ends, resampled_values

WORST, FRESH = 10, 5
H1 = "H1"


def compared(cell: Cell | None, draw: int) -> list[dict[str, Any]]:
    """Score a draw of a cell, or H1, by the whole method and without each part."""
    warnings.simplefilter("ignore")  # of labels with a record or two
    data = texts_of(REAL) if cell is None else drawn(cell, draw)
    peers = cleanlab_scores(data.vectors, data.given, len(data.names), draw).values()
    best = max(auprc(data.wrong, score) for score in peers)
    rows = []
    for part, left_out in PARTS.items():
        with left_out():
            score = twofold_score(data, draw)
        rows.append(
            {
                "part": part,
                "cell": H1 if cell is None else str(cell),
                "draw": draw,
                "AUPRC": auprc(data.wrong, score),
                "AUROC": auroc(data.wrong, score),
                "best": best,
            }
        )
    return rows


def all_compared(worst: Sequence[Cell], draws: int, workers: int) -> pd.DataFrame:
    """Return a row for each part, cell and draw; the draws are others than those in which the cells were worst."""
    fresh = range(draws, draws + FRESH)
    news(Path(os.environ["TWOFOLD_DATA"]))  # embedded once, before several processes want it
    embedded(worst, fresh)
    jobs = [(None, draw) for draw in range(draws)] + [(cell, draw) for cell in worst for draw in fresh]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as at:
        found = at.map(compared, *zip(*jobs, strict=True))
    return pd.DataFrame([row for rows in found for row in rows])


def changes(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return, for each part, the mean of `measure` without it, and how much that differs from the whole."""
    wide = rows.pivot(index=["cell", "draw"], columns="part", values=measure)[[*PARTS]]
    paired = wide.sub(wide[NOTHING], axis=0)
    ends = {part: _interval(paired[part].to_numpy()) for part in PARTS}
    return pd.DataFrame(
        {
            measure: wide.mean(),
            "change": paired.mean(),
            "low": pd.Series({part: low for part, (low, _) in ends.items()}),
            "high": pd.Series({part: high for part, (_, high) in ends.items()}),
        }
    )


def _interval(differences: np.ndarray[Any, Any]) -> tuple[float, float]:
    return percentile_ends(
        resampled_values(lambda rows: float(differences[rows].mean()), len(differences), seed=0, resamples=2000)
    )


def table_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each part that was left out."""
    h1, worst = rows[rows.cell == H1], rows[rows.cell != H1]
    gain = (worst.AUPRC - worst.best).groupby(worst.part).mean()
    return pd.concat(
        {
            "worst ten": changes(worst, "AUPRC").assign(gain=gain),
            "H1 AUPRC": changes(h1, "AUPRC"),
            "H1 AUROC": changes(h1, "AUROC"),
        },
        axis=1,
    )


def worst_cells(found: pd.DataFrame) -> list[Cell]:
    """Return the ten cells with the least gain."""
    names = found.gain.nsmallest(WORST).index
    return [cell for cell in cells() if str(cell) in names]


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--grid", type=Path, help="all cells, as label_grid --csv wrote them")
    parser.add_argument("--json", type=Path, help="write the changes here")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    whole = (
        pd.read_csv(options.grid, index_col=["encoder", "cell"]).loc["minilm"]
        if options.grid
        else grid([*cells()], options.draws, options.workers)
    )
    worst = worst_cells(whole)
    print("the ten worst cells:", *[f"{cell} {whole.gain[str(cell)]:+.3f}" for cell in worst], sep="\n  ")
    table = table_of(all_compared(worst, options.draws, options.workers))
    print(table.round(3).to_string())
    seconds = round(time.perf_counter() - started, 1)
    return kept(results(table, options.draws, seconds), options.json)


def results(table: pd.DataFrame, draws: int, seconds: float) -> dict[str, Any]:
    """Return what leaving out each part changes, as `benchmarks/results.json` holds it."""
    found = {}
    for part in table.index.drop(NOTHING):
        for where in ("worst ten", "H1 AUPRC"):
            row = table.loc[part, where]
            found[f"without {part}, {where}"] = {
                "value": round(float(row["change"]), 4),
                "interval": [round(float(row["low"]), 4), round(float(row["high"]), 4)],
                "baseline": None,
                "goal": None,
                "met": None,
                "seeds": FRESH if where == "worst ten" else draws,
                "seconds": seconds,
                "command": f"python -m benchmarks.label_parts --draws {draws}",
            }
    return found


if __name__ == "__main__":
    main()
