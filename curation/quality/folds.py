"""Which records are predicted together: every record is judged by models that have not seen it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from curation.quality.input_checks import BoolArray, IntArray


def stratified_folds(codes: IntArray, *, folds: int, seed: int) -> IntArray:
    """Return (n,) fold numbers from 0; each label is dealt out evenly, however few its records."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(codes))
    by_label = shuffled[np.argsort(codes[shuffled], kind="stable")]
    fold = np.empty(len(codes), dtype=np.intp)
    fold[by_label] = np.arange(len(codes)) % min(folds, len(codes))
    return fold


def split(fold: IntArray) -> Iterator[tuple[BoolArray, BoolArray]]:
    """Yield (train, held out) masks; every record is held out once."""
    for number in range(int(fold.max()) + 1):
        held_out = fold == number
        yield ~held_out, held_out
