"""Ratings by what is known of the readers: whether a group of them rates otherwise than the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.bias.findings import Findings, check_asked
from curation.bias.grouping import MISSING, called
from curation.bias.two_shares import corrected
from curation.quality.input_checks import BoolArray, FloatArray, IntArray
from evaluation.columns import Column, codes, keys, numbers
from evaluation.intervals import Interval, check_confidence
from evaluation.settings import check_whole
from evaluation.shown import Listed, Shown

_CELLS_AT_ONCE = 4_000_000
_SAME = 1e-9  # below it, a sum that was added up in another order is the same


@dataclass(frozen=True, kw_only=True, repr=False)
class ReaderGroup(Shown):
    """How a group of readers rates beside all other readers, on the same items.

    Attributes:
        by: What is known of the readers.
        group: The group.
        persons: Readers of the group who share an item with somebody.
        ratings: What they gave.
        difference: Points by which the group rates higher than the others, each person counting once, with an interval.
        p_value: Of a permutation of persons, two-sided.
        q_value: The same after Benjamini-Hochberg over all groups of all columns.
        is_found: Whether the q-value is at most the level.
        reason: The comparison in words.
    """

    by: str
    group: str
    persons: int
    ratings: int
    difference: Interval
    p_value: float
    q_value: float
    is_found: bool
    reason: str


def reader_groups(
    ratings: Column,
    *,
    items: Column,
    readers: Column,
    by: Mapping[str, Column],
    minimum: int = 10,
    level: float = 0.05,
    confidence: float = 0.95,
    permutations: int = 9999,
    seed: int = 0,
) -> Findings[ReaderGroup]:
    """Ask whether what is known of the readers explains their ratings beyond what one person differs from another.

    The model is item + person + group + noise. Items are fixed effects: they are swept out, so that a group that was
    given harsher items is not blamed for them. Persons are what is drawn: the groups are dealt out to the persons
    anew, thousands of times, and a difference counts if chance gives one as large too seldom. Ratings of one person
    depend on each other, so a test that permutes ratings finds groups where there are only persons. The test is exact
    for any distribution of ratings if, but for the difference, persons of the group are like the others; the interval
    holds every difference that the test does not refuse (Garthwaite, Biometrics 1996). Every person counts once,
    however much they rated.

    Args:
        ratings: n numbers, one for every rating; labels that are two numbers work as well.
        items: n items.
        readers: n readers.
        by: Columns of n values by name, such as gender or age: the same for every rating of one reader. A missing
            value is a group of its own.
        minimum: Persons that a group must have, and that must be outside it, for anything to be said of it.
        level: False discovery rate, in (0, 1).
        confidence: Coverage of each interval, in (0, 1).
        permutations: How often the groups are dealt out anew; the smallest p-value is about two in that many.
        seed: Of the permutations.

    Raises:
        ValueError: Columns of different lengths, a rating that is missing, a reader with two groups in one column, or
            a senseless setting.

    Example:
        >>> items, readers = [i for _ in range(40) for i in range(5)], [j for j in range(40) for _ in range(5)]
        >>> ratings = [i % 3 + (j < 20) + (i + j) % 2 for i, j in zip(items, readers)]
        >>> age = ["old" if j < 20 else "young" for j in readers]
        >>> found = reader_groups(ratings, items=items, readers=readers, by={"age": age})
        >>> found.rows[0].group, round(found.rows[0].difference.value, 2)
        ('old', 1.0)
    """
    check_asked(minimum, level)
    check_confidence(confidence)
    check_whole(permutations, "permutations", least=1)
    check_whole(seed, "seed")
    given = _Ratings.read(ratings, items, readers)
    known = [group for name, column in by.items() for group in given.groups(name, column)]
    sizes = [int((inside & given.compared).sum()) for *_, inside in known]
    persons = int(given.compared.sum())
    large = [i for i, size in enumerate(sizes) if min(size, persons - size) >= minimum]
    tested = _tested(given, [known[i][2] for i in large], confidence, permutations, seed)
    q_values = corrected([p for _, p in tested])
    rows = [
        _row(known[i], sizes[i], given, difference, p, float(q), level)
        for i, (difference, p), q in zip(large, tested, q_values, strict=True)
    ]
    return Findings(
        rows=Listed(sorted(rows, key=lambda row: (row.p_value, -abs(row.difference.numbers[0])))),
        level=level,
        smallest=min((row.persons for row in rows), default=None),
        too_small={called(name, value): n for (name, value, _), n in zip(known, sizes, strict=True) if n < minimum},
    )


@dataclass(frozen=True, kw_only=True)
class _Ratings:
    """Ratings as numbers of items and persons.

    Attributes:
        values: (n,) ratings.
        item: (n,) from 0.
        person: (n,) from 0.
        weight: (n,) adds up to 1 over each person; 0 where nobody else rated the item, which compares nobody.
    """

    values: FloatArray
    item: IntArray
    person: IntArray
    weight: FloatArray

    @classmethod
    def read(cls, ratings: Column, items: Column, readers: Column) -> _Ratings:
        values = numbers(ratings, "ratings")
        item, person = codes(items, "items"), codes(readers, "readers")
        for where, found in (("items", item), ("readers", person)):
            if len(found) != len(values):
                raise ValueError(f"{where}: expected {len(values)}, one per rating, got {len(found)}")
        bad = np.flatnonzero(~np.isfinite(values))
        if not len(values) or len(bad):
            got = f"{values[bad[0]]} at record {bad[0]}" if len(bad) else "none"
            raise ValueError(f"ratings: expected finite numbers, got {got}")
        looks = np.unique(np.column_stack([item, person]), axis=0)
        shared = (np.bincount(looks[:, 0]) > 1)[item]
        weight = shared / np.maximum(np.bincount(person, weights=shared), 1)[person]
        return cls(values=values, item=item, person=person, weight=weight)

    @property
    def compared(self) -> BoolArray:
        """(persons,) who shares an item with somebody."""
        return np.asarray(np.bincount(self.person, weights=self.weight) > 0)

    def beyond_items(self, values: FloatArray) -> FloatArray:
        """Return (persons,) the mean of every person's values after those of the items are taken out."""
        total = np.bincount(self.item, weights=self.weight)
        means = np.bincount(self.item, weights=self.weight * values) / np.where(total > 0, total, 1)
        beyond = self.weight * (values - means[self.item])
        return np.bincount(self.person, weights=beyond).astype(np.float64)

    def groups(self, name: str, given: Column) -> Iterator[tuple[str, str, BoolArray]]:
        """Yield every group of a column with (persons,) who is in it."""
        values = np.array([str(value) for value in keys(given, f"by[{name!r}]", missing=MISSING)], dtype=str)
        if len(values) != len(self.person):
            raise ValueError(f"by[{name!r}]: expected {len(self.person)} values, one per rating, got {len(values)}")
        first = np.unique(self.person, return_index=True)[1]
        other = np.flatnonzero(values != values[first][self.person])
        if len(other):
            row, before = int(other[0]), int(first[self.person[other[0]]])
            said = f"{str(values[row])!r} at record {row}, {str(values[before])!r} at {before}"
            raise ValueError(f"by[{name!r}]: expected one group for each reader, got {said} for the same one")
        for value in np.unique(values).tolist():
            yield name, value, values[first] == value


def _tested(
    given: _Ratings, groups: list[BoolArray], confidence: float, permutations: int, seed: int
) -> list[tuple[Interval, float]]:
    """Return the difference of each group from the rest, and the p-value of a permutation of persons.

    Let M take the items out of the ratings, which are weighted; y are they and g says who is in the group. Least
    squares gives the difference g'My / g'Mg. A permutation p of persons gives p(g)'My, and refuses a difference d if
    p(g)'M(y - dg) is seldom as far out as g'M(y - dg): both are straight lines in d, which cross in one place. The
    quantiles of these crossings are the ends of the interval.
    """
    at = np.flatnonzero(given.compared)
    of_ratings = given.beyond_items(given.values)[at]
    inside = [np.flatnonzero(group[at]) for group in groups]
    of_group = [given.beyond_items(group[given.person].astype(np.float64))[at] for group in groups]
    drawn = _drawn(of_ratings, of_group, inside, permutations, seed)
    found = []
    for members, lost, (sums, losses) in zip(inside, of_group, drawn, strict=True):
        seen, size = of_ratings[members].sum(), lost[members].sum()
        near = _SAME * max(1.0, float(np.abs(of_ratings).sum()))
        tails = [(1 + int((side * (sums - seen) >= -near).sum())) / (permutations + 1) for side in (1, -1)]
        moved = size - losses > _SAME * len(at)
        crossings = (seen - sums[moved]) / (size - losses[moved])
        found.append((_interval(seen, size, crossings, confidence), min(1.0, 2 * min(tails))))
    return found


def _interval(seen: float, size: float, crossings: FloatArray, confidence: float) -> Interval:
    if size <= _SAME or not len(crossings):
        return Interval(value=None, reason="no item was rated in the group and outside it")
    tail = (1 - confidence) / 2
    low, high = np.quantile(crossings, [tail, 1 - tail], method="closest_observation")
    return Interval(value=float(seen / size), low=float(low), high=float(high))


def _drawn(
    of_ratings: FloatArray, of_group: list[FloatArray], inside: list[IntArray], permutations: int, seed: int
) -> list[tuple[FloatArray, FloatArray]]:
    """Return for each group, over all permutations of persons, the sum of what is beyond the items in its place."""
    rng, persons = np.random.default_rng(seed), len(of_ratings)
    found: list[tuple[list[FloatArray], list[FloatArray]]] = [([], []) for _ in inside]
    batch = max(1, _CELLS_AT_ONCE // max(1, persons))
    for start in range(0, permutations, batch):
        size = min(batch, permutations - start)
        order = rng.permuted(np.tile(np.arange(persons), (size, 1)), axis=1)
        for members, lost, (sums, losses) in zip(inside, of_group, found, strict=True):
            sums.append(of_ratings[order[:, members]].sum(axis=1))
            losses.append(lost[order[:, members]].sum(axis=1))
    return [(np.concatenate(sums), np.concatenate(losses)) for sums, losses in found]


def _row(
    known: tuple[str, str, Any], persons: int, given: _Ratings, difference: Interval, p: float, q: float, level: float
) -> ReaderGroup:
    name, value, inside = known
    number, low, high = difference.numbers
    return ReaderGroup(
        by=name,
        group=value,
        persons=persons,
        ratings=int(inside[given.person].sum()),
        difference=difference,
        p_value=p,
        q_value=q,
        is_found=q <= level,
        reason=f"{called(name, value)}: {persons} readers rate {number:+.2f} points [{low:+.2f}, {high:+.2f}] from "
        "the others on the same items",
    )
