"""Which of many overlapping sets of records have more errors than chance explains: a scan statistic.

Every set is scored by how much likelier the errors are if its records have a rate of their own (the log-likelihood
ratio of Kulldorff 1997, https://doi.org/10.1080/03610929708831995, for counts of yes and no). As the best score of many
sets is high by chance too, it is held against the best scores after the errors are dealt out anew (Westfall and Young,
Resampling-Based Multiple Testing, 1993): however the sets overlap, the chance of any false alarm stays at the level.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.special import xlogy

from evaluation.intervals import Interval
from evaluation.slice_candidates import Candidates

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_AT_ONCE = 64  # deals of the errors
_MOST = 20  # sets that are taken: more are read by nobody


@dataclass(frozen=True, kw_only=True)
class Found:
    """A set with too many errors.

    Attributes:
        at: Which of the candidates.
        adjusted_p: The chance that any of all candidates would score as high, were its errors like the others.
    """

    at: int
    adjusted_p: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Yardstick:
    """What the best of the candidates scores by chance.

    Attributes:
        scores: (deals,) the best score for too many errors.
        distances: (deals,) how far a set is at most from the rate of all, either way.
    """

    scores: FloatArray
    distances: FloatArray

    def adjusted_p(self, score: float) -> float:
        """Return the share of deals, this one included, whose best score is as high."""
        return float((1 + (self.scores >= score).sum()) / (1 + len(self.scores)))

    def accuracy(self, errors: int, support: int, confidence: float) -> Interval:
        """Return the accuracy of a set with an interval that holds for all candidates together.

        It has every accuracy that is no farther from what was seen than chance takes the farthest of all candidates,
        so it holds for a set that was picked because it looked bad, where an interval of its own would be too narrow
        and too low.
        """
        farthest = float(np.quantile(self.distances, confidence))
        share = errors / support
        low, high = (_end(share, support, farthest, bound) for bound in (0.0, 1.0))
        return Interval(value=1 - share, low=1 - high, high=1 - low)


def yardstick(found: Candidates, wrong: BoolArray, *, permutations: int, seed: int) -> Yardstick:
    """Deal the errors out anew, again and again, and note how the best candidate scores."""
    errors, n = int(wrong.sum()), len(wrong)
    expected, scores, distances = errors / n * found.support, list[FloatArray](), list[FloatArray]()
    for dealt in _dealt(n, errors, permutations, seed):
        observed = found.sums(dealt)
        scores.append(_score(observed, expected, found.support, errors, n).max(axis=1))
        distances.append(_divergence(observed, expected, found.support).max(axis=1))
    return Yardstick(scores=np.concatenate(scores), distances=np.concatenate(distances))


def weak_sets(found: Candidates, wrong: BoolArray, known: Yardstick, *, level: float) -> list[Found]:
    """Return the sets that score higher than chance explains, the best first.

    What a set explains is explained: the errors of its records are then expected, and only a set that has too many
    beside those comes after it. So neither a part of a set found nor one that overlaps with it is told again.
    """
    errors, n, expected = int(wrong.sum()), len(wrong), np.full(len(wrong), wrong.mean())
    cell, observed, taken = np.zeros(n, dtype=np.int64), found.sums(wrong[None].astype(np.float64))[0], list[Found]()
    is_worse = observed > wrong.mean() * found.support
    while len(taken) < _MOST:
        scores = _score(observed, found.sums(expected[None])[0], found.support, errors, n) * is_worse
        best = int(scores.argmax())
        p = known.adjusted_p(float(scores[best]))
        if p >= level:
            break
        taken.append(Found(at=best, adjusted_p=p))
        inside = np.zeros(n, dtype=np.int64)
        inside[found.members(best)] = 1
        cell = np.unique(2 * cell + inside, return_inverse=True)[1]
        expected = (np.bincount(cell, weights=wrong) / np.bincount(cell))[cell]
    return taken


def _dealt(n: int, errors: int, permutations: int, seed: int) -> Iterator[sparse.csr_matrix]:
    """Yield batches of deals, (batch, n) ones where a record is wrong."""
    rng = np.random.default_rng(seed)
    for start in range(0, permutations, _AT_ONCE):
        size = min(_AT_ONCE, permutations - start)
        drawn = np.concatenate([rng.choice(n, errors, replace=False, shuffle=False) for _ in range(size)])
        yield sparse.csr_matrix((np.ones(len(drawn)), drawn, np.arange(size + 1) * errors), shape=(size, n))


def _score(observed: FloatArray, expected: FloatArray, support: FloatArray, errors: int, n: int) -> FloatArray:
    """Return how much likelier two rates, in a set and outside, are than those expected; 0 where errors are few."""
    outside = _divergence(errors - observed, errors - expected, n - support)
    return np.where(observed > expected, _divergence(observed, expected, support) + outside, 0.0)


def _divergence(observed: FloatArray, expected: FloatArray, of: FloatArray) -> FloatArray:
    """Return how much likelier `observed` of `of` are by their own rate than by that of `expected`, as a logarithm."""
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = xlogy(observed, observed / expected)
        right = xlogy(of - observed, (of - observed) / (of - expected))
    return np.asarray(np.maximum(np.nan_to_num(errors + right, posinf=np.inf), 0.0))


def _end(share: float, support: int, farthest: float, bound: float) -> float:
    """Return the last rate between what was seen and `bound` that is within reach, by halving."""
    near, far = share, bound
    for _ in range(50):
        middle = (near + far) / 2
        seen, there, of = (np.array([each * support]) for each in (share, middle, 1.0))
        near, far = (middle, far) if _divergence(seen, there, of)[0] <= farthest else (near, middle)
    return near
