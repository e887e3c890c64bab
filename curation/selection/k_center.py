"""Records so chosen that nothing is far from all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.quality.input_checks import FloatArray, IntArray, as_vectors
from evaluation.columns import Column, whole_numbers
from evaluation.settings import check_whole
from evaluation.shown import Shown


@dataclass(frozen=True, kw_only=True, repr=False)
class KCenter(Shown):
    """A cover of the data.

    Attributes:
        chosen: (m,) record numbers, in the order in which they were chosen; any first part of them is a cover too.
        radius: (m,) cosine distance in [0, 2] from the furthest record to the nearest one chosen so far (or known).
    """

    chosen: IntArray
    radius: FloatArray

    def _facts(self) -> Mapping[str, Any]:
        return {"chosen": len(self.chosen)}

    def _columns(self) -> Mapping[str, Any]:
        return {"record": self.chosen, "radius": self.radius}


def k_center(embeddings: Column, size: int, *, known: Column = ()) -> KCenter:
    """Choose the record that is furthest from all chosen ones, again and again.

    No choice of `size` records has less than half the distance between the chosen and what they leave out (Gonzalez,
    Theoretical Computer Science 1985; for labelling, Sener & Savarese, Core-Set, ICLR 2018). It reaches for the rim:
    outliers come first, so look at them (`outliers`) before paying for labels. `representatives` takes the middle.
    Time n * size, memory n.

    Args:
        embeddings: (n, d), any scale.
        size: records to choose, at least 1; no more are chosen than there are different ones.
        known: record numbers that are covered already, for example those that have a label.

    Raises:
        ValueError: NaN or zero vectors, `size` below 1, known records that do not exist.

    Example:
        >>> k_center([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]], 2).chosen.tolist()
        [1, 2]
    """
    vectors = as_vectors(embeddings)
    check_whole(size, "size", least=1)
    covered = whole_numbers(known, "known")
    if len(covered) and not 0 <= covered.min() <= covered.max() < len(vectors):
        found = f"{covered.min()} to {covered.max()}"
        raise ValueError(f"known: expected record numbers from 0 to {len(vectors) - 1}, got {found}")
    nearest = np.full(len(vectors), -np.inf, dtype=np.float32)
    for i in covered:
        np.maximum(nearest, vectors @ vectors[i], out=nearest)
    chosen: list[int] = []
    radius: list[float] = []
    following = int(nearest.argmin()) if len(covered) else int((vectors @ vectors.mean(axis=0)).argmax())
    while len(chosen) < size and nearest[following] < 1 - 1e-6:
        chosen.append(following)
        np.maximum(nearest, vectors @ vectors[following], out=nearest)
        following = int(nearest.argmin())
        radius.append(max(0.0, 1.0 - float(nearest[following])))
    return KCenter(chosen=np.array(chosen, dtype=np.intp), radius=np.array(radius))
