"""How good a model gets with more records: measured on parts of those there are, and drawn on beyond them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, codes, matrix
from evaluation.intervals import Interval, percentile_interval
from evaluation.settings import check_whole
from evaluation.shown import Listed, Shown
from training.choosing.power_law import PowerLaw, fit_power_law
from training.progress import Tick, as_tick

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Learnt: TypeAlias = Callable[[IntArray, IntArray], FloatArray]
"""Takes rows to learn from and rows to be asked about; returns a score in [0, 1] for each of the latter."""

FEWEST = 40
"""Records below which no curve is drawn."""

_HELD_OUT = 5  # one record of so many is asked about in a draw
_SMALLEST = 1 / 16  # of what can be learnt from
_CONCAVE = 5  # points, the lowest of which is a fifth of the largest by default: a curve of fewer foretells nothing
_UNSURE = 0.1  # width of an interval of a gain, with zero in it, from which on the records do not tell


@dataclass(frozen=True, kw_only=True, repr=False)
class CurvePoint(Shown):
    """The score after learning from some records.

    Attributes:
        records: How many.
        score: Mean over the draws, in [0, 1], and the interval of that mean over draws.
    """

    records: int
    score: Interval


@dataclass(frozen=True, kw_only=True, repr=False)
class LearningCurve(Shown):
    """What `learning_curve` found; as a data frame, a row for each number of records.

    Attributes:
        records: How many there are.
        points: The scores at growing numbers of them.
        law: The curves that go through them, those apart at which the score grew faster and faster.
        is_young: Whether it does so to the end: then nothing tells where that stops.
    """

    records: int
    points: tuple[CurvePoint, ...]
    law: PowerLaw
    is_young: bool

    def score_at(self, records: int) -> Interval:
        """Return the score to be expected after learning from so many records, with its 95% interval."""
        return _middle(self.law.scores(records))

    def gain(self, more: int) -> Interval:
        """Return by how much the score should grow with so many records more than there are."""
        return _middle(self.law.gains(self.records, self.records + more))

    def tells(self, more: int) -> bool:
        """Whether the records say what more bring: not where both much and nothing may be, or the curve is young."""
        _, low, high = self.gain(more).numbers
        return not self.is_young and (low > 0 or high - low <= _UNSURE)

    def says(self, more: int = 1000) -> str:
        """Say in a sentence what further records should bring, or that nothing can be said."""
        value, low, high = self.gain(more).numbers
        if self.is_young:
            why = "every doubling still brings more than the one before"
            return f"{self.records:,} records cannot tell what more would bring: {why}"
        if not self.tells(more):
            return f"{self.records:,} records cannot tell what {more:,} more would bring: {low:+.3f} to {high:+.3f}"
        return f"{more:,} more labels should raise the score by {value:.3f}, {low:+.3f} to {high:+.3f}"

    def _facts(self) -> Mapping[str, Any]:
        return {"records": self.records, "gain of 1,000 more": self.gain(1000)}

    def _columns(self) -> Mapping[str, Any]:
        return Listed(self.points)._columns()


def learning_curve(
    learnt: Learnt,
    records: int,
    *,
    sizes: int = 8,
    draws: int = 10,
    seed: int = 0,
    groups: Column | None = None,
    progress: bool | Tick = False,
) -> LearningCurve:
    """Measure scores at growing numbers of records, and fit a power law to them.

    Each draw holds a fifth of the records out, every record as often as any other, and learns from growing parts of
    the rest, from a sixteenth on. How far such predictions are to be believed: `python -m benchmarks.learning_curves`.

    Args:
        learnt: What learns and is asked; `linear_scores` is quick.
        records: How many there are, at least 40.
        sizes: Numbers of records to learn from, at least 6.
        draws: How often each is drawn, at least 2.
        seed: Same seed, same draws.
        groups: (records,) what belongs together, such as copies: never on both sides.
        progress: `True` for a progress bar, or a function of (fits done, fits in all).

    Raises:
        ValueError: There are too few records, or a number is out of its range.

    Example:
        >>> import numpy as np
        >>> def flip(train, test):  # right with a chance that grows with the records
        ...     return np.full(len(test), 1 - len(train) ** -0.5)
        >>> found = learning_curve(flip, 400)
        >>> len(found.points), found.points[-1].records, round(found.score_at(400).value, 2)
        (8, 320, 0.95)
    """
    check_whole(records, "records", least=FEWEST)
    check_whole(sizes, "sizes", least=_CONCAVE + 1)
    check_whole(draws, "draws", least=2)
    check_whole(seed, "seed")
    tick, rng = as_tick(progress, "learning curve"), np.random.default_rng(seed)
    group = np.arange(records) if groups is None else codes(groups, "groups")
    if len(group) != records:
        raise ValueError(f"groups: expected one per record ({records}), got {len(group)}")
    parts = list(_parts(group, draws, rng))
    most = min(len(rest) for rest, _ in parts)
    numbers = np.unique(np.geomspace(max(10, most * _SMALLEST), most, sizes).round().astype(int))
    scores = np.zeros((draws, len(numbers)))
    for row, (rest, asked) in enumerate(parts):
        for at, size in enumerate(numbers):
            scores[row, at] = learnt(rest[:size], asked).mean()
            tick(row * len(numbers) + at + 1, scores.size)
    points = tuple(
        CurvePoint(records=int(size), score=_over_draws(each, rng))
        for size, each in zip(numbers, scores.T, strict=True)
    )
    first = _past_the_beginning(numbers, scores)
    law = fit_power_law(numbers[first:].astype(float), scores[:, first:], of=records, seed=seed)
    return LearningCurve(records=records, points=points, law=law, is_young=len(numbers) - first <= _CONCAVE)


def linear_scores(features: Column, labels: Column, *, inverse_regularization: float = 10.0) -> Learnt:
    """Learn logistic regression on features that do not change, such as embeddings.

    Args:
        features: (n, d), for example the unit rows of `embed`.
        labels: (n,) labels; the score of a record is then 1 or 0. Or (n, k) ones and zeros, where a record has several;
            the score is what given and predicted labels have in common, of all that are either (Jaccard).
        inverse_regularization: scikit-learn's `C`, > 0.

    Returns:
        What `learning_curve` takes: a function of the positions to learn from, and of those to ask about.

    Example:
        >>> import numpy as np
        >>> learnt = linear_scores([[0.0, 1.0], [1.0, 0.0]] * 3, ["late", "refund"] * 3)
        >>> learnt(np.array([0, 1]), np.array([2, 3])).tolist()
        [1.0, 1.0]
    """
    known = matrix(features, "features").astype(np.float32)
    if np.ndim(next(iter(labels), 0)) == 1:  # several for each record
        given = matrix(labels, "labels")
        return lambda train, asked: _jaccard(
            given[asked], np.column_stack([_fit(known, each, train, asked, inverse_regularization) for each in given.T])
        )
    names = codes(labels, "labels")
    return lambda train, asked: (_fit(known, names, train, asked, inverse_regularization) == names[asked]).astype(float)


def _fit(
    features: npt.NDArray[np.float32], labels: npt.NDArray[Any], train: IntArray, asked: IntArray, c: float
) -> npt.NDArray[Any]:
    from training.vectors.linear import fit_linear

    there = np.unique(labels[train])
    if len(there) == 1:
        return np.repeat(there, len(asked))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes")  # of the first few records
        model = fit_linear(
            features[train], labels[train], inverse_regularization=c, steps=200, tolerance=1e-3, quiet=True
        )
    return np.asarray(model.predict(features[asked]))


def _jaccard(given: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> FloatArray:
    both, either = (given * predicted).sum(axis=1), np.maximum(given, predicted).sum(axis=1)
    return np.asarray(np.where(either > 0, both / np.maximum(either, 1), 1.0))


def _parts(group: npt.NDArray[Any], draws: int, rng: np.random.Generator) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield rows to learn from, in the order in which they are added, and rows held out; no group is in both."""
    _, place = np.unique(group, return_inverse=True)
    fold = np.zeros(0)
    for draw in range(draws):
        if draw % _HELD_OUT == 0:
            fold = rng.permutation(place.max() + 1)[place] % _HELD_OUT
        out = fold == draw % _HELD_OUT
        yield rng.permutation(np.flatnonzero(~out)), np.flatnonzero(out)


def _past_the_beginning(sizes: IntArray, scores: FloatArray) -> int:
    """Return the first point from which on doublings bring less and less, as far as the draws tell.

    With few records a model is hardly better than a guess, and its score grows faster and faster; a power law begins
    after that (the small data region of Hestness et al. 2017).
    """
    doublings, first = np.log2(sizes), 0
    while len(sizes) - first > _CONCAVE:
        half = (first + len(sizes) - 1) // 2
        early, late = (
            (scores[:, to] - scores[:, at]) / (doublings[to] - doublings[at]) for at, to in ((first, half), (half, -1))
        )
        if (late - early).mean() <= (late - early).std(ddof=1) / np.sqrt(len(scores)):
            break
        first += 1
    return first


def _over_draws(scores: FloatArray, rng: np.random.Generator) -> Interval:
    drawn = rng.choice(scores, (1000, len(scores))).mean(axis=1)
    return percentile_interval(float(scores.mean()), drawn)


def _middle(drawn: FloatArray) -> Interval:
    return percentile_interval(float(np.median(drawn)), drawn)
