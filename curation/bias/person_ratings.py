"""Who rated what, and how: ratings, or labels as a yes or no for each, with the items taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from curation.bias.grouping import MISSING
from curation.bias.label_shares import carried
from curation.quality.input_checks import BoolArray, FloatArray, IntArray
from evaluation.columns import Column, codes, column, kept, keys, numbers, rows_of_lists


@dataclass(frozen=True, kw_only=True)
class ReaderColumn:
    """What is known of P readers: in which group each is.

    Attributes:
        name: What it is.
        groups: The groups, sorted.
        code: (P,) position of each reader's group.
    """

    name: str
    groups: Sequence[str]
    code: IntArray


@dataclass(frozen=True, kw_only=True)
class PersonRatings:
    """Ratings as numbers of items and persons.

    Attributes:
        answers: L labels that were given or not; one None where the ratings are numbers.
        given: (n, L) ratings; of labels, 1 where the label was given.
        item: (n,) from 0.
        person: (n,) from 0.
        weight: (n,) adds up to 1 over each person; 0 where nobody else rated the item, which compares nobody.
    """

    answers: Sequence[Any]
    given: sp.csc_matrix
    item: IntArray
    person: IntArray
    weight: FloatArray

    @classmethod
    def read(cls, ratings: Column, items: Column, readers: Column, minimum: int) -> PersonRatings:
        """Read ratings; a label that fewer than `minimum` persons gave, or all but as few, is left out.

        Raises:
            ValueError: Columns of different lengths, or a rating that is missing.
        """
        answers, given = _read(kept(ratings))
        item, person = codes(items, "items"), codes(readers, "readers")
        for where, found in (("items", item), ("readers", person)):
            if len(found) != given.shape[0]:
                raise ValueError(f"{where}: expected {given.shape[0]}, one per rating, got {len(found)}")
        if answers != [None]:
            common = np.flatnonzero(_persons_on_the_smaller_side(given, person) >= minimum)
            answers, given = [answers[position] for position in common], given[:, common]
        looks = np.unique(np.column_stack([item, person]), axis=0)
        shared = (np.bincount(looks[:, 0]) > 1)[item]
        weight = shared / np.maximum(np.bincount(person, weights=shared), 1)[person]
        return cls(answers=answers, given=given, item=item, person=person, weight=weight)

    def values(self, answer: int) -> FloatArray:
        """(n,) ratings, or whether the label at that position was given."""
        return np.asarray(self.given[:, [answer]].toarray(), dtype=np.float64).ravel()

    @property
    def compared(self) -> BoolArray:
        """(P,) who shares an item with somebody."""
        return np.asarray(np.bincount(self.person, weights=self.weight) > 0)

    def beyond_items(self, values: FloatArray) -> FloatArray:
        """Return (P,) the mean of every person's (n,) values after those of the items are taken out."""
        total = np.bincount(self.item, weights=self.weight)
        means = np.bincount(self.item, weights=self.weight * values) / np.where(total > 0, total, 1)
        beyond = self.weight * (values - means[self.item])
        return np.bincount(self.person, weights=beyond).astype(np.float64)

    def column(self, name: str, given: Column) -> ReaderColumn:
        """Read what is known of the readers, n values.

        Raises:
            ValueError: Another length, or a reader with two groups.
        """
        values = np.array([str(value) for value in keys(given, f"by[{name!r}]", missing=MISSING)], dtype=str)
        if len(values) != len(self.person):
            raise ValueError(f"by[{name!r}]: expected {len(self.person)} values, one per rating, got {len(values)}")
        first = np.unique(self.person, return_index=True)[1]
        other = np.flatnonzero(values != values[first][self.person])
        if len(other):
            row, before = int(other[0]), int(first[self.person[other[0]]])
            said = f"{str(values[row])!r} at record {row}, {str(values[before])!r} at {before}"
            raise ValueError(f"by[{name!r}]: expected one group for each reader, got {said} for the same one")
        groups, code = np.unique(values[first], return_inverse=True)
        return ReaderColumn(name=name, groups=groups.tolist(), code=code)


def _read(ratings: Any) -> tuple[list[Any], sp.csc_matrix]:
    if rows_of_lists(ratings) is not None or any(isinstance(value, str) for value in column(ratings, "ratings")):
        names, found = carried(ratings, None)
        return names, sp.csc_matrix(found)
    values = numbers(ratings, "ratings")
    bad = np.flatnonzero(~np.isfinite(values))
    if not len(values) or len(bad):
        got = f"{values[bad[0]]} at record {bad[0]}" if len(bad) else "none"
        raise ValueError(f"ratings: expected finite numbers, got {got}")
    return [None], sp.csc_matrix(values[:, None])


def _persons_on_the_smaller_side(given: sp.csc_matrix, person: IntArray) -> IntArray:
    """Return (L,) how many persons ever gave a label, or how many ever did not, whichever are fewer."""
    of_person = sp.csr_matrix((np.ones(len(person)), (person, np.arange(len(person)))))
    times = (of_person @ given).toarray()
    return np.asarray(np.minimum((times > 0).sum(axis=0), (times < np.bincount(person)[:, None]).sum(axis=0)))
