"""Groups of readers in one mixed model: how each rates beside the rest of its column, the other columns held fixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import LinearOperator, cg
from scipy.stats import t

from curation.bias.person_ratings import PersonRatings, ReaderColumn
from curation.quality.input_checks import FloatArray, IntArray
from evaluation.intervals import Interval

_NOTHING = 1e-8  # of the largest: what is left of numbers that cancel out
_EXACT, _MOST_STEPS = 1e-10, 5000  # of conjugate gradients


@dataclass(frozen=True, kw_only=True)
class HeldFixed:
    """How a group differs with the other columns held fixed.

    Attributes:
        difference: From all others of its column; no value where it cannot be told.
        p_value: Two-sided, None where there is no value.
    """

    difference: Interval
    p_value: float | None


class _Untold(Exception):
    """Why the model says nothing."""


def held_fixed(
    given: PersonRatings, columns: Sequence[ReaderColumn], *, answer: int, minimum: int, confidence: float
) -> dict[tuple[str, str], HeldFixed]:
    """Return how every group of `minimum` persons rates beside the others of its column, all columns in one model.

    A rating is item + groups of the reader + reader + noise: items and groups are fixed, readers are drawn. The two
    variances come from Henderson's method III (Biometrics 1953), sums of squares set equal to what is expected of them,
    which is REML where everybody rated everything; with them the groups are generalized least squares. A group is held
    against the mean of the other groups of its column, weighted by their persons; smaller groups of a column are one.
    Student's t has as many degrees of freedom as there are persons, less groups and parts that share no item. Readers
    are solved for by conjugate gradients, so that nothing is larger than ratings, or persons by groups.

    Args:
        given: The ratings.
        columns: What is known of the readers.
        answer: Position of the label that is looked at; 0 where there are ratings.
        minimum: Persons below which a group has no effect of its own.
        confidence: Coverage of each interval, in (0, 1).

    Returns:
        What was found by column and group.
    """
    levels = [_levels(each, np.flatnonzero(given.compared), minimum) for each in columns]
    members = np.hstack([each.members for each in levels])
    starts = np.cumsum([0, *(each.members.shape[1] for each in levels)])
    try:
        fit = _fit(_Persons.of(given, answer), members)
    except _Untold as reason:
        return {key: _untold(str(reason)) for each in levels for key in each.keys}
    return {
        key: _difference(fit, np.pad(against, (start, members.shape[1] - start - len(against))), confidence)
        for each, start in zip(levels, starts, strict=False)
        for key, against in zip(each.keys, each.against_the_rest(), strict=False)
    }


def _untold(reason: str) -> HeldFixed:
    return HeldFixed(difference=Interval(value=None, reason=reason), p_value=None)


@dataclass(frozen=True, kw_only=True)
class _Levels:
    """The groups of one column, the smaller ones last and as one.

    Attributes:
        keys: Column and group of each that is large enough.
        members: (persons, levels) who is in which, as 0 and 1.
    """

    keys: Sequence[tuple[str, str]]
    members: FloatArray

    def against_the_rest(self) -> FloatArray:
        """Return (levels, levels) what holds each against the mean of the others."""
        sizes = np.tile(self.members.sum(axis=0), (len(self.members.T), 1))
        np.fill_diagonal(sizes, 0)
        others = np.maximum(sizes.sum(axis=1, keepdims=True), 1)
        return np.asarray(np.eye(len(sizes)) - sizes / others)


def _levels(known: ReaderColumn, persons: IntArray, minimum: int) -> _Levels:
    members = known.code[persons, None] == np.arange(len(known.groups))
    large = members.sum(axis=0) >= minimum
    small = members[:, ~large].any(axis=1, keepdims=True)
    kept = np.hstack([members[:, large], small[:, : int(small.any())]])
    keys = [(known.name, group) for group, is_large in zip(known.groups, large, strict=True) if is_large]
    return _Levels(keys=keys, members=kept.astype(np.float64))


@dataclass(frozen=True, kw_only=True)
class _Persons:
    """R persons who share items, with the items taken out of their ratings.

    Attributes:
        times: (items, R) how often each item was rated by each person.
        ratings: (R,) of each person.
        sums: (R,) their ratings beyond the means of the items, added up.
        squares: The same squared, over all ratings.
    """

    times: sp.csr_matrix
    ratings: FloatArray
    sums: FloatArray
    squares: float

    @classmethod
    def of(cls, given: PersonRatings, answer: int) -> _Persons:
        rows = np.flatnonzero(given.weight > 0)
        (_, item), (_, person) = (np.unique(c[rows], return_inverse=True) for c in (given.item, given.person))
        y = given.values(answer)[rows]
        beyond = y - (np.bincount(item, y) / np.bincount(item))[item]
        return cls(
            times=sp.csr_matrix((np.ones(len(rows)), (item, person))),
            ratings=np.bincount(person).astype(np.float64),
            sums=np.bincount(person, beyond).astype(np.float64),
            squares=float(beyond @ beyond),
        )

    @cached_property
    def of_items(self) -> FloatArray:
        """(items,) how often each was rated."""
        return np.asarray(self.times.sum(axis=1), dtype=np.float64).ravel()

    @cached_property
    def diagonal(self) -> FloatArray:
        """(R,) ratings of each that are left when the items are taken out."""
        squares = np.asarray(self.times.multiply(self.times).T @ (1 / self.of_items), dtype=np.float64)
        return np.asarray(self.ratings - squares.ravel())

    @property
    def parts(self) -> int:
        """Sets of persons that share no item."""
        graph = sp.bmat([[None, self.times], [self.times.T, None]])
        return int(connected_components(graph, directed=False)[0])

    def without_items(self, values: FloatArray) -> FloatArray:
        """Return K v for (R, ...) v: K is persons by persons, what is left of them when the items are taken out."""
        shape = (-1,) + (1,) * (values.ndim - 1)
        means = (self.times @ values) / self.of_items.reshape(shape)
        return np.asarray(self.ratings.reshape(shape) * values - self.times.T @ means)


@dataclass(frozen=True, kw_only=True)
class _Fit:
    """Generalized least squares of L groups.

    Attributes:
        effects: (L,) of them; only differences that `seen` leaves as they are say anything.
        covariance: (L, L) of the effects.
        seen: (L, L) projection on what the ratings can tell apart.
        spare: Degrees of freedom.
    """

    effects: FloatArray
    covariance: FloatArray
    seen: FloatArray
    spare: int


def _fit(persons: _Persons, members: FloatArray) -> _Fit:
    """Return the groups by generalized least squares.

    Raises:
        _Untold: Too few ratings or persons.
    """
    noise, between = _variances(persons, members)
    ratio, n = between / noise, len(persons.sums)

    def spread(v: FloatArray) -> FloatArray:
        return np.asarray(v + ratio * persons.without_items(v))

    weighted = np.column_stack([_solved(spread, 1 + ratio * persons.diagonal, column) for column in members.T])
    information = weighted.T @ persons.without_items(members)
    inverse, seen = _inverse(information)
    spare = n - persons.parts - round(float(np.trace(seen)))
    if spare < 1:
        raise _Untold("there are as many groups as persons")
    return _Fit(effects=inverse @ (weighted.T @ persons.sums), covariance=noise * inverse, seen=seen, spare=spare)


def _variances(persons: _Persons, members: FloatArray) -> tuple[float, float]:
    """Return the variance of one rating, and that between persons of the same groups (Henderson's method III)."""
    free = len(persons.sums) - persons.parts
    spare = int(persons.ratings.sum()) - len(persons.of_items) - free
    explained = float(persons.sums @ _solved(persons.without_items, persons.diagonal, persons.sums))
    left = persons.squares - explained
    if spare < 1 or left <= _NOTHING * persons.squares:
        raise _Untold("too few ratings to tell persons from noise")
    noise = left / spare
    of_groups = persons.without_items(members)
    inverse, seen = _inverse(members.T @ of_groups)
    by_groups = members.T @ persons.sums
    ratings = persons.diagonal.sum() - np.trace(inverse @ (of_groups.T @ of_groups))
    beyond = explained - by_groups @ inverse @ by_groups - noise * (free - np.trace(seen))
    return noise, max(0.0, float(beyond / ratings))


def _inverse(information: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the pseudo-inverse of a symmetric matrix, and the projection on what it does not lose."""
    values, vectors = np.linalg.eigh((information + information.T) / 2)
    kept = values > _NOTHING * max(float(values.max(initial=0.0)), 1e-300)
    vectors = vectors[:, kept]
    return vectors / values[kept] @ vectors.T, vectors @ vectors.T


def _solved(times: Callable[[FloatArray], FloatArray], diagonal: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return v with `times(v)` = `wanted`, by conjugate gradients with the diagonal for a guess.

    Raises:
        _Untold: They do not settle.
    """
    shape = (len(wanted), len(wanted))
    operator, guess = (LinearOperator(shape, each, dtype=np.float64) for each in (times, lambda v: v / diagonal))
    found, unsettled = cg(operator, wanted, rtol=_EXACT, maxiter=_MOST_STEPS, M=guess)
    if unsettled:
        raise _Untold("too few readers share an item")
    return np.asarray(found)


def _difference(fit: _Fit, against: FloatArray, confidence: float) -> HeldFixed:
    if np.abs(fit.seen @ against - against).max() > 1e-6:
        return _untold("the ratings cannot tell it from the other columns")
    value, variance = float(against @ fit.effects), float(against @ fit.covariance @ against)
    half = float(t.ppf((1 + confidence) / 2, fit.spare)) * variance**0.5
    p_value = float(2 * t.sf(abs(value) / variance**0.5, fit.spare))
    return HeldFixed(difference=Interval(value=value, low=value - half, high=value + half), p_value=p_value)
