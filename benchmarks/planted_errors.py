"""Data sets with wrong labels, in many shapes: how often labels are wrong, in what way, and how unequal labels are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.label_errors import Labelled, labelled, news
from training import out_of_fold

Shape = Literal["as is", "one class 80%", "one class 95%", "long tail"]
Noise = Literal["uniform", "by class", "likely confusion", "real"]
Codes = npt.NDArray[np.intp]

RATES = (0.05, 0.10, 0.20, 0.30)
SIZES = (100, 500, 2_000, None)  # None: all that the shape allows
SHAPES: tuple[Shape, ...] = ("as is", "one class 80%", "one class 95%", "long tail")
PLANTED: tuple[Noise, ...] = ("uniform", "by class", "likely confusion")
GOLD = ("banking77", "clinc150", "trec", "sst2")
REAL = "news_noisy"
# Fewer records a label than this are no data set, but a list of examples: small sets have fewer labels.
_LEAST_A_LABEL = 10


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of the grid: where the texts come from, what is wrong with their labels, and how many there are."""

    data: str
    shape: Shape
    noise: Noise
    rate: float | None
    size: int | None

    def __str__(self) -> str:
        rate = "its own" if self.rate is None else f"{self.rate:.0%}"
        return f"{self.data}, {self.shape}, {self.noise} {rate}, n = {self.size or 'all'}"


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A draw of a cell: rows of the source, and what stands there.

    Attributes:
        rows: (n,) rows of the source.
        given: (n,) labels as given.
        gold: (n,) labels as they ought to be.
        classes: Labels that there are.
    """

    rows: Codes
    given: Codes
    gold: Codes
    classes: int

    @property
    def wrong(self) -> npt.NDArray[np.bool_]:
        """(n,) true where the given label is not the gold one."""
        return self.given != self.gold


def cells() -> Iterator[Cell]:
    """Yield the grid: every pair of settings meets, and the rates take turns (a Latin square, not all 1,000)."""
    turn = 0
    for data, shape, size in product(GOLD, SHAPES, SIZES):
        for noise in PLANTED if size else PLANTED[turn % 3 :][:1]:
            yield Cell(data=data, shape=shape, noise=noise, rate=RATES[turn % 4], size=size)
            turn += 1
    for shape, size in product(SHAPES, SIZES):
        yield Cell(data=REAL, shape=shape, noise="real", rate=None if turn % 2 else RATES[turn // 2 % 4], size=size)
        turn += 1


def source(folder: Path, name: str, encoder: str = "minilm", rows: Codes | None = None) -> Labelled:
    """Read one of the data sets; given labels are the gold ones where errors are to be planted.

    Args:
        folder: Of the data sets.
        name: Of this one.
        encoder: One of `ENCODERS`.
        rows: Those whose embeddings are wanted, by default all; others may be NaN.
    """
    if name == REAL:
        return news(folder, encoder, rows)
    table = pd.read_csv(folder / name / "train.csv")
    return labelled(name, f"{name}_train", table.text, table.label, table.label, encoder, rows)


def confusions(of: Labelled) -> npt.NDArray[np.float64]:
    """Return (n, k) what a model of characters takes each text for, out of fold, taught the gold labels."""
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=3, max_features=20_000, sublinear_tf=True)
    features = TruncatedSVD(200, random_state=0).fit_transform(letters.fit_transform(of.texts))
    return out_of_fold(features, of.gold, n_classes=len(of.names), inverse_regularization=10.0)


def planted(cell: Cell, of: Labelled, likely: npt.NDArray[np.float64], draw: int) -> Planted:
    """Draw a cell.

    Args:
        cell: Of the grid.
        of: Its texts.
        likely: (n, k) `confusions` of them.
        draw: From 0; another one is another sample with other errors.
    """
    rng = np.random.default_rng([draw, len(of.texts), hash_of(cell)])
    label_of, sizes = _shaped(cell, of, rng)
    rows = _sampled(label_of[of.gold], sizes, rng)
    gold, classes = label_of[of.gold[rows]], len(sizes)
    if cell.noise == "real":
        rows = rows[_at_rate(label_of[of.given[rows]] != gold, cell.rate, rng)]
        return _counted(rows, label_of[of.given[rows]], label_of[of.gold[rows]])
    merged = np.zeros((len(rows), classes))
    for label, code in enumerate(label_of):
        if code >= 0:
            merged[:, code] += likely[rows, label]
    return _counted(rows, _spoilt(cell, gold, merged, rng), gold)


def hash_of(cell: Cell) -> int:
    """Return a number that is the same in every process."""
    return sum(ord(sign) * (at + 1) for at, sign in enumerate(str(cell)))


def _counted(rows: Codes, given: Codes, gold: Codes) -> Planted:
    """Labels that no record carries are not known of."""
    used, codes = np.unique(np.r_[given, gold], return_inverse=True)
    return Planted(rows=rows, given=codes[: len(rows)], gold=codes[len(rows) :], classes=len(used))


def _shaped(cell: Cell, of: Labelled, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Return which label each source label stands for (-1: left out), and how many records each is to have."""
    counts = np.bincount(of.gold, minlength=len(of.names))
    kept = rng.permutation(len(counts))[: max(2, (cell.size or len(of.gold)) // _LEAST_A_LABEL)]
    label_of = np.full(len(counts), -1)
    label_of[kept] = np.arange(len(kept))
    have = counts[kept]
    if cell.shape == "as is":
        return label_of, _scaled(have / have.sum(), have, cell.size)
    if cell.shape == "long tail":
        return label_of, _scaled(1 / np.arange(1, len(kept) + 1), have, cell.size or len(of.gold))
    share = 0.8 if cell.shape == "one class 80%" else 0.95
    return _one_large(label_of, kept, have, share, cell.size)


def _one_large(label_of: Codes, kept: Codes, have: Codes, share: float, size: int | None) -> tuple[Codes, Codes]:
    """One label has `share` of all; where there are many, it is "other": all those that are not among eight."""
    small = min(len(kept) - 1, 8)
    order = np.argsort(have, kind="stable") if small == len(kept) - 1 else np.arange(len(kept))
    label_of[kept[order]], have = np.arange(len(kept)), have[order]
    label_of = np.where(label_of >= small, small, label_of)
    counts = np.r_[have[:small], have[small:].sum()]
    shares = np.r_[counts[:small] / counts[:small].sum() * (1 - share), share]
    return label_of, _scaled(shares, counts, size)


def _scaled(shares: npt.NDArray[np.float64], have: Codes, size: int | None) -> Codes:
    """Return how many records of each label there are: at most `size` in all, and those that there are."""
    most = float((have / shares).min()) if size is None else float(size)
    wanted = np.maximum(np.round(shares / shares.sum() * most), 2).astype(int)
    return np.minimum(wanted, have)


def _sampled(labels: Codes, sizes: Codes, rng: np.random.Generator) -> Codes:
    chosen = [rng.permutation(np.flatnonzero(labels == code))[:size] for code, size in enumerate(sizes)]
    return np.sort(np.concatenate(chosen))


def _at_rate(wrong: npt.NDArray[np.bool_], rate: float | None, rng: np.random.Generator) -> Codes:
    """Return the records to keep so that `rate` of them are wrong: some right or some wrong ones are left out."""
    if rate is None:
        return np.arange(len(wrong))
    bad, good = rng.permutation(np.flatnonzero(wrong)), rng.permutation(np.flatnonzero(~wrong))
    bad = bad[: max(2, round(len(good) * rate / (1 - rate)))]
    good = good[: round(len(bad) * (1 - rate) / rate)]
    return np.sort(np.r_[bad, good])


def _spoilt(cell: Cell, gold: Codes, likely: npt.NDArray[np.float64], rng: np.random.Generator) -> Codes:
    """Return labels of which `cell.rate` are wrong."""
    n = len(gold)
    others = likely + 1e-12
    others[np.arange(n), gold] = 0
    chance = others.sum(axis=1) if cell.noise == "likely confusion" else np.ones(n)
    rows = rng.choice(n, size=max(2, round(n * (cell.rate or 0))), replace=False, p=chance / chance.sum())
    given = gold.copy()
    given[rows] = _WAYS[cell.noise](gold[rows], others[rows], rng)
    return given


def _uniform(gold: Codes, others: npt.NDArray[np.float64], rng: np.random.Generator) -> Codes:
    return np.asarray((gold + rng.integers(1, others.shape[1], size=len(gold))) % others.shape[1])


def _by_class(gold: Codes, others: npt.NDArray[np.float64], rng: np.random.Generator) -> Codes:
    """Each label is taken for one other, always the same."""
    ring = rng.permutation(others.shape[1])
    taken_for = np.empty(len(ring), dtype=np.intp)
    taken_for[ring] = np.roll(ring, 1)
    return taken_for[gold]


def _likely(gold: Codes, others: npt.NDArray[np.float64], rng: np.random.Generator) -> Codes:
    summed = np.cumsum(others, axis=1)
    return np.asarray((summed < rng.random((len(gold), 1)) * summed[:, -1:]).sum(axis=1))


_WAYS = {"uniform": _uniform, "by class": _by_class, "likely confusion": _likely}
