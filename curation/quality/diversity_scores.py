"""How much of a space the records cover, in numbers that can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigvalsh
from scipy.linalg.blas import dsyrk

from curation.quality.input_checks import FloatArray, as_vectors, encode_labels
from curation.quality.meetings import row_blocks
from curation.quality.nearest import nearest_neighbours
from evaluation.columns import Column, matrix
from evaluation.settings import check_whole
from evaluation.shown import Shown

# Rows summed at once in float64, so that 1,000,000 records need no second copy.
_ROWS = 4096


@dataclass(frozen=True, kw_only=True, repr=False)
class Diversity(Shown):
    """How varied a set of records is; as a data frame, each label and all together.

    Attributes:
        vendi: the Vendi score, from 1 (all alike) to min(n, d): how many entirely different records would be
            as varied as these.
        by_label: the Vendi score within each label; empty without labels.
        coverage: share of the reference whose neighbourhood holds at least one record, in [0, 1]; None
            without a reference.
        density: how crowded the records are where the reference is, 1 for two draws of the same data,
            not bounded above; None without a reference.
    """

    vendi: float
    by_label: Mapping[Any, float]
    coverage: float | None
    density: float | None

    def _columns(self) -> Mapping[str, Any]:
        return {"label": [*self.by_label, "(all)"], "vendi": [*self.by_label.values(), self.vendi]}


def diversity(
    embeddings: Column,
    labels: Column | None = None,
    *,
    reference: Column | None = None,
    k: int = 5,
) -> Diversity:
    """Measure the diversity of records by the Vendi score, and their coverage of a reference.

    Args:
        embeddings: (n, d), any scale.
        labels: (n,) to measure each label on its own.
        reference: (m, d), m > k: what ought to be covered, for example the unlabelled pool.
        k: neighbours that make the neighbourhood of a reference record (Naeem et al. 2020 use 5).

    Raises:
        ValueError: NaN or zero vectors, different lengths, a reference of other width or of fewer than two
            records.

    Example:
        >>> found = diversity([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], ["refund", "refund", "late"])
        >>> round(found.vendi, 2), {label: round(score, 2) for label, score in found.by_label.items()}
        (1.89, {'late': 1.0, 'refund': 1.0})
    """
    check_whole(k, "k", least=1)
    vectors = as_vectors(embeddings)
    by_label: dict[Any, float] = {}
    if labels is not None:
        encoded = encode_labels(labels)
        as_vectors(vectors, n=len(encoded.codes))
        by_label = {name: vendi_score(vectors[encoded.codes == code]) for code, name in enumerate(encoded.names)}
    coverage, density = (None, None) if reference is None else _coverage_density(vectors, reference, k)
    return Diversity(vendi=vendi_score(vectors), by_label=by_label, coverage=coverage, density=density)


def vendi_score(embeddings: Column) -> float:
    """Return the exact Vendi score with the cosine kernel (Friedman & Dieng, TMLR 2023).

    exp of the entropy of the eigenvalues of K / n, K the n x n matrix of cosines. K / n = X X^T / n shares
    its nonzero eigenvalues with the d x d matrix X^T X / n (their section 3.1), so no n x n matrix is made:
    time n d^2 + d^3, memory d^2.

    Args:
        embeddings: (n, d), any scale.

    Raises:
        ValueError: NaN or zero vectors, or none.

    Example:
        >>> round(vendi_score([[1.0, 0.0], [0.0, 1.0]]), 2)
        2.0
    """
    raw = matrix(embeddings, "embeddings")
    if raw.ndim != 2 or len(raw) == 0:
        as_vectors(raw)
    moments = np.zeros((raw.shape[1], raw.shape[1]), order="F")
    for start in range(0, len(raw), _ROWS):
        block = as_vectors(raw[start : start + _ROWS], dtype=np.float64, first=start)
        moments = dsyrk(1.0 / len(raw), block.T, beta=1.0, c=moments, overwrite_c=True)
    spectrum = eigvalsh(moments, lower=False, check_finite=False)
    spectrum = spectrum[spectrum > 0]
    return float(np.exp(-(spectrum * np.log(spectrum)).sum()))


def _coverage_density(vectors: FloatArray, reference: Column, k: int) -> tuple[float, float]:
    """Follow Naeem et al., Reliable Fidelity and Diversity Metrics, ICML 2020, eq. 4 and 6."""
    real = as_vectors(reference, where="reference")
    if real.shape[1] != vectors.shape[1]:
        raise ValueError(f"reference: expected {vectors.shape[1]} dimensions, got {real.shape[1]}")
    around = nearest_neighbours(real, k=k).similarity
    # On unit vectors a smaller distance is a larger cosine; the slack lets a copy of a neighbour count.
    radius = around[:, -1] - np.float32(1e-6)
    covered, inside = 0, 0
    for rows in row_blocks(len(real), len(vectors)):
        within = real[rows] @ vectors.T >= radius[rows, None]
        covered += int(within.any(axis=1).sum())
        inside += int(within.sum())
    return covered / len(real), inside / (around.shape[1] * len(vectors))
