"""Which of two systems or more people rate higher, by ratings of what the systems wrote to the same prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import stdtr, stdtrit

from evaluation.columns import Column, codes, names, numbers
from evaluation.holm import holm
from evaluation.intervals import FloatArray, IntArray, Interval, check_confidence
from evaluation.predictions import check_length
from evaluation.shown import Listed, Shown

_BY_CHANCE = 0.05  # how often any system is called better where none is


@dataclass(frozen=True, kw_only=True, repr=False)
class RatedSystem(Shown):
    """One system.

    Attributes:
        system: Its name.
        ratings: Ratings of its outputs.
        mean: Their mean over prompts, on the scale of the ratings.
    """

    system: str
    ratings: int
    mean: Interval


@dataclass(frozen=True, kw_only=True, repr=False)
class RatedPair(Shown):
    """Two systems beside each other.

    Attributes:
        system: The one that is rated higher.
        other: The other.
        difference: By how much, on the scale of the ratings: between outputs to one prompt, strict and mild readers
            made equal.
        better: Which of the two is better beyond chance, all pairs together (Holm), if either is.
    """

    system: str
    other: str
    difference: Interval
    better: str | None

    def turned(self) -> RatedPair:
        """Return the same as seen from the other system."""
        value, low, high = self.difference.numbers
        difference = Interval(value=-value, low=-high, high=-low)
        return replace(self, system=self.other, other=self.system, difference=difference)

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {**vars(self), "difference": self.difference.to_dict()}


@dataclass(frozen=True, kw_only=True, repr=False)
class RatedSystems(Shown):
    """What ratings say of systems; as a data frame, a row for every two of them.

    Attributes:
        scores: The systems, from the highest.
        pairs: Every two of them, the higher one first.
        prompts: Prompts in all.
        ratings: Ratings in all.
    """

    scores: Sequence[RatedSystem]
    pairs: Sequence[RatedPair]
    prompts: int
    ratings: int

    @property
    def systems(self) -> tuple[str, ...]:
        """The names, from the highest."""
        return tuple(score.system for score in self.scores)

    def between(self, system: str, other: str) -> RatedPair:
        """Return two systems beside each other, as seen from the first; raises a KeyError for any others."""
        for pair in self.pairs:
            if {pair.system, pair.other} == {system, other}:
                return pair if pair.system == system else pair.turned()
        raise KeyError(f"{system!r} and {other!r} were not compared")

    def _facts(self) -> Mapping[str, Any]:
        return {"systems": ", ".join(self.systems), "prompts": self.prompts, "ratings": self.ratings}

    def _columns(self) -> Mapping[str, Any]:
        return Listed(self.pairs)._columns()

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        scores = [{**vars(score), "mean": score.mean.to_dict()} for score in self.scores]
        pairs = [pair.to_dict() for pair in self.pairs]
        return {"scores": scores, "pairs": pairs, "prompts": self.prompts, "ratings": self.ratings}


def compare_rated_systems(
    systems: Column,
    ratings: Column,
    *,
    readers: Column | None = None,
    prompts: Column | None = None,
    confidence: float = 0.95,
) -> RatedSystems:
    """Say which systems readers rate higher, and by how much.

    A rating is taken for the sum of what the prompt, the system and the reader give to it, and least squares tell the
    systems apart; so a strict reader who happened to read more of one system does it no harm. Prompts are independent
    of each other, ratings of one prompt are not: variances are the sandwich of Liang and Zeger (1986).

    Where ratings leave no variance at all, that of the rounding of a step is taken.

    Args:
        systems: (v,) the system whose output was rated.
        ratings: (v,) the rating, a number; the higher the better.
        readers: (v,) whose rating it is; one reader for all, unless given.
        prompts: (v,) the prompt; one for each rating, unless given, and then all differences are between prompts.
        confidence: Coverage of the intervals, in (0, 1).

    Raises:
        ValueError: Different lengths, fewer than two systems or prompts, or a rating is missing.

    Example:
        >>> prompts = [n // 4 for n in range(80)]
        >>> systems = ["base", "base", "tuned", "tuned"] * 20
        >>> ratings = [2 + n % 2 + (n % 4 > 1) * (n // 4 % 4 > 0) for n in range(80)]
        >>> found = compare_rated_systems(systems, ratings, readers=["ana", "ben"] * 40, prompts=prompts)
        >>> found.systems, found.pairs[0].difference.in_words(".2f"), found.pairs[0].better
        (('tuned', 'base'), '0.75 [0.54, 0.96]', 'tuned')
    """
    check_confidence(confidence)
    found, points = names(systems, "systems"), numbers(ratings, "ratings")
    v = len(found)
    by = ["reader"] * v if readers is None else names(readers, "readers")
    on = np.arange(v) if prompts is None else codes(prompts, "prompts")
    for name, values in (("ratings", points), ("readers", by), ("prompts", on)):
        check_length(name, values, v)
    if not np.isfinite(points).all():
        row = int(np.flatnonzero(~np.isfinite(points))[0])
        raise ValueError(f"ratings: record {row}: expected a number, got none")
    known = sorted({*found})
    if len(known) < 2 or int(on.max()) < 1:
        raise ValueError(
            f"systems: expected ratings of two systems and two prompts or more, got {len(known)} of systems"
        )
    place = {name: at for at, name in enumerate(known)}
    of = np.array([place[name] for name in found], dtype=np.int64)
    return _compared(known, of, points, codes(by, "readers"), on, confidence)


def _compared(
    known: Sequence[str], of: IntArray, points: FloatArray, reader: IntArray, prompt: IntArray, confidence: float
) -> RatedSystems:
    effect, covariance, freedom = _fitted(of, points, reader, prompt, len(known))
    means = [_mean(points[of == at], prompt[of == at], confidence) for at in range(len(known))]
    order = sorted(range(len(known)), key=lambda at: (-round(float(effect[at]), 9), known[at]))
    couples = list(combinations(order, 2))
    reach = float(stdtrit(freedom, (1 + confidence) / 2))
    rounding = _rounding(points) / np.bincount(of)
    pairs, p_values = [], []
    for a, b in couples:
        value = float(effect[a] - effect[b])
        variance = covariance[a, a] + covariance[b, b] - 2 * covariance[a, b]
        error = float(max(variance, rounding[a] + rounding[b])) ** 0.5
        difference = Interval(value=value, low=value - reach * error, high=value + reach * error)
        pairs.append(RatedPair(system=known[a], other=known[b], difference=difference, better=None))
        p_values.append(float(2 * stdtr(freedom, -value / error)))
    corrected = holm(p_values)
    return RatedSystems(
        scores=Listed(RatedSystem(system=known[at], ratings=int((of == at).sum()), mean=means[at]) for at in order),
        pairs=Listed(
            replace(pair, better=pair.system if p < _BY_CHANCE else None)
            for pair, p in zip(pairs, corrected, strict=True)
        ),
        prompts=len(np.unique(prompt)),
        ratings=len(points),
    )


def _rounding(points: FloatArray) -> float:
    """Return the variance of what a rating is rounded by: the least there is where all ratings are alike."""
    steps = np.diff(np.unique(points))
    return float(steps.min() if len(steps) else 1.0) ** 2 / 12


def _fitted(
    of: IntArray, points: FloatArray, reader: IntArray, prompt: IntArray, systems: int
) -> tuple[FloatArray, FloatArray, int]:
    """Return (k,) what systems add to a rating, the covariance of that, and its degrees of freedom."""
    v, people = len(points), int(reader.max()) + 1
    rows, column = np.arange(v), np.concatenate([of, systems + reader])
    design = sparse.csr_array((np.ones(2 * v), (np.tile(rows, 2), column)), shape=(v, systems + people))
    group = np.zeros(v, dtype=np.int64) if len(np.unique(prompt)) == v else prompt  # one rating each: nothing is within
    within = _Within(group)
    bend = (design.T @ design).toarray() - within.between(design)
    inverse = np.linalg.pinv(bend, hermitian=True)
    effect = inverse @ (design.T @ within.centred(points))
    left = within.centred(points - design @ effect)
    members = sparse.csr_array((np.ones(v), (prompt, rows)))
    scores = sparse.csr_array(members @ sparse.csr_array(design.multiply(left[:, None])))
    prompts = int(prompt.max()) + 1
    covariance = inverse @ (scores.T @ scores).toarray() @ inverse * prompts / max(prompts - 1, 1)
    return effect[:systems], covariance[:systems, :systems], max(prompts - 1, 1)


class _Within:
    """What is left of numbers less the mean of their group."""

    def __init__(self, group: IntArray) -> None:
        self.group = group
        self.members = sparse.csr_array((np.ones(len(group)), (group, np.arange(len(group)))))
        self.size = np.bincount(group).astype(np.float64)

    def centred(self, values: FloatArray) -> FloatArray:
        """Return (v,) values less the mean of their group."""
        return np.asarray(values - (self.members @ values / self.size)[self.group])

    def between(self, design: sparse.csr_array) -> FloatArray:
        """Return (P, P) the squares of a design (v, P) that are between groups."""
        sums = sparse.csr_array(self.members @ design)
        return np.asarray((sums.T @ sparse.csr_array(sums.multiply(1 / self.size[:, None]))).toarray())


def _mean(points: FloatArray, prompt: IntArray, confidence: float) -> Interval:
    seen = np.unique(prompt, return_inverse=True)[1].reshape(-1)
    means = np.bincount(seen, points) / np.bincount(seen)
    n, value = len(means), float(means.mean())
    if n < 2:
        return Interval(value=value, reason="one prompt alone")
    reach = float(stdtrit(n - 1, (1 + confidence) / 2)) * float(means.std(ddof=1)) / n**0.5
    return Interval(value=value, low=value - reach, high=value + reach)
