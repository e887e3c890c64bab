"""Orders of a few options against orders: whole, pair by pair, and by what stands first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from evaluation.columns import Column
from evaluation.columns import names as named
from evaluation.predictions import FloatArray, IntArray, Tallied, check_confidences, check_length


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderedPredictions(Tallied):
    """n records with given and predicted orders of k options; what is tallied are the best options.

    Attributes:
        labels: (n, k) rank of every option, 1 the best; those that are level share one.
        predicted: The same of the model.
        label_names: The k options.
        confidence: (n,) probability of the predicted orders, in [0, 1].
    """

    labels: IntArray
    predicted: IntArray
    label_names: tuple[str, ...]
    confidence: FloatArray

    @property
    def pred_probs(self) -> FloatArray:
        """(n, 1) the confidence, for metrics of somebody's own."""
        return self.confidence[:, None]

    @property
    def label_probability(self) -> FloatArray:
        """(n,) NaN: how likely a model holds another order than its own is not known."""
        return np.full(self.n, np.nan)

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the whole order is the given one."""
        return np.asarray((self.labels == self.predicted).all(axis=1))

    @property
    def true_labels(self) -> sparse.csr_matrix:
        """(n, k) ones where an option is among the best."""
        return _best(self.labels)

    @property
    def predicted_labels(self) -> sparse.csr_matrix:
        """(n, k) ones where it was predicted to be."""
        return _best(self.predicted)


def _best(ranks: IntArray) -> sparse.csr_matrix:
    return sparse.csr_matrix((ranks == 1).astype(np.float64))


def check_orders(
    given: Any, found: Any, *, label_names: Column, confidence: Column | None = None, called: tuple[str, str]
) -> OrderedPredictions:
    """Check what was given and what was predicted, and return both under one roof.

    Args:
        given: n orders, as `ranks_of` takes them.
        found: The same of the model.
        label_names: The k options, no two alike.
        confidence: (n,) probability of each predicted order; half of everything where that is not known.
        called: What messages call the two.

    Raises:
        ValueError: Nothing to evaluate; no order of all options where one is expected.
    """
    options = option_names(label_names)
    ranks = [ranks_of(orders, options, name) for orders, name in zip((given, found), called, strict=True)]
    if not len(ranks[0]):
        raise ValueError(f"{called[0]}: expected at least one record, got none")
    check_length(called[1], ranks[1], len(ranks[0]))
    sure = check_confidences(confidence, len(ranks[0]))
    return OrderedPredictions(labels=ranks[0], predicted=ranks[1], label_names=options, confidence=sure)


def option_names(label_names: Column) -> tuple[str, ...]:
    """Return the names of options; raises ValueError for fewer than two, or two alike."""
    found = tuple(named(label_names, "label_names"))
    if len(found) < 2 or len(set(found)) < len(found):
        raise ValueError(f"label_names: expected at least two options, no two alike, got {list(found)}")
    return found


def ranks_of(orders: Any, options: Sequence[str], where: str) -> IntArray:
    """Return (n, k) the rank of every option, 1 the best and none left out.

    Args:
        orders: n orders: lists from the best, in which a list holds options that are level, or lists of objects with a
            `value` and a `rank`.
        options: The k options; orders name them, or their positions.
        where: What messages call the orders.

    Raises:
        ValueError: Something else; an option that is missing, unknown, or there twice.

    Example:
        >>> ranks_of([["tea", ["milk", "rum"]]], ["milk", "rum", "tea"], "labels").tolist()
        [[2, 2, 1]]
    """
    if isinstance(orders, str | Mapping) or not hasattr(orders, "__iter__"):
        raise ValueError(f"{where}: expected an order for each record, got {type(orders).__name__}")
    for method in ("to_pylist", "tolist", "to_list"):
        orders = getattr(orders, method)() if hasattr(orders, method) else orders
    place = {name: at for at, name in enumerate(options)}
    rows = [_ranks(order, place, f"{where}: record {i}") for i, order in enumerate(orders)]
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(options))


def _ranks(order: Any, place: Mapping[str, int], where: str) -> list[int]:
    found: dict[int, Any] = {}
    for option, rank in _ranked(order, where):
        at = place.get(option, -1) if isinstance(option, str) else option
        if not isinstance(at, int | np.integer) or isinstance(at, bool) or not 0 <= at < len(place) or at in found:
            raise ValueError(f"{where}: expected each of the options {list(place)[:20]} once, got {option!r}")
        found[int(at)] = rank
    if missing := [name for name, at in place.items() if at not in found]:
        raise ValueError(f"{where}: expected all options in order, {missing[0]!r} is missing in {order!r:.120}")
    ranks = {rank: n for n, rank in enumerate(sorted(set(found.values())), 1)}
    return [ranks[found[at]] for at in range(len(place))]


def _ranked(order: Any, where: str) -> list[tuple[Any, int]]:
    """Return every option with a number that is the lower the better it is."""
    listed = list(order) if isinstance(order, list | tuple | np.ndarray) else []
    if not listed:
        raise ValueError(f"{where}: expected options in order, got {order!r:.80}")
    if all(isinstance(one, Mapping) and isinstance(one.get("rank"), int | np.integer) for one in listed):
        return [(one.get("value"), int(one["rank"])) for one in listed]
    tiers = [one if isinstance(one, list | tuple | np.ndarray) else [one] for one in listed]
    return [(option, rank) for rank, tier in enumerate(tiers) for option in tier]


def signs(ranks: npt.NDArray[Any]) -> IntArray:
    """Return (n, k (k - 1) / 2) what ranks (n, k) say of every two options: 1 the first is above, -1 below, 0 level."""
    first, second = np.array([*combinations(range(ranks.shape[1]), 2)], dtype=np.intp).reshape(-1, 2).T
    return np.asarray(np.sign(ranks[:, second] - ranks[:, first]), dtype=np.int64)


def average_ranks(ranks: IntArray) -> IntArray:
    """Return (k,) the average order of (n, k) ranks: by the options that each stands above, less those above it."""
    said, k = signs(ranks).sum(axis=0), ranks.shape[1]
    ahead = np.zeros(k)
    for (a, b), sign in zip(combinations(range(k), 2), said.tolist(), strict=True):
        ahead[a] += sign
        ahead[b] -= sign
    return np.unique(-ahead, return_inverse=True)[1].reshape(-1).astype(np.int64) + 1


@dataclass(frozen=True, kw_only=True)
class Choices:
    """n orders of k options as choices, one after the other, of the best of those that are left (Plackett 1975).

    Options that are level are chosen in any order, and count for less among those that are left the more of them have
    been chosen (Efron 1977): as if it were known, in the mean, which.

    Attributes:
        order: (n, k) the options from the best.
        first: (n, k) by place in that order, the first place of its rank.
        last: (n, k) the last one.
    """

    order: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]
    last: npt.NDArray[np.intp]

    @classmethod
    def of(cls, ranks: IntArray) -> Choices:
        """Return the choices that (n, k) ranks stand for."""
        n, k = ranks.shape
        order = np.argsort(ranks, axis=1, kind="stable")
        rank = np.take_along_axis(ranks, order, axis=1)
        begins = np.column_stack([np.ones(n, dtype=bool), rank[:, 1:] != rank[:, :-1]])
        ends = np.column_stack([begins[:, 1:], np.ones(n, dtype=bool)])
        first = np.maximum.accumulate(np.where(begins, np.arange(k), 0), axis=1)
        last = np.minimum.accumulate(np.where(ends, np.arange(k), k)[:, ::-1], axis=1)[:, ::-1]
        return cls(order=order, first=first, last=last)

    @property
    def gone(self) -> FloatArray:
        """(n, k) share of the options of a rank that were chosen before, by place."""
        return np.asarray((self.ways - 1) / (self.last - self.first + 1), dtype=np.float64)

    @property
    def ways(self) -> FloatArray:
        """(n, k) numbers whose product over a rank is in how many orders its options can be chosen, by place."""
        return np.asarray(np.arange(self.order.shape[1]) - self.first + 1, dtype=np.float64)

    def left(self, weight: FloatArray) -> FloatArray:
        """Return (n, k) the weight that is left at each choice, by (n, k) weights of options, both by place."""
        after = np.column_stack([weight[:, ::-1].cumsum(axis=1)[:, ::-1], np.zeros(len(weight))])
        all_left = np.take_along_axis(after, self.first, axis=1)
        below = np.take_along_axis(after, self.last + 1, axis=1)
        return np.asarray(below + (1 - self.gone) * (all_left - below), dtype=np.float64)


def order_likelihood(probs: npt.NDArray[Any], ranks: IntArray) -> FloatArray:
    """Return (n,) how likely it is that options are chosen one after the other in these orders; see `Choices`.

    Args:
        probs: (n, k) how likely each option is the best of all, above 0; rows sum to one.
        ranks: (n, k) rank of every option, 1 the best.

    Example:
        >>> probs = np.array([[0.5, 0.3, 0.2]])
        >>> [float(order_likelihood(probs, np.array([ranks]))[0].round(3)) for ranks in ([1, 2, 3], [1, 1, 1])]
        [0.3, 0.81]
    """
    choices = Choices.of(ranks)
    chosen = np.take_along_axis(probs, choices.order, axis=1).astype(np.float64)
    return np.asarray(np.exp(np.log(chosen * choices.ways / choices.left(chosen)).sum(axis=1)))


def ranks_by(probs: npt.NDArray[Any], threshold: float) -> IntArray:
    """Return (n, k) ranks, 1 the best, by how likely each option is the best of all.

    An option is level with the first of its rank unless that stands above it with a higher chance than the threshold.

    Example:
        >>> ranks_by(np.array([[0.5, 0.1, 0.4]]), 0.5).tolist(), ranks_by(np.array([[0.5, 0.1, 0.4]]), 0.6).tolist()
        ([[1, 3, 2]], [[1, 2, 1]])
    """
    order = np.argsort(-probs, axis=1, kind="stable")
    by_chance = np.take_along_axis(probs, order, axis=1).astype(np.float64)
    found, first, rank = np.ones(probs.shape, dtype=np.int64), by_chance[:, 0].copy(), np.ones(len(probs), np.int64)
    for place in range(1, probs.shape[1]):
        now = by_chance[:, place]
        below = first / (first + now) > threshold
        rank, first = rank + below, np.where(below, now, first)
        found[np.arange(len(probs)), order[:, place]] = rank
    return found
