"""How many wrong labels the next reviews would find, so that people know when to stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit, logit
from scipy.stats import norm

from curation.quality.input_checks import BoolArray, FloatArray, same_length
from evaluation.columns import Column, flags, numbers
from evaluation.shown import Shown

# Standard deviation, in logits, of how far doubts are off before anybody has looked, and of how far that moves along
# a hundred reviews.
_PRIOR, _DRIFT = 1.0, 0.5
# Reviews after which the shift may have moved.
_TURN = 25
# Logits by which doubts may be off.
_SHIFTS = np.linspace(-8, 8, 161)
_CERTAIN = 1e-3


@dataclass(frozen=True, kw_only=True, repr=False)
class Forecast(Shown):
    """What the next reviews would bring.

    Attributes:
        reviews: How many.
        wrong: Wrong labels expected among them.
        low: Lower end of the 95% interval of that number.
        high: Upper end.
        shift: Logits by which doubts were too low (or too high, below 0) in the reviews so far.
    """

    reviews: int
    wrong: float
    low: float
    high: float
    shift: float


def forecast(doubt: Column, *, past_doubt: Column = (), past_wrong: Column = ()) -> Forecast:
    """Foretell the number of wrong labels among records from their doubts, corrected by the reviews so far.

    The scores of `label_quality` rank far better than they count. What the reviews found tells how far the count is
    off: one number is added to the logits of all doubts (Platt scaling, 1999, with the slope held at one). Queues start
    with what is surest, so that number moves along the queue; it is followed as a random walk, on a grid (the forward
    pass of a hidden Markov model: Rabiner, Proceedings of the IEEE 1989). The interval has the chance in each label,
    the uncertainty of the number, and how far it may move until the last of the records.

    Args:
        doubt: (m,) probability that the label is wrong, in [0, 1], of the records to be reviewed.
        past_doubt: (r,) the same of the records reviewed so far, as it was before their review, the latest last.
        past_wrong: (r,) true where the review found another label.

    Raises:
        ValueError: different lengths, or doubts outside [0, 1].

    Example:
        >>> found = forecast([0.9, 0.5, 0.1])
        >>> round(found.wrong, 2), found.reviews
        (1.5, 3)
    """
    now, before = _as_logits(doubt, "doubt"), _as_logits(past_doubt, "past_doubt")
    wrong = flags(past_wrong, "past_wrong")
    same_length(len(before), len(wrong), "past_wrong")
    belief = norm.pdf(_SHIFTS, scale=_PRIOR)
    for start in range(0, len(before), _TURN):
        part = slice(start, start + _TURN)
        belief = _told(belief, before[part], wrong[part])
        belief = _moved(belief, len(before[part]))
    belief = _moved(belief, len(now)) if len(before) else belief / belief.sum()
    shift = float(belief @ _SHIFTS)
    low, high = _interval(belief, now)
    return Forecast(reviews=len(now), wrong=float(expit(now + shift).sum()), low=low, high=high, shift=shift)


def _as_logits(doubt: Column, where: str) -> FloatArray:
    values = numbers(doubt, where)
    outside = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if len(outside):
        raise ValueError(f"{where}: expected probabilities in [0, 1], got {values[outside[0]]} at record {outside[0]}")
    return np.asarray(logit(np.clip(values, _CERTAIN, 1 - _CERTAIN)))


def _told(belief: FloatArray, logits: FloatArray, wrong: BoolArray) -> FloatArray:
    """Return the belief in each shift after reviews (Bayes)."""
    likelihood = log_expit(np.where(wrong, 1, -1)[:, None] * (logits[:, None] + _SHIFTS)).sum(axis=0)
    told: FloatArray = belief * np.exp(likelihood - likelihood.max())
    return told


def _moved(belief: FloatArray, reviews: int) -> FloatArray:
    """Return the belief after as many reviews have gone by without a word."""
    if reviews:
        steps = norm.pdf(_SHIFTS[:, None] - _SHIFTS, scale=_DRIFT * np.sqrt(reviews / 100))
        belief = steps @ belief
    return np.asarray(belief / belief.sum())


def _interval(belief: FloatArray, logits: FloatArray) -> tuple[float, float]:
    """Return the numbers of wrong labels between which 95% of the probability lies."""
    chance = expit(logits[:, None] + _SHIFTS)
    spread = np.sqrt((chance * (1 - chance)).sum(axis=0)) + 1e-9
    counts = np.arange(len(logits) + 1)
    at_most = norm.cdf((counts[:, None] + 0.5 - chance.sum(axis=0)) / spread) @ belief
    low, high = np.searchsorted(at_most, [0.025, 0.975])
    return float(low), float(min(high, len(logits)))
