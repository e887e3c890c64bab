"""Whether one of two models is better, asked again after every answer: a test that may be looked at whenever."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, flags, numbers
from evaluation.intervals import Interval, check_confidence
from evaluation.shown import Shown

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

_LIKE = 10.0  # what is expected of differences before any is seen, as so many pairs won and as many lost
_BETS = np.linspace(-1, 1, 103)[1:-1]
_LOG_SHARE = (_LIKE - 1) * np.log1p(-(_BETS**2))
_LOG_SHARE -= np.log(np.exp(_LOG_SHARE).sum())
_STEP = 0.001
_DIFFERENCES = np.arange(-1 + _STEP, 1, _STEP)
"""Those that are tried for an interval."""

_AT_ONCE = 20_000


@dataclass(frozen=True, kw_only=True, repr=False)
class SequentialTest(Shown):
    """What is known so far; it may be looked at after every pair, and the stream be stopped at any time.

    Attributes:
        pairs: How many pairs of outcomes there are.
        wins: Pairs in which only the second is right, or better.
        losses: Pairs in which only the first is.
        waiting: Outcomes of one stream that have no partner in the other one yet.
        difference: Share that the second has right less that of the first, in [-1, 1], as of now.
        p_value: The least so far, in (0, 1]: where the two are alike it ever falls to p in at most p of all streams.
        is_shown: Whether that is below 1 less the confidence.
        first_shown: After how many pairs it first was; None where it is not.
        confidence: Coverage of the interval at all times together, in (0, 1).
        verdict: The finding in one sentence.
    """

    pairs: int
    wins: int
    losses: int
    waiting: int
    difference: Interval
    p_value: float
    is_shown: bool
    first_shown: int | None
    confidence: float
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {**vars(self), "difference": self.difference.to_dict()}


def sequential_compare(before: Column, after: Column, *, confidence: float = 0.95) -> SequentialTest:
    """Compare two models at work while their outcomes come in: right or wrong, accepted or not.

    A test for a number of records that was fixed before may be looked at once; looked at after each of a thousand, it
    finds a difference in most streams without one. Here each outcome of the one model is paired with the next of the
    other, and what is won by betting on the pairs (Waudby-Smith and Ramdas, Estimating means of bounded random
    variables by betting, JRSS B 2024) has no way to grow unless they differ: where they do not, it is ever above 20 in
    at most a twentieth of streams (Ville 1939). The bets are a mixture over differences, as in the mixture sequential
    probability ratio test (Robbins 1970; Johari et al., Peeking at A/B Tests, KDD 2017), so none has to be named
    beforehand. It holds for any number of pairs, not for many alone. Time n, memory of the streams.

    Args:
        before: Outcomes of the one model so far, true or false, in the order in which they came.
        after: Those of the other, of other requests; which model a request gets has to be drawn by chance.
        confidence: Coverage of the interval, at all times together, in (0, 1).

    Raises:
        ValueError: Outcomes that are neither true nor false.

    Example:
        >>> import numpy as np
        >>> draws = np.random.default_rng(0).random((2, 3000))
        >>> found = sequential_compare(draws[0] < 0.8, draws[1] < 0.85)
        >>> found.is_shown, found.difference.low > 0
        (True, True)
    """
    check_confidence(confidence)
    first, second = flags(before, "before"), flags(after, "after")
    n = min(len(first), len(second))
    signs = second[:n].astype(np.int64) - first[:n]
    return _tested(signs, abs(len(first) - len(second)), confidence)


def sequential_wins(wins: Column, *, confidence: float = 0.95) -> SequentialTest:
    """Compare two models by whose answer people prefer, while preferences come in; as `sequential_compare` does.

    Args:
        wins: In the order in which they came: 1 where the second model's answer is preferred, 0 where the first's is,
            0.5 where neither is.
        confidence: As there.

    Raises:
        ValueError: Another number.

    Example:
        >>> sequential_wins([1, 1, 0.5, 1] * 20).verdict
        'better: +0.750 [+0.488, +0.876] after 80 pairs, first shown after 20'
    """
    check_confidence(confidence)
    given = numbers(wins, "wins")
    if wrong := np.flatnonzero(~np.isin(given, (0, 0.5, 1))).tolist():
        raise ValueError(f"wins: expected 1, 0 or 0.5 for each pair, got {given[wrong[0]]} at record {wrong[0]}")
    return _tested((2 * given - 1).astype(np.int64), 0, confidence)


def _tested(signs: Counts, waiting: int, confidence: float) -> SequentialTest:
    level = np.log(1 / (1 - confidence))
    most, first = _most_won(signs, level)
    wins, losses = int((signs > 0).sum()), int((signs < 0).sum())
    difference = _interval(wins, losses, len(signs), level)
    return SequentialTest(
        pairs=len(signs),
        wins=wins,
        losses=losses,
        waiting=waiting,
        difference=difference,
        p_value=float(min(1.0, np.exp(-most))),
        is_shown=first is not None,
        first_shown=first,
        confidence=confidence,
        verdict=_verdict(difference, len(signs), first),
    )


def _most_won(signs: Counts, level: float) -> tuple[float, int | None]:
    """Return the most that was ever won on the two being alike, in logs, and after which pair it first passed a level.

    Only pairs that differ move it, and under no difference those go one way or the other like a coin.
    """
    differ = np.flatnonzero(signs)
    up = np.cumsum(signs[differ] > 0)
    down = np.arange(1, len(differ) + 1) - up
    most, first = 0.0, None
    for start in range(0, len(differ), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        ups, downs = (each[part, None].astype(np.float64) for each in (up, down))
        won = _log_mean(ups * np.log1p(_BETS) + downs * np.log1p(-_BETS))
        if first is None and (won > level).any():
            first = int(differ[start + int((won > level).argmax())]) + 1
        most = max(most, float(won.max()))
    return most, first


def _interval(wins: int, losses: int, n: int, level: float) -> Interval:
    """Return the difference so far with all those on which too little is won to refuse them."""
    if not n:
        return Interval(value=None, reason="there is no pair yet")
    won_by = _won_by_one()
    won = _log_mean(wins * won_by[0] + (n - wins - losses) * won_by[1] + losses * won_by[2])
    value, kept = (wins - losses) / n, _DIFFERENCES[won <= level]
    low, high = (kept.min(), kept.max()) if len(kept) else (value, value)
    return Interval(
        value=value, low=float(max(-1.0, min(value, low - _STEP))), high=float(min(1.0, max(value, high + _STEP)))
    )


@cache
def _won_by_one() -> tuple[Floats, Floats, Floats]:
    """Return what each bet wins on each difference by a win, by neither and by a loss, in logs."""
    means = ((_DIFFERENCES + 1) / 2)[:, None]  # of 1 for a win, .5 for neither and 0 for a loss
    bets = np.where(_BETS > 0, _BETS / means, _BETS / (1 - means))
    win, neither, loss = (np.log1p(bets * (value - means)) for value in (1.0, 0.5, 0.0))
    return win, neither, loss


def _log_mean(logs: Floats) -> Floats:
    """Return (n,) the logarithm of the mean over the bets of (n, bets), each by its share."""
    both = logs + _LOG_SHARE
    top = both.max(axis=1, keepdims=True)
    found: Floats = (top + np.log(np.exp(both - top).sum(axis=1, keepdims=True)))[:, 0]
    return found


def _verdict(difference: Interval, n: int, first: int | None) -> str:
    if difference.value is None:
        return "no difference shown: there is no pair yet"
    said = f"{difference.in_words('+.3f')} after {n} pairs"
    if first is None:
        return f"no difference shown: {said}"
    finding = "better" if difference.value > 0 else "worse"
    return f"{finding}: {said}, first shown after {first}"
