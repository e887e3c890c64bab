"""Comparisons of two items, as whole numbers: which items, who compared them, which one won."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from curation.review.vote_tables import VoteTable, as_text, vote_columns
from curation.review.votes import Floats, Ints

COLUMNS = ("first", "second", "reviewer", "winner")
TIES = frozenset({"equal", "tie", "draw", "="})
"""What a winner is called where there is none."""

_PLACES = ("first", "second")
_MOST_PATHS = 20_000_000  # pairs of neighbours that are looked through for cycles


@dataclass(frozen=True, kw_only=True)
class Comparisons:
    """Votes on pairs of items, coded.

    Attributes:
        items: Names of the items, sorted. Length N.
        reviewers: Names of the reviewers, sorted. Length R.
        first: Shape (V,), position in `items` of what was shown first; `second` alike.
        reviewer: Shape (V,), position in `reviewers`.
        outcome: Shape (V,), 1 where the first won, -1 where the second did, 0 for a tie.
        component: Shape (N,), which items have been compared with each other, directly or by way of others.
    """

    items: Sequence[str]
    reviewers: Sequence[str]
    first: Ints
    second: Ints
    reviewer: Ints
    outcome: Ints
    component: Ints

    def net(self) -> csr_array:
        """Return (N, N) by how many votes more each item has won against each other; nothing below zero."""
        n = len(self.items)
        won = csr_array((self.outcome.astype(float), (self.first, self.second)), shape=(n, n))
        more = csr_array(won - won.T)
        more.data = np.maximum(more.data, 0.0)
        more.eliminate_zeros()
        return more


def read_comparisons(comparisons: VoteTable) -> Comparisons:
    """Validate a table of comparisons and code it; rows without a winner are no votes.

    Raises:
        ValueError: A column is missing, an item is compared with itself, or a winner is none of the two.
    """
    columns = _columns(comparisons)
    rows = len(columns["first"])
    columns.setdefault("reviewer", ["everybody"] * rows)
    text = {name: _texts(columns[name], name) for name in COLUMNS}
    kept = [row for row, winner in enumerate(text["winner"]) if winner is not None]
    outcome = [_outcome(row, *(text[name][row] for name in COLUMNS)) for row in kept]
    first, second, reviewer = ([text[name][row] for row in kept] for name in COLUMNS[:3])
    items, places = _coded([*first, *second])
    reviewers, who = _coded(reviewer)
    a, b, result = places[: len(kept)], places[len(kept) :], np.array(outcome, dtype=np.int64)
    order = np.lexsort((result, who, b, a))  # no order of the rows has a say, not even in a sum's last digit
    a, b, who, result = a[order], b[order], who[order], result[order]
    graph = csr_array((np.ones(len(kept)), (a, b)), shape=(len(items), len(items)))
    component = connected_components(graph, directed=False)[1] if items else np.zeros(0)
    return Comparisons(
        items=items,
        reviewers=reviewers,
        first=a,
        second=b,
        reviewer=who,
        outcome=result,
        component=component.astype(np.int64),
    )


def _columns(comparisons: VoteTable) -> dict[str, Any]:
    if isinstance(comparisons, Iterator) and not hasattr(comparisons, "read_all"):
        comparisons = list(comparisons)
    if isinstance(comparisons, list | tuple) and not any(isinstance(row, Mapping) for row in comparisons[:1]):
        comparisons = _of_tuples(comparisons)
    found = vote_columns(comparisons, "comparisons")
    for name in COLUMNS:
        if name not in found and name != "reviewer":
            raise ValueError(f"comparisons: expected a column {name!r}, found {', '.join(found) or 'none'}")
    return found


def _of_tuples(rows: Sequence[Any]) -> dict[str, list[Any]]:
    for number, row in enumerate(rows):
        if not isinstance(row, tuple | list) or len(row) != len(COLUMNS):
            expected = f"expected a dict, or a tuple ({', '.join(COLUMNS)})"
            raise ValueError(f"comparisons: row {number}: {expected}, found {row!r:.60}")
    return {name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}


def _texts(values: Any, name: str) -> list[Any]:
    found: list[Any] = as_text(values, f"comparisons, column {name!r}").to_pylist()
    if name != "winner" and (missing := next((row for row, text in enumerate(found) if not text), None)) is not None:
        raise ValueError(f"comparisons: row {missing}: expected a {name}, found none")
    return found


def _outcome(row: int, first: str, second: str, reviewer: str, winner: str) -> int:
    if first == second:
        raise ValueError(f"comparisons: row {row}: expected two items, found {first!r} twice")
    named = {first: 1, second: -1}
    if winner in named:
        return named[winner]
    word = winner.casefold().strip()
    if word in TIES or word in _PLACES:
        return 0 if word in TIES else 1 - 2 * _PLACES.index(word)
    raise ValueError(f"comparisons: row {row}: expected {first!r}, {second!r} or 'equal' to win, found {winner!r}")


def _coded(names: Sequence[str]) -> tuple[list[str], Ints]:
    known = sorted(set(names))
    place = {name: i for i, name in enumerate(known)}
    return known, np.array([place[name] for name in names], dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class Cycles:
    """Three items of which each beats the next by its votes.

    Attributes:
        count: How many such triples there are; None where there are too many comparisons to look.
        triples: How many triples of items have all three pairs decided; None likewise.
        examples: Some of them, as positions in `items`.
    """

    count: int | None
    triples: int | None
    examples: Sequence[tuple[int, int, int]]


def cycles(known: Comparisons, *, examples: int = 3) -> Cycles:
    """Count the cycles of three (Kendall and Babington Smith 1940): without any, votes make an order by themselves."""
    beats = known.net()
    beats.data[:] = 1.0
    degrees = np.diff(beats.indptr) + np.bincount(beats.indices, minlength=len(known.items))
    if float((degrees.astype(float) ** 2).sum()) > _MOST_PATHS:
        return Cycles(count=None, triples=None, examples=())
    around = csr_array((beats @ beats).multiply(beats.T))  # at (a, c): the b with a > b > c, where c > a
    through = csr_array((beats @ beats).multiply(beats))
    count = round(float(around.sum()) / 3)
    shown = []
    for a, c in zip(*(each[:examples] for each in around.nonzero()), strict=True):
        b = next(b for b in _row(beats, a) if c in _row(beats, b))
        shown.append((int(a), int(b), int(c)))
    return Cycles(count=count, triples=count + round(float(through.sum())), examples=shown)


def _row(matrix: csr_array, at: int) -> Ints:
    return np.asarray(matrix.indices[matrix.indptr[at] : matrix.indptr[at + 1]], dtype=np.int64)


def centred(values: Floats, component: Ints) -> Floats:
    """Return values less their mean within each component, shape (N,) or (N, d)."""
    sizes = np.maximum(np.bincount(component), 1)
    to = csr_array((np.ones(len(component)), (component, np.arange(len(component)))))
    means = (to @ values).T / sizes
    return np.asarray(values - means.T[component])
