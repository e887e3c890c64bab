"""Multinomial logistic regression of several folds at once, in a few steps however many records there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, solve_triangular

from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.side_by_side import Floats, minimised
from curation.quality.spread_sample import spread_sample

# Records from which it is learnt how vectors lie: that decides how fast the solver is, not where it goes.
_SAMPLE = 20_000
# Probabilities held at once, 16 MB of float32; and records at most, 6 MB at 384 numbers each.
_NUMBERS, _ROWS = 4_000_000, 4_096
# Slopes and intercepts looked for at once, of which the solver remembers 20 versions: 320 MB.
_PARAMETERS = 2_000_000
# The solver stops where a step lowers the loss by less than this share of it, or after so many steps.
_LITTLE, _STEPS = 1e-3, 60
# Weight of a fold from which nobody is left to learn.
_TINY = 1e-9
# A logarithm that stands for "never" where the likelihood of a record that does not count is asked for.
_NEVER = np.float32(-1e4)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How vectors lie: `mean` (d,) and `covariance` (d, d)."""

    mean: Floats
    covariance: Floats


def spread_of(vectors: FloatArray) -> Spread:
    """Measure mean and covariance of (n, d) vectors, from a sample where there are many."""
    sample = spread_sample(vectors, _SAMPLE).astype(np.float64)
    mean: Floats = sample.mean(axis=0)
    sample -= mean
    return Spread(mean=mean, covariance=sample.T @ sample / len(sample))


@dataclass(frozen=True, kw_only=True)
class Fits:
    """One model for each fold.

    Attributes:
        slope: (folds, d, k).
        intercept: (folds, k), -inf where a label has no record.
    """

    slope: npt.NDArray[np.float32]
    intercept: npt.NDArray[np.float32]

    @classmethod
    def unknown(cls, *, folds: int, d: int, k: int) -> Fits:
        """Return models of which nothing is known: no slopes, and intercepts that are NaN."""
        slope, intercept = np.zeros((folds, d, k), dtype=np.float32), np.full((folds, k), np.nan, dtype=np.float32)
        return cls(slope=slope, intercept=intercept)

    def take_in(self, fold: int, labels: IntArray, coefficients: FloatArray, intercepts: FloatArray) -> None:
        """Take in a model of scikit-learn of some labels, (labels, d) and (labels,), or of two as one."""
        of_two = len(labels) == 2
        slope = np.stack([-coefficients[0], coefficients[0]]) / 2 if of_two else coefficients
        level = np.array([-intercepts[0], intercepts[0]]) / 2 if of_two else intercepts
        self.slope[fold][:, labels], self.intercept[fold][labels] = slope.T, level

    def log_chances(self, fold: int, vectors: FloatArray) -> FloatArray:
        """Return (n, k) log-probabilities by the model of a fold; -inf where a label has no record."""
        logits = vectors @ self.slope[fold] + self.intercept[fold]
        logits -= logits.max(axis=1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))


def fit_folds(
    vectors: FloatArray,
    codes: IntArray,
    weights: FloatArray,
    *,
    start: Fits,
    inverse_regularization: float,
    spread: Spread,
) -> Fits:
    """Fit a model for each column of weights, nearly to the end.

    What is minimised is what scikit-learn's `LogisticRegression` minimises (of two labels it has one slope in place of
    two, and so twice the penalty of a pair). It is looked for by L-BFGS, but among L'W in place of the slopes W, where
    LL' is the Hessian at W = 0 but for what it has of the labels: the covariance of the vectors over k, and the
    penalty. So measured, the loss is about as steep in one direction as in any other (preconditioning; Nocedal &
    Wright, Numerical Optimization, 2006, 5.1), and five to ten steps do what takes hundreds otherwise.

    Args:
        vectors: (n, d), float32.
        codes: (n,) labels.
        weights: (n, folds) of the records, at least 0; in each fold some above it.
        start: Where to begin.
        inverse_regularization: scikit-learn's C, above 0.
        spread: How such vectors lie.

    Example:
        >>> points, codes = np.array([[0.0], [1.0], [4.0], [5.0]], dtype=np.float32), np.array([0, 0, 1, 1])
        >>> start, spread = Fits.unknown(folds=1, d=1, k=2), spread_of(points)
        >>> fits = fit_folds(points, codes, np.ones((4, 1)), start=start, inverse_regularization=10, spread=spread)
        >>> fits.log_chances(0, points).argmax(axis=1).tolist()
        [0, 0, 1, 1]
    """
    folds, d, k = start.slope.shape
    at_once = max(1, _PARAMETERS // (k * (d + 1)))
    found = Fits.unknown(folds=folds, d=d, k=k)
    for first in range(0, folds, at_once):
        some = slice(first, first + at_once)
        loss = _Loss(vectors, codes, weights[:, some], k, inverse_regularization, spread)
        begin = loss.place(start.slope[some], start.intercept[some])
        at = minimised(loss, begin, steps=_STEPS, little=_LITTLE)
        found.slope[some], found.intercept[some] = loss.model(at)
    return found


@dataclass(frozen=True, kw_only=True)
class _Records:
    """What is learnt from: `vectors` (n, d), `codes` (n,), and `weights` (n, folds)."""

    vectors: FloatArray
    codes: IntArray
    weights: npt.NDArray[np.float32]

    def parts(self, rows: int) -> Iterator[_Records]:
        for start in range(0, len(self.codes), rows):
            part = slice(start, start + rows)
            yield _Records(vectors=self.vectors[part], codes=self.codes[part], weights=self.weights[part])


class _Loss:
    """Mean loss and penalty of each fold (folds,), and its gradient, at places (folds, (d + 1) * k).

    The first d of each are the slopes, multiplied by L'; the last is the intercept of centred vectors, beyond the
    logarithm of the label's share.
    """

    def __init__(
        self, vectors: FloatArray, codes: IntArray, weights: FloatArray, k: int, inverse: float, spread: Spread
    ) -> None:
        self.records = _Records(vectors=vectors, codes=codes, weights=weights.astype(np.float32))
        counts = np.stack([np.bincount(codes, weights=one, minlength=k) for one in weights.T])
        self.mean, self.mass = spread.mean, np.maximum(counts.sum(axis=1), _TINY)
        with np.errstate(divide="ignore"):
            self.prior: Floats = np.log(counts / self.mass[:, None])
        of_two = (counts > 0).sum(axis=1) == 2
        self.penalty: Floats = np.where(of_two, 2, 1) / (inverse * self.mass)
        curved = spread.covariance / k + np.eye(len(spread.mean)) / (inverse * self.mass.mean())
        self.root = cholesky(curved, lower=True)

    def place(self, slope: FloatArray, intercept: FloatArray) -> Floats:
        """Return where a model lies; a label of which nothing is known has its share, one without records nothing."""
        level = intercept + self.mean @ slope - np.where(np.isfinite(self.prior), self.prior, np.nan)
        level = np.where(np.isnan(level), 0, level) / np.sqrt(self.prior.shape[1])
        slope = np.where(np.isfinite(self.prior)[:, None], slope, 0)
        turned = _apart(self.root.T @ _side_by_side(slope), len(slope))
        return np.concatenate([turned, level[:, None]], axis=1).reshape(len(slope), -1)

    def __call__(self, at: Floats) -> tuple[Floats, Floats]:
        slope, intercept = self.model(at)
        loss, pull, lift = _taken_in(self.records, slope, intercept)
        pull = (pull - self.mean[:, None] * lift[:, None]) / self.mass[:, None, None]
        steep = self._turned(pull + self.penalty[:, None, None] * slope, "N")
        level = lift / self.mass[:, None] * np.sqrt(lift.shape[1])
        total = loss / self.mass + 0.5 * self.penalty * (slope**2).sum(axis=(1, 2))
        return total, np.concatenate([steep, level[:, None]], axis=1).reshape(len(at), -1)

    def model(self, at: Floats) -> tuple[Floats, Floats]:
        """Return slopes (folds, d, k) and intercepts (folds, k)."""
        numbers = at.reshape(len(self.mass), len(self.mean) + 1, -1)
        slope = self._turned(numbers[:, :-1], "T")
        level = numbers[:, -1] * np.sqrt(numbers.shape[2])
        return slope, self.prior + level - self.mean @ slope

    def _turned(self, values: Floats, trans: str) -> Floats:
        """Divide (folds, d, k) by L, or by L'."""
        flat = _side_by_side(values)
        return _apart(np.asarray(solve_triangular(self.root, flat, lower=True, trans=trans)), len(values))


def _side_by_side(values: FloatArray) -> FloatArray:
    """Return (folds, d, k) as (d, folds * k)."""
    return values.transpose(1, 0, 2).reshape(values.shape[1], -1)


def _apart(flat: Floats, folds: int) -> Floats:
    """Return (d, folds * k) as (folds, d, k)."""
    return flat.reshape(len(flat), folds, -1).transpose(1, 0, 2)


def _taken_in(records: _Records, slope: Floats, intercept: Floats) -> tuple[Floats, Floats, Floats]:
    """Return what all records lose, (folds,), and its gradients, (folds, d, k) and (folds, k)."""
    folds, d, k = slope.shape
    each, level = np.ascontiguousarray(_side_by_side(slope), dtype=np.float32), intercept.astype(np.float32)
    loss, pull, lift = np.zeros(folds), np.zeros((d, folds * k)), np.zeros((folds, k))
    for part in records.parts(min(_ROWS, max(1, _NUMBERS // level.size))):
        off = (part.vectors @ each).reshape(-1, folds, k) + level
        loss += _lost(off, part)
        pull += part.vectors.T @ off.reshape(-1, folds * k)
        lift += off.sum(axis=0)
    return loss, _apart(pull, folds), lift


def _lost(logits: FloatArray, part: _Records) -> Floats:
    """Return what records lose, (folds,); leave in `logits` (n, folds, k) by how much they should be lower."""
    own = np.arange(len(part.codes)), slice(None), part.codes
    logits -= logits.max(axis=2, keepdims=True)
    said = np.maximum(logits[own], _NEVER)
    np.exp(logits, out=logits)
    total = logits.sum(axis=2)
    logits *= (part.weights / total)[:, :, None]
    logits[own] -= part.weights
    return np.asarray((part.weights * (np.log(total) - said)).sum(axis=0, dtype=np.float64))
