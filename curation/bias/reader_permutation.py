"""Groups dealt out to the readers anew: how far a group is from the rest, and how often chance gives as much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from curation.bias.person_ratings import PersonRatings
from curation.quality.input_checks import BoolArray, FloatArray, IntArray
from evaluation.intervals import Interval

_CELLS_AT_ONCE = 4_000_000
_SAME = 1e-9  # below it, a sum that was added up in another order is the same


@dataclass(frozen=True, kw_only=True)
class Dealt:
    """A group beside the rest.

    Attributes:
        difference: From the others on the same items, with every difference that the test does not refuse.
        p_value: Of a permutation of persons, two-sided.
    """

    difference: Interval
    p_value: float


def dealt_anew(
    given: PersonRatings, groups: Sequence[BoolArray], *, confidence: float, permutations: int, seed: int
) -> list[list[Dealt]]:
    """Return, for each group and each answer, how far the group is from the rest.

    Let M take the items out of the ratings, which are weighted; y are they and g says who is in the group. Least
    squares gives the difference g'My / g'Mg. A permutation p of persons gives p(g)'My, and refuses a difference d if
    p(g)'M(y - dg) is seldom as far out as g'M(y - dg): both are straight lines in d, which cross in one place. The
    quantiles of these crossings are the ends of the interval.

    Args:
        given: Answers of n persons.
        groups: (persons,) who is in it, for each group.
        confidence: Coverage of each interval, in (0, 1).
        permutations: How often the groups are dealt out.
        seed: Of the permutations, the same for every group.
    """
    at = np.flatnonzero(given.compared)
    of_answers = [given.beyond_items(given.values(answer))[at] for answer in range(len(given.answers))]
    found = []
    for group in groups:
        lost = given.beyond_items(group[given.person].astype(np.float64))[at]
        members = np.flatnonzero(group[at])
        sums = np.vstack([*_sums(np.column_stack([*of_answers, lost]), members, permutations, seed)])
        both = zip(of_answers, sums.T, strict=False)
        found.append([_dealt(answer, lost, members, of, sums[:, -1], confidence) for answer, of in both])
    return found


def _sums(values: FloatArray, members: IntArray, permutations: int, seed: int) -> Iterator[FloatArray]:
    """Yield (permutations, columns) sums of (persons, columns) over those who are dealt the places of the members."""
    rng, persons = np.random.default_rng(seed), len(values)
    batch = max(1, _CELLS_AT_ONCE // max(1, persons))
    for start in range(0, permutations, batch):
        size = min(batch, permutations - start)
        order = rng.permuted(np.tile(np.arange(persons), (size, 1)), axis=1)
        dealt = np.zeros((size, persons))
        np.put_along_axis(dealt, order[:, members], 1.0, axis=1)
        yield dealt @ values


def _dealt(
    of_answer: FloatArray, lost: FloatArray, members: IntArray, sums: FloatArray, losses: FloatArray, confidence: float
) -> Dealt:
    seen, size = of_answer[members].sum(), lost[members].sum()
    near = _SAME * max(1.0, float(np.abs(of_answer).sum()))
    tails = [(1 + int((side * (sums - seen) >= -near).sum())) / (len(sums) + 1) for side in (1, -1)]
    moved = size - losses > _SAME * len(lost)
    crossings = (seen - sums[moved]) / (size - losses[moved])
    return Dealt(difference=_interval(seen, size, crossings, confidence), p_value=min(1.0, 2 * min(tails)))


def _interval(seen: float, size: float, crossings: FloatArray, confidence: float) -> Interval:
    if size <= _SAME or not len(crossings):
        return Interval(value=None, reason="no item was rated in the group and outside it")
    tail = (1 - confidence) / 2
    low, high = np.quantile(crossings, [tail, 1 - tail], method="closest_observation")
    return Interval(value=float(seen / size), low=float(low), high=float(high))
