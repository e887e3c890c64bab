"""A curve through scores at growing numbers of records: how much further records should bring.

Errors of models fall with the records that they learn from as a power law above a floor (Cortes et al. 1993, Learning
Curves, NIPS; Hestness et al. 2017, https://arxiv.org/abs/1712.00409). Its three numbers are badly known from a few
points, and together much better than each by itself. So every curve on a grid of floors and exponents is weighed by
how well it fits, and a prediction is made of many of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_EXPONENTS = np.geomspace(0.05, 1, 30)  # measured on texts: .07 to .35 (Hestness et al. 2017); in theory up to 1
_OFF = 0.01  # by how much a score departs from a power law with a doubling of the records: no curve is quite one
_FLOORS = 30
_BOOTSTRAPS, _EACH = 200, 5
_TINY = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class PowerLaw:
    """Curves error(n) = floor + scale x n ** -exponent, each as likely as the others.

    Attributes:
        floor: (s,) errors that stay however many records there are, in [0, 1].
        scale: (s,) of what falls, at least 0.
        exponent: (s,) how fast it falls, above 0.
        level: (s,) by how much the score as a whole may be off, for it was measured on so many records and no others.
        bend: (s,) by how much the score departs from the curve at twice the largest size; a walk from there on.
        largest: records at the last point that was measured.
    """

    floor: FloatArray
    scale: FloatArray
    exponent: FloatArray
    level: FloatArray
    bend: FloatArray
    largest: float

    def scores(self, records: float) -> FloatArray:
        """Return (s,) the scores after learning from so many records, in [0, 1]."""
        beyond = np.log2(max(records, self.largest) / self.largest)
        return np.asarray(np.clip(1 - self._errors(records) + self.level + self.bend * np.sqrt(beyond), 0, 1))

    def gains(self, before: float, after: float) -> FloatArray:
        """Return (s,) by how much the expected score grows between two numbers; an error of level cancels out."""
        grown = self._errors(before) - self._errors(after)
        return np.asarray(grown + self.bend * np.sqrt(np.log2(after / before)))

    def _errors(self, records: float) -> FloatArray:
        return np.asarray(self.floor + self.scale * records**-self.exponent)


def fit_power_law(sizes: FloatArray, scores: FloatArray, *, of: int, seed: int = 0) -> PowerLaw:
    """Fit curves to scores of several draws.

    Draws are taken with replacement, and curves drawn by their likelihood for each (BayesBag: Huggins and Miller 2023,
    Bayesian Analysis), so that points that fit no curve make the prediction less sure. Draws share records, the more
    the larger they are, and so agree more than draws of fresh records would: the variance of a mean over draws is taken
    as larger by the share of records that two of them have in common (after Nadeau and Bengio 2003, Machine Learning).

    Args:
        sizes: (k,) records that were learnt from, at least 3 different numbers.
        scores: (d, k) mean scores in [0, 1] of d draws, at least 2, each asked about records of its own.
        of: Records that all draws were taken from.
        seed: Same seed, same curves.
    """
    rng = np.random.default_rng(seed)
    draws = len(scores)
    variance = _variances(scores) * (1 / draws + sizes / of) + _OFF**2 * np.log2(sizes[-1] / sizes)
    samples = [
        each
        for _ in range(_BOOTSTRAPS)
        for each in _curves(sizes, 1 - scores[rng.integers(draws, size=draws)].mean(axis=0), variance, rng)
    ]
    floor, scale, exponent = np.array(samples).T
    score = float(scores[:, -1].mean())
    return PowerLaw(
        floor=floor,
        scale=scale,
        exponent=exponent,
        level=rng.normal(0, np.sqrt(max(score * (1 - score), 1 / of) / of), len(samples)),
        bend=rng.normal(0, _OFF, len(samples)),
        largest=float(sizes[-1]),
    )


def _variances(scores: FloatArray) -> FloatArray:
    """Return (k,) the variance of a draw at each size, apart from how hard the records are that it was asked about."""
    d, k = scores.shape
    rest = scores - scores.mean(axis=0) - scores.mean(axis=1, keepdims=True) + scores.mean()
    each = (rest**2).sum(axis=0) / (d - 1) * k / (k - 1)
    return np.asarray((each + each.mean()) / 2 + _TINY)  # a variance of a few draws is itself badly known


def _curves(
    sizes: FloatArray, errors: FloatArray, variance: FloatArray, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """Yield curves drawn by how likely they are, the scale of each by its own distribution."""
    top = min(1.0, errors[-1] + np.sqrt(variance[-1]))
    floor, exponent = (each.ravel() for each in np.meshgrid(np.linspace(0, top, _FLOORS), _EXPONENTS))
    shape = sizes ** -exponent[:, None]
    above = errors - floor[:, None]
    strength = (shape**2 / variance).sum(axis=1)
    scale = np.maximum((shape * above / variance).sum(axis=1) / strength, 0)
    misfit = ((above - scale[:, None] * shape) ** 2 / variance).sum(axis=1)
    worse = max(1.0, float(misfit.min()) / max(1, len(sizes) - 3))  # no curve fits: the points are less sure than said
    weight = np.exp(-(misfit - misfit.min()) / (2 * worse))
    for cell in rng.choice(len(weight), _EACH, p=weight / weight.sum()):
        drawn = abs(rng.normal(scale[cell], np.sqrt(worse / strength[cell])))
        yield np.array([floor[cell], drawn, exponent[cell]])
