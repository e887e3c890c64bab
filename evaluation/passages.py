"""Marked passages against marked passages: which were found, as which label, with which borders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from evaluation.columns import Column, from_library, names
from evaluation.predictions import FloatArray, IntArray, check_confidences, check_length

SCHEMES = ("strict", "exact", "partial", "type")
"""What counts as found: borders and label; borders; half of a passage that overlaps; label of one that overlaps."""


class Passage(NamedTuple):
    """One marked passage, its label a position."""

    start: int
    end: int
    label: int


class Pair(NamedTuple):
    """A given and a predicted passage of a record that stand for each other."""

    record: int
    given: Passage
    predicted: Passage

    @property
    def same_borders(self) -> bool:
        """Whether both begin and end at the same characters."""
        return self.given[:2] == self.predicted[:2]

    @property
    def same_label(self) -> bool:
        """Whether both have the same label."""
        return self.given.label == self.predicted.label

    def credit(self, scheme: str) -> float:
        """How much of the passage was found, in [0, 1]."""
        if scheme == "strict":
            return float(self.same_borders and self.same_label)
        if scheme == "type":
            return float(self.same_label)
        return 1.0 if self.same_borders else 0.5 * (scheme == "partial")


@dataclass(frozen=True, kw_only=True, eq=False)
class MarkedPredictions:
    """n records with given and predicted passages; what `evaluation.sums` asks of predictions is counted in passages.

    Attributes:
        given: Per record, in order.
        found: What was predicted, likewise.
        label_names: The k labels.
        confidence: (n,) probability of the predicted answers, in [0, 1].
    """

    given: list[list[Passage]]
    found: list[list[Passage]]
    label_names: tuple[str, ...]
    confidence: FloatArray

    @property
    def n(self) -> int:
        """Number of records."""
        return len(self.given)

    @property
    def k(self) -> int:
        """Number of labels."""
        return len(self.label_names)

    @cached_property
    def pairs(self) -> list[Pair]:
        """Which passages stand for each other, of all records."""
        both = zip(self.given, self.found, strict=True)
        return [pair for i, (given, found) in enumerate(both) for pair in _paired(i, given, found)]

    @property
    def labels(self) -> npt.NDArray[Any]:
        """(n,) lists of the given passages, for metrics of somebody's own."""
        return _objects(self.given)

    @property
    def predicted(self) -> npt.NDArray[Any]:
        """(n,) lists of the predicted ones, likewise."""
        return _objects(self.found)

    @property
    def pred_probs(self) -> FloatArray:
        """(n, 1) the confidence: a model of passages gives no probability per label of a record."""
        return self.confidence[:, None]

    @property
    def label_probability(self) -> FloatArray:
        """(n,) NaN: what else than its answer a model holds likely is not known."""
        return np.full(self.n, np.nan)

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the predicted passages are the given ones, with borders and labels."""
        return np.array([set(g) == set(f) for g, f in zip(self.given, self.found, strict=True)], dtype=bool)

    @property
    def true_labels(self) -> sparse.csr_matrix:
        """(n, k) how many passages have the label."""
        return self.counted((i, passage.label, 1.0) for i, row in enumerate(self.given) for passage in row)

    @property
    def predicted_labels(self) -> sparse.csr_matrix:
        """(n, k) how many were predicted to have it."""
        return self.counted((i, passage.label, 1.0) for i, row in enumerate(self.found) for passage in row)

    @property
    def hits(self) -> sparse.csr_matrix:
        """(n, k) how many were found with their borders and label."""
        return self.counted((p.record, p.given.label, p.credit("strict")) for p in self.pairs)

    @property
    def confusion(self) -> IntArray:
        """(k, k) passages that stand for each other; row the given label, column the predicted one."""
        found = np.zeros((self.k, self.k), dtype=np.int64)
        for pair in self.pairs:
            found[pair.given.label, pair.predicted.label] += 1
        return found

    def counted(self, of: Iterator[tuple[int, int, float]]) -> sparse.csr_matrix:
        """Return (n, k) sums of (record, label, amount)."""
        rows = list(of)
        at, labels, amounts = zip(*rows, strict=True) if rows else ((), (), ())
        return sparse.csr_matrix((np.array(amounts, dtype=np.float64), (at, labels)), shape=(self.n, self.k))


def _paired(record: int, given: Sequence[Passage], found: Sequence[Passage]) -> list[Pair]:
    """Pair each passage at most once: the same first, then the same borders, then the label, then whatever overlaps."""
    candidates = [
        (not (pair.same_borders and pair.same_label), not pair.same_borders, not pair.same_label, -shared, i, j, pair)
        for i, one in enumerate(given)
        for j, other in enumerate(found)
        if (shared := min(one.end, other.end) - max(one.start, other.start)) > 0
        for pair in [Pair(record, one, other)]
    ]
    taken: tuple[set[int], set[int]] = (set(), set())
    pairs = []
    for *_, i, j, pair in sorted(candidates, key=lambda c: c[:-1]):
        if i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
            pairs.append(pair)
    return pairs


def check_passages(
    given: Any, found: Any, *, label_names: Column, confidence: Column | None = None, called: tuple[str, str]
) -> MarkedPredictions:
    """Check what was given and what was predicted, and return both under one roof.

    Args:
        given: n lists of passages: `start`, `end`, and `label` by its name or position.
        found: The same of the model.
        label_names: k names, no two alike.
        confidence: (n,) probability of each predicted answer; half of everything where that is not known.
        called: What messages call the two.

    Raises:
        ValueError: Nothing to evaluate; no passage where one is expected; another label; a passage twice in a record.
    """
    labels = _names(label_names)
    place = {name: at for at, name in enumerate(labels)}
    both = [_rows(values, place, name) for values, name in zip((given, found), called, strict=True)]
    if not both[0]:
        raise ValueError(f"{called[0]}: expected at least one record, got none")
    check_length(called[1], both[1], len(both[0]))
    sure = check_confidences(confidence, len(both[0]))
    return MarkedPredictions(given=both[0], found=both[1], label_names=labels, confidence=sure)


def as_rows(values: Any, where: str) -> list[list[dict[str, Any]]]:
    """Return n lists of passages as `start`, `end` and `label`, the label as it came.

    Args:
        values: n lists of mappings or of triples.
        where: What messages call it.

    Raises:
        ValueError: Something else.
    """
    if isinstance(values, str | Mapping) or not hasattr(values, "__iter__"):
        raise ValueError(f"{where}: expected a list of passages for each record, got {type(values).__name__}")
    values = values.to_list() if from_library(values, "polars") else values
    listed = values.to_pylist() if hasattr(values, "to_pylist") else list(values)
    return [
        [_plain(one, f"{where}: record {i}") for one in _listed(row, f"{where}: record {i}")]
        for i, row in enumerate(listed)
    ]


def _listed(row: Any, where: str) -> Any:
    if not isinstance(row, list | tuple | np.ndarray):
        raise ValueError(f"{where}: expected a list of passages, got {row!r:.80}")
    return row


def _plain(given: Any, where: str) -> dict[str, Any]:
    if isinstance(given, Mapping):
        given = [given.get(name) for name in ("start", "end", "label")]
    if not isinstance(given, list | tuple) or len(given) != 3 or not _is_stretch(*given[:2]) or given[2] is None:
        raise ValueError(f"{where}: expected passages with start, end and label, start before end, got {given!r:.80}")
    return {"start": int(given[0]), "end": int(given[1]), "label": given[2]}


def _names(label_names: Column) -> tuple[str, ...]:
    found = tuple(names(label_names, "label_names"))
    if not found or len(set(found)) < len(found):
        raise ValueError(f"label_names: expected at least one name, no two alike, got {list(found)}")
    return found


def _rows(values: Any, place: Mapping[str, int], where: str) -> list[list[Passage]]:
    return [_row(row, place, f"{where}: record {i}") for i, row in enumerate(as_rows(values, where))]


def _row(row: Sequence[Mapping[str, Any]], place: Mapping[str, int], where: str) -> list[Passage]:
    found = sorted(Passage(one["start"], one["end"], _position(one["label"], place, where)) for one in row)
    if len(set(found)) < len(found):
        raise ValueError(f"{where}: expected no passage twice, got {list(row)!r:.120}")
    return found


def _position(label: Any, place: Mapping[str, int], where: str) -> int:
    at = place.get(label, -1) if isinstance(label, str) else label
    if not isinstance(at, int | np.integer) or isinstance(at, bool) or not 0 <= at < len(place):
        raise ValueError(f"{where}: expected one of the labels {list(place)[:20]}, got {label!r}")
    return int(at)


def _is_stretch(start: Any, end: Any) -> bool:
    return (
        all(isinstance(at, int | np.integer) and not isinstance(at, bool) for at in (start, end)) and 0 <= start < end
    )


def _objects(rows: list[list[Passage]]) -> npt.NDArray[Any]:
    found = np.empty(len(rows), dtype=object)
    found[:] = rows
    return found
