"""Raters on a scale: how far each of them is off, how much of the scale they use, how steady they are.

A vote is `offset + scale * value + noise`, all three of the rater, the value of the record. Raters are drawn from a
population and records from another, whose spreads are fitted to the votes (empirical Bayes; Dawid and Skene's idea
carried to numbers, as Welinder et al. 2010, NeurIPS 23, have it for one offset), so that a rater of few votes is
taken for an ordinary one. Where features of the records are known, the mean of a record's prior is a ridge regression
on them, the record itself left out, its weight fitted with the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curation.review.votes import Floats, Votes

_ROUNDS = 10  # of the fit; more of them believe raters who give the lowest step to everything to be steady
_TYPICAL = 40.0  # votes that the noise of an ordinary rater counts for
_BOLDEST = 0.05  # the most that the variance of scales is believed to be: votes of few records cannot tell more
_ONE_READER = 0.25  # squared steps: the noise that is taken for granted where no record was read twice


@dataclass(frozen=True, kw_only=True)
class Raters:
    """What is known of R raters.

    Attributes:
        offset: Shape (R,), how much higher than the others a rater is at the middle of the votes.
        scale: Shape (R,), how far their votes move where those of the others move by 1.
        noise: Shape (R,), variance of their votes around that.
    """

    offset: Floats
    scale: Floats
    noise: Floats


@dataclass(frozen=True, kw_only=True)
class RatingFit:
    """The values of N records, as the average rater would see them, and the raters.

    Attributes:
        mean: Shape (N,), the posterior mean of the value.
        variance: Shape (N,), its variance.
        raters: The raters.
    """

    mean: Floats
    variance: Floats
    raters: Raters


@dataclass(frozen=True, kw_only=True)
class _Population:
    """Where records and raters are drawn from: variances, around what the features say and around no offset."""

    value: float
    offset: float
    scale: float
    weight: float  # of each feature; 0 where there are none


@dataclass(frozen=True, kw_only=True)
class _Records:
    mean: Floats
    variance: Floats
    population: _Population


def fit_ratings(votes: Votes, numbers: Floats, features: Floats | None = None) -> RatingFit:
    """Fit the values of records and the raters to votes that are numbers.

    Args:
        votes: Coded votes.
        numbers: Shape (K,), the number that each label stands for.
        features: Shape (N, d), what is known of the records besides their votes.
    """
    said, middle = numbers[votes.label], float(numbers[votes.label].mean())
    least = _rounding(numbers)
    if len(said) == len(votes.records):
        return _as_said(votes, said, _ONE_READER * 12 * least)
    y, spread = said - middle, max(float(said.var()), least)
    known = None if features is None else _centred(features)
    raters = _ordinary(len(votes.reviewers), noise=spread / 2)
    population = _Population(value=spread / 4, offset=spread / 10, scale=_BOLDEST, weight=spread / 4)
    for _ in range(_ROUNDS):
        records = _records(votes, y, raters, population, known, least)
        raters, population = _raters(votes, y, records, raters, least)
    return RatingFit(mean=middle + records.mean, variance=records.variance, raters=raters)


def _rounding(numbers: Floats) -> float:
    """Return the variance that rounding to a step brings into every vote."""
    return float(np.diff(np.sort(numbers)).min(initial=1.0) ** 2 / 12) if len(numbers) > 1 else 1 / 12


def _as_said(votes: Votes, said: Floats, noise: float) -> RatingFit:
    """Return votes as they are: where no record was read twice, nothing tells a rater from the records."""
    raters = _ordinary(len(votes.reviewers), noise=noise)
    return RatingFit(mean=said, variance=np.full(len(said), noise), raters=raters)


def _ordinary(n: int, *, noise: float) -> Raters:
    return Raters(offset=np.zeros(n), scale=np.ones(n), noise=np.full(n, noise))


def _centred(features: Floats) -> Floats:
    """Return features of mean zero and a mean square of 1 a record, no more columns than records."""
    centred = features - features.mean(axis=0)
    if centred.shape[1] > len(centred):
        left, size, _ = np.linalg.svd(centred, full_matrices=False)
        centred = left * size
    return np.asarray(centred / max(float((centred**2).sum() / len(centred)) ** 0.5, 1e-12))


def _records(
    votes: Votes, y: Floats, raters: Raters, population: _Population, known: Floats | None, least: float
) -> _Records:
    """Return the values of the records given the raters, and the population that they show."""
    n, of = len(votes.records), votes.reviewer
    weight = raters.scale[of] / raters.noise[of]
    precision = np.maximum(np.bincount(votes.record, weight * raters.scale[of], n), 1e-9)
    heard = np.bincount(votes.record, weight * (y - raters.offset[of]), n) / precision
    trust = 1 / (population.value + 1 / precision)
    middle = float(trust @ heard / trust.sum())
    told, unsure, spread = np.full(n, middle), np.zeros(n), population.weight
    if known is not None:
        told, unsure, spread = _foretold(known, heard - middle, trust, population.weight)
        told = told + middle
    own = population.value * trust  # how much of what is left belongs to the record, not to the noise of its votes
    left = own * (heard - told)
    value = float((left**2 + own / precision + own**2 * unsure).mean())
    if known is not None:
        share = np.minimum(unsure * trust, 0.999)  # each record's own say in what is foretold of it is taken out
        told, unsure = heard - (heard - told) / (1 - share), unsure / (1 - share)
    variance = 1 / (1 / (population.value + unsure) + precision)
    mean = variance * (told / (population.value + unsure) + precision * heard)
    fitted = _Population(value=max(value, least / 10), offset=population.offset, scale=population.scale, weight=spread)
    return _Records(mean=mean, variance=variance, population=fitted)


def _foretold(known: Floats, heard: Floats, trust: Floats, weight: float) -> tuple[Floats, Floats, float]:
    """Return what the features say of each record, shape (N,), the variance of that, and the next `weight`."""
    weighed = known * trust[:, None]
    inverse = np.linalg.inv(known.T @ weighed + np.eye(known.shape[1]) / weight)
    slopes = inverse @ (weighed.T @ heard)
    unsure = ((known @ inverse) * known).sum(axis=1)
    return known @ slopes, unsure, max(float((slopes @ slopes + np.trace(inverse)) / len(slopes)), 1e-9)


def _raters(votes: Votes, y: Floats, records: _Records, before: Raters, least: float) -> tuple[Raters, _Population]:
    """Return the raters given the records: a regression of each rater's votes on the values, drawn to the others."""
    n, of, population = len(votes.reviewers), votes.reviewer, records.population
    x, v = records.mean[votes.record], records.variance[votes.record]
    left = y - x
    zero, one, two = np.bincount(of, minlength=n), np.bincount(of, x, n), np.bincount(of, x**2 + v, n)
    a, b, c = zero / before.noise + 1 / population.offset, one / before.noise, two / before.noise + 1 / population.scale
    high = np.bincount(of, left, n) / before.noise
    steep = np.bincount(of, left * x - v, n) / before.noise
    det = a * c - b**2
    offset, more = (c * high - b * steep) / det, (a * steep - b * high) / det
    sure = c / det, -b / det, a / det  # the posterior's covariance: offset, both, scale
    scale = 1 + more
    off = (left - offset[of] - more[of] * x) ** 2 + scale[of] ** 2 * v
    off += sure[0][of] + 2 * sure[1][of] * x + sure[2][of] * (x**2 + v)
    noise = (np.bincount(of, off, n) + _TYPICAL * off.mean()) / (zero + _TYPICAL)
    fitted = _Population(
        value=population.value,
        offset=max(float((offset**2 + sure[0]).mean()), least / 10),
        scale=float(np.clip((more**2 + sure[2]).mean(), 1e-4, _BOLDEST)),
        weight=population.weight,
    )
    offset, scale = offset - zero @ offset / zero.sum(), scale * zero.sum() / (zero @ scale)  # the average rater
    return Raters(offset=offset, scale=scale, noise=np.maximum(noise, least)), fitted
