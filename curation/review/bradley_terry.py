"""Items in an order, by comparisons of readers who are more and less careful, and like what stands first.

The chance that one item beats another is logistic in the difference of their scores (Bradley and Terry 1952), with
ties as Davidson (1970) has them: the nearer two items are, the likelier. Every reader follows the order or, at a rate
of their own, its reverse (crowd-BT, Chen et al. 2013, WSDM), and leans towards the first or the second place. A score
is what texts say of an item, a ridge regression on features, plus what is the item's own (the idea of Simpson and
Gurevych 2018, TACL 6, in a linear form). How far items, features and readers differ is fitted with the rest
(empirical Bayes), so that a reader of few votes is taken for an ordinary one and an item of few comparisons for what
its text makes likely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array, hstack

from curation.review.comparisons import Comparisons, centred
from curation.review.votes import Floats

_ROUNDS = 15  # of the fit
_PROBES, _TIMES = 16, 13  # draws of the posterior held at once; how many times as many tell the intervals at the end
_READER = 20.0  # votes that the carefulness of an ordinary reader counts for
_CAREFUL = 0.95  # what is believed of the crowd before it has voted, by as many votes
_SPREADS = 1e-3, 25.0  # the least and the most variance that items, features and places are believed to have
_PRECISE, _ROUGH, _STEPS = 1e-8, 1e-3, 300  # of the linear solver, for what is believed and for draws around it


@dataclass(frozen=True, kw_only=True)
class OrderFit:
    """What comparisons say of N items and R readers.

    Attributes:
        score: Shape (N,), log odds; mean zero in each component.
        spread: Shape (N,), standard deviation of its posterior.
        care: Shape (R,), how likely a reader follows the order rather than its reverse, in [0, 1].
        lean: Shape (R,), log odds that a reader prefers the first of two items that are equally good.
        lean_spread: Shape (R,), standard deviation of its posterior.
        tie: How likely two items that are equally good are called equal, against either of them winning.
    """

    score: Floats
    spread: Floats
    care: Floats
    lean: Floats
    lean_spread: Floats
    tie: float


@dataclass(frozen=True, kw_only=True)
class _Spread:
    """Variances of what items have of their own, of the weights of every block of features, of readers' leanings."""

    item: float
    blocks: tuple[float, ...]
    lean: float


class _Design:
    """What every vote compares: parameters are the N items' own, the features' weights, one lean for all, one each."""

    def __init__(self, known: Comparisons, blocks: Sequence[Floats]) -> None:
        v, n, r = len(known.outcome), len(known.items), len(known.reviewers)
        rows, ones = np.arange(v), np.ones(v)
        self.items = csr_array((ones, (rows, known.first)), shape=(v, n))
        self.items = csr_array(self.items - csr_array((ones, (rows, known.second)), shape=(v, n)))
        each = csr_array((ones, (rows, known.reviewer)), shape=(v, r))
        self.places = csr_array(hstack([csr_array(np.ones((v, 1))), each]))
        self.features = np.hstack([np.zeros((n, 0)), *blocks])
        self.widths = [block.shape[1] for block in blocks]
        self.n, self.d, self.r = n, self.features.shape[1], r

    def scores(self, theta: Floats) -> Floats:
        return np.asarray(theta[: self.n] + self.features @ theta[self.n : self.n + self.d])

    def of_votes(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return how far the first is ahead in every vote, and how far its reader leans towards the first place."""
        return self.items @ self.scores(theta), self.places @ theta[self.n + self.d :]

    def back(self, ahead: Floats, lean: Floats) -> Floats:
        """Return the transpose of `of_votes`."""
        to_items = self.items.T @ ahead
        return np.concatenate([to_items, self.features.T @ to_items, self.places.T @ lean])

    def precision(self, spread: _Spread) -> Floats:
        features = [np.full(width, 1 / s) for width, s in zip(self.widths, spread.blocks, strict=True)]
        everyone = np.array([1.0])
        return np.concatenate([np.full(self.n, 1 / spread.item), *features, everyone, np.full(self.r, 1 / spread.lean)])


@dataclass(frozen=True, kw_only=True)
class _Curve:
    """Slope and curvature of the log likelihood of every vote, along the order and against it."""

    slope: tuple[Floats, Floats]
    bend: tuple[Floats, Floats]

    def gradient(self, design: _Design) -> Floats:
        return design.back(self.slope[0] - self.slope[1], self.slope[0] + self.slope[1])

    def times(self, design: _Design, theta: Floats) -> Floats:
        ahead, lean = design.of_votes(theta)
        along, against = self.bend
        wide = (slice(None), *(None,) * (theta.ndim - 1))
        same, cross = (along + against)[wide], (along - against)[wide]
        return design.back(same * ahead + cross * lean, cross * ahead + same * lean)

    def diagonal(self, design: _Design) -> Floats:
        same = self.bend[0] + self.bend[1]
        of_items = abs(design.items).T @ same
        of_features = (design.features**2 * of_items[:, None]).sum(axis=0)
        return np.concatenate([of_items, of_features, design.places.T @ same])

    def noise(self, design: _Design, rng: np.random.Generator, draws: int) -> Floats:
        """Return draws whose covariance is the curvature."""
        along, against = (np.sqrt(b)[:, None] * rng.standard_normal((len(b), draws)) for b in self.bend)
        return design.back(along - against, along + against)


def fit_order(known: Comparisons, features: Sequence[Floats] = (), *, seed: int = 0) -> OrderFit:
    """Fit scores of items and habits of readers to comparisons.

    Args:
        known: Coded comparisons.
        features: Blocks of what is known of the items besides, each of shape (N, d).
        seed: Of the draws that tell how sure the scores are.
    """
    design = _Design(known, [_scaled(centred(block, known.component)) for block in features])
    rng, r = np.random.default_rng(seed), len(known.reviewers)
    theta, tie, care = np.zeros(design.n + design.d + 1 + r), _tie_at_first(known), np.full(r, _CAREFUL)
    spread = _Spread(item=1.0, blocks=tuple(1.0 for _ in features), lean=0.1)
    for _ in range(_ROUNDS):
        ahead, lean = design.of_votes(theta)
        follows = _follows(known, ahead, lean, tie, care)
        theta, curve = _climbed(known, design, theta, follows, tie, spread)
        draws = _drawn(design, curve, spread, rng, _PROBES)
        spread, care = _spread(design, theta, draws, spread), _care(known, follows)
        tie = _tie(known, *design.of_votes(theta), follows, tie)
    at, squares = design.n + design.d, [np.zeros(design.n), np.zeros(r)]
    for _ in range(_TIMES):
        draws = _drawn(design, curve, spread, rng, _PROBES)
        squares[0] += (centred(design.scores(draws), known.component) ** 2).sum(axis=1)
        squares[1] += ((draws[at] + draws[at + 1 :]) ** 2).sum(axis=1)
    spreads = [np.sqrt(each / (_TIMES * _PROBES)) for each in squares]
    return OrderFit(
        score=centred(design.scores(theta), known.component),
        spread=spreads[0],
        care=care,
        lean=theta[at] + theta[at + 1 :],
        lean_spread=spreads[1],
        tie=tie,
    )


def _scaled(block: Floats) -> Floats:
    """Return features with a mean square of 1 an item."""
    return np.asarray(block / max(float((block**2).sum() / max(len(block), 1)) ** 0.5, 1e-12))


def chances(z: Floats, tie: float) -> tuple[Floats, Floats, Floats]:
    """Return how likely the first wins, the second does, and neither; `z` is how far the first is ahead."""
    half = np.abs(z) / 2
    up, down, level = np.exp(z / 2 - half), np.exp(-z / 2 - half), tie * np.exp(-half)
    total = up + down + level
    return up / total, down / total, level / total


def _likelihood(known: Comparisons, z: Floats, tie: float) -> Floats:
    first, second, level = chances(z, tie)
    return np.select([known.outcome == 1, known.outcome == -1], [first, second], level)


def _follows(known: Comparisons, ahead: Floats, lean: Floats, tie: float, care: Floats) -> Floats:
    """Return how likely every vote was given along the order, shape (V,)."""
    if len(known.reviewers) < 2:
        return np.ones(len(ahead))  # one reader's mistakes cannot be told from items that are alike
    along = care[known.reviewer] * _likelihood(known, ahead + lean, tie)
    against = (1 - care[known.reviewer]) * _likelihood(known, lean - ahead, tie)
    return np.asarray(along / (along + against))


def _care(known: Comparisons, follows: Floats) -> Floats:
    """Return how likely each reader follows the order, drawn to what the crowd does; ties say nothing of it."""
    decided, r = known.outcome != 0, len(known.reviewers)
    if r < 2:
        return np.ones(r)
    crowd = (follows[decided].sum() + _READER * _CAREFUL) / (decided.sum() + _READER)
    hits = np.bincount(known.reviewer[decided], follows[decided], r)
    return np.asarray((hits + _READER * crowd) / (np.bincount(known.reviewer[decided], minlength=r) + _READER))


def _tie_at_first(known: Comparisons) -> float:
    ties = int((known.outcome == 0).sum())
    return 2 * ties / max(len(known.outcome) - ties, 1)


def _tie(known: Comparisons, ahead: Floats, lean: Floats, follows: Floats, tie: float) -> float:
    ties = float((known.outcome == 0).sum())
    if not ties or ties == len(known.outcome):
        return tie
    for _ in range(5):  # as many ties expected as there are
        expected = follows @ chances(ahead + lean, tie)[2] + (1 - follows) @ chances(lean - ahead, tie)[2]
        tie *= ties / float(expected)
    return tie


def _curve(known: Comparisons, ahead: Floats, lean: Floats, follows: Floats, tie: float) -> _Curve:
    slopes, bends = [], []
    for z, weight in ((lean + ahead, follows), (lean - ahead, 1 - follows)):
        first, second, _ = chances(z, tie)
        slopes.append(weight * (known.outcome - first + second) / 2)
        bends.append(weight * (first + second - (first - second) ** 2) / 4)
    return _Curve(slope=(slopes[0], slopes[1]), bend=(bends[0], bends[1]))


def _climbed(
    known: Comparisons, design: _Design, theta: Floats, follows: Floats, tie: float, spread: _Spread
) -> tuple[Floats, _Curve]:
    """Return the parameters after two steps of Newton's, each as short as it takes to climb, and the curve there."""
    prior = design.precision(spread)

    def height(at: Floats) -> float:
        ahead, lean = design.of_votes(at)
        along = np.log(np.maximum(_likelihood(known, lean + ahead, tie), 1e-300))
        against = np.log(np.maximum(_likelihood(known, lean - ahead, tie), 1e-300))
        return float(follows @ along + (1 - follows) @ against - (prior * at**2).sum() / 2)

    for _ in range(2):
        curve = _curve(known, *design.of_votes(theta), follows, tie)
        step = _solved(design, curve, prior, (curve.gradient(design) - prior * theta)[:, None], _PRECISE)[:, 0]
        before, length = height(theta), 1.0
        while length > 1e-3 and height(theta + length * step) < before:
            length /= 2
        theta = theta + length * step
    return theta, _curve(known, *design.of_votes(theta), follows, tie)


def _drawn(design: _Design, curve: _Curve, spread: _Spread, rng: np.random.Generator, draws: int) -> Floats:
    """Return draws of the posterior around its peak, shape (P, draws): a solve for noise of the curvature's kind."""
    prior = design.precision(spread)
    noise = curve.noise(design, rng, draws) + np.sqrt(prior)[:, None] * rng.standard_normal((len(prior), draws))
    return _solved(design, curve, prior, noise, _ROUGH)


def _spread(design: _Design, theta: Floats, draws: Floats, before: _Spread) -> _Spread:
    squares = theta**2 + (draws**2).mean(axis=1)
    ends = np.cumsum([design.n, *design.widths])
    blocks = tuple(_within(squares[a:b]) for a, b in pairwise(ends))
    lean = _within(squares[design.n + design.d + 1 :]) if design.r > 1 else before.lean
    return replace(before, item=_within(squares[: design.n]), blocks=blocks, lean=lean)


def _within(squares: Floats) -> float:
    """Return the mean of squares, drawn to 1 as by one more of them, so that few of anything say little."""
    return float(np.clip((squares.sum() + 1) / (len(squares) + 1), *_SPREADS))


def _solved(design: _Design, curve: _Curve, prior: Floats, right: Floats, precision: float) -> Floats:
    """Solve (curvature + prior) x = right for every column by conjugate gradients (Hestenes and Stiefel 1952)."""

    def times(x: Floats) -> Floats:
        return np.asarray(curve.times(design, x) + prior[:, None] * x)

    scale = 1 / (curve.diagonal(design) + prior)[:, None]
    return _conjugate_gradients(times, right, scale, precision)


def _conjugate_gradients(times: Callable[[Floats], Floats], right: Floats, scale: Floats, precision: float) -> Floats:
    x, left = np.zeros_like(right), right.copy()
    step = z = scale * left
    size = (left * z).sum(axis=0)
    enough = np.maximum(size * precision**2, 1e-300)
    for _ in range(_STEPS):
        if (size <= enough).all():
            break
        moved = times(step)
        along = size / np.maximum((step * moved).sum(axis=0), 1e-300)
        x, left = x + along * step, left - along * moved
        z = scale * left
        after = (left * z).sum(axis=0)
        step, size = z + after / np.maximum(size, 1e-300) * step, after
    return np.asarray(x)
