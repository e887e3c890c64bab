"""How many wrong labels the next reviews would find, so that people know when to stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, logit

from curation.quality.input_checks import FloatArray, same_length

# Standard deviation, in logits, of how far doubts are off before anybody has looked.
_PRIOR = 1.5
_CERTAIN = 1e-3


@dataclass(frozen=True, kw_only=True)
class Forecast:
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


def forecast(doubt: npt.ArrayLike, *, past_doubt: npt.ArrayLike = (), past_wrong: npt.ArrayLike = ()) -> Forecast:
    """Foretell the number of wrong labels among records from their doubts, corrected by the last reviews.

    The scores of `label_quality` rank far better than they count. What the last reviews found tells how far the
    count is off: one number is added to the logits of all doubts (Platt scaling, 1999, with the slope held at one).
    The interval has the chance in each label and the uncertainty of that number (delta method).

    Args:
        doubt: (m,) probability that the label is wrong, in [0, 1], of the records to be reviewed.
        past_doubt: (r,) the same of the records reviewed last, as it was before their review.
        past_wrong: (r,) true where the review found another label.

    Raises:
        ValueError: different lengths, or doubts outside [0, 1].
    """
    now, before = _as_logits(doubt, "doubt"), _as_logits(past_doubt, "past_doubt")
    wrong = np.asarray(past_wrong, dtype=bool)
    same_length(len(before), len(wrong), "past_wrong")
    shift = _shift(before, int(wrong.sum()))
    then, chance = expit(before + shift), expit(now + shift)
    variance = float((chance * (1 - chance)).sum())
    of_shift = 1.0 / (float((then * (1 - then)).sum()) + _PRIOR**-2)
    spread = 1.96 * float(np.sqrt(variance + variance**2 * of_shift))
    expected = float(chance.sum())
    return Forecast(
        reviews=len(now),
        wrong=expected,
        low=max(0.0, expected - spread),
        high=min(float(len(now)), expected + spread),
        shift=shift,
    )


def _as_logits(doubt: npt.ArrayLike, where: str) -> FloatArray:
    values = np.asarray(doubt, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{where}: expected probabilities in [0, 1]")
    return np.asarray(logit(np.clip(values, _CERTAIN, 1 - _CERTAIN)))


def _shift(logits: FloatArray, wrong: int) -> float:
    """Return the most likely shift, a priori normal around 0."""
    return float(brentq(lambda b: expit(logits + b).sum() + b / _PRIOR**2 - wrong, -1e4, 1e4))
