"""Whether two samples of vectors are of one kind: told apart by a classifier, and as clouds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.intervals import Interval
from evaluation.relabelling import Floats, relabelled
from evaluation.superiority import superiority

_FOLDS = 5
_WAVES = 256  # random features of the kernel, a cosine and a sine each
_FOR_WIDTH = 1_000  # records by which the width of the kernel is chosen


@dataclass(frozen=True, kw_only=True)
class VectorShift:
    """What tells two samples of vectors apart.

    Attributes:
        told: The probability that a classifier finds a record of the second sample more like the second than one of
            the first, on records that it has not seen, in [0, 1]; .5 = nothing tells them apart.
        told_p: Of its permutation test.
        apart: Squared maximum mean discrepancy with its interval, in [0, 2]; 0 = clouds of one kind.
        apart_p: Of its permutation test.
    """

    told: Interval
    told_p: float
    apart: Interval
    apart_p: float


def vector_shift(first: Floats, second: Floats, *, draws: int, seed: int) -> VectorShift:
    """Test whether two samples of vectors come from one distribution.

    Twice. A classifier learns to tell them apart and is asked about records of other folds (Lopez-Paz and Oquab,
    Revisiting Classifier Two-Sample Tests, ICLR 2017): a linear discriminant, whose covariance is that of both samples
    together and shrunk (Ledoit and Wolf 2004), so that it can be learnt anew for every draw of the permutation test.
    And the means of random Fourier features (Rahimi and Recht 2007) are held against each other, which is the maximum
    mean discrepancy (Gretton et al., JMLR 2012) in time linear in the records; the kernel is as wide as the median
    distance of two records. Both p-values are exact.

    Args:
        first: (n, d).
        second: (m, d).
        draws: Of the permutation tests.
        seed: Of folds, features and draws.
    """
    both, n, m = np.vstack([first, second]).astype(np.float32), len(first), len(second)
    discriminant = _Discriminant.of(both, seed)
    told = relabelled(lambda ways: _above(discriminant.scores(ways), ways), n, m, draws=draws, seed=seed)
    waves = _waves(both, seed)
    apart = relabelled(lambda ways: _between(waves, ways), n, m, draws=draws, seed=seed + 1)
    there = np.repeat(np.array([0, 1], dtype=np.float32), [n, m])[None]
    scores = discriminant.scores(there)[0].astype(np.float64)
    return VectorShift(
        told=superiority(scores[n:], scores[:n]), told_p=told.p_value, apart=_apart(waves, n), apart_p=apart.p_value
    )


@dataclass(frozen=True)
class _Discriminant:
    """What a linear discriminant needs, whichever records are of which sample."""

    vectors: Floats  # (n + m, d), centred
    whitened: Floats  # the same by the inverse of the covariance
    fold: npt.NDArray[np.intp]  # (n + m,), drawn without a look at the samples

    @classmethod
    def of(cls, vectors: Floats, seed: int) -> _Discriminant:
        from sklearn.covariance import ledoit_wolf

        centred = vectors - vectors.mean(axis=0)
        covariance = ledoit_wolf(centred, assume_centered=True)[0].astype(np.float64)
        ridge = 1e-6 * np.trace(covariance) / len(covariance) + 1e-12  # of vectors that are all one
        inverse = np.linalg.inv(covariance + ridge * np.eye(len(covariance)))
        fold = np.random.default_rng(seed).permutation(len(vectors)) % _FOLDS
        return cls(centred, (centred @ inverse).astype(np.float32), fold)

    def scores(self, ways: Floats) -> Floats:
        """Return (b, n + m) how much like the second sample each record is to a classifier that has not seen it."""
        found = np.empty(ways.shape, dtype=np.float32)
        for fold in range(_FOLDS):
            out, seen = self.fold == fold, self.fold != fold
            second, first = (_means(side[:, seen], self.whitened[seen]) for side in (ways, 1 - ways))
            raw = (second - first) @ self.vectors[out].T
            plain = [_means(side[:, seen], self.vectors[seen]) for side in (ways, 1 - ways)]
            middle = ((second - first) * (plain[0] + plain[1])).sum(axis=1, keepdims=True) / 2
            found[:, out] = raw - middle
        return found


def _means(ways: Floats, values: Floats) -> Floats:
    """Return (b, d) the mean of those that are chosen, for each way; zeros where nothing is."""
    found: Floats = (ways @ values) / np.maximum(ways.sum(axis=1, keepdims=True), 1)
    return found


def _above(scores: Floats, ways: Floats) -> npt.NDArray[np.float64]:
    """Return (b,) how often one of the second sample is above one of the first, ties counted half."""
    from scipy.stats import rankdata

    size = ways.sum(axis=1, dtype=np.float64)
    ranks = (rankdata(scores, axis=1) * ways).sum(axis=1)
    found: npt.NDArray[np.float64] = (ranks - size * (size + 1) / 2) / (size * (ways.shape[1] - size))
    return found


def _waves(vectors: Floats, seed: int) -> Floats:
    """Return (n + m, 2 * waves) features whose inner product is the kernel's value, nearly; rows of length 1."""
    rng = np.random.default_rng(seed)
    some = vectors[rng.permutation(len(vectors))[:_FOR_WIDTH]]
    half = len(some) // 2
    width = float(np.median(np.linalg.norm(some[:half] - some[half : 2 * half], axis=1))) or 1.0
    phases = vectors @ (rng.standard_normal((vectors.shape[1], _WAVES)) / width).astype(np.float32)
    found: Floats = (np.hstack([np.cos(phases), np.sin(phases)]) / np.sqrt(_WAVES)).astype(np.float32)
    return found


def _between(waves: Floats, ways: Floats) -> npt.NDArray[np.float64]:
    difference = (_means(ways, waves) - _means(1 - ways, waves)).astype(np.float64)
    found: npt.NDArray[np.float64] = (difference**2).sum(axis=1)
    return found


def _apart(waves: Floats, n: int) -> Interval:
    """Return the squared discrepancy, without what two samples of one kind have of it, and its normal interval."""
    first, second = waves[:n].astype(np.float64), waves[n:].astype(np.float64)
    difference = second.mean(axis=0) - first.mean(axis=0)
    by_chance = sum(part.var(axis=0, ddof=1).sum() / len(part) for part in (first, second))
    value = float((difference**2).sum() - by_chance)
    along = sum((part @ difference).var(ddof=1) / len(part) for part in (first, second))
    half = 1.96 * 2 * float(along) ** 0.5
    return Interval(value=max(0.0, value), low=max(0.0, value - half), high=min(2.0, max(0.0, value + half)))
