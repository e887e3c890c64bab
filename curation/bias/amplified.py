"""Whether a model leans further than the labels it learnt from: labels by group, predicted beside taught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.special import ndtr, ndtri

from curation.bias.grouping import MISSING, called, groups_of
from curation.bias.label_shares import carried
from evaluation.columns import Column, column, kept, rows_of_lists
from evaluation.holm import holm
from evaluation.intervals import Interval, check_confidence
from evaluation.settings import check_whole
from evaluation.shown import Listed, Shown

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, repr=False)
class Amplification(Shown):
    """How far a label leans to a group in what was taught, and in what a model says.

    Attributes:
        by: What the records were grouped by.
        group: The group.
        label: The label.
        taught: Records of the group that the model learnt from.
        predicted: Records of the group that it was asked about.
        skew_taught: Share of the label in the group less that elsewhere, among the labels taught, in [-1, 1].
        skew_predicted: The same of the predictions.
        change: The second less the first, in [-2, 2].
        p_value: That there is no change.
        adjusted_p: The same, corrected for the number of comparisons (Holm 1979).
        is_found: Whether that is below 1 less the confidence.
        reason: The comparison in words.
    """

    by: str
    group: str
    label: str
    taught: int
    predicted: int
    skew_taught: float
    skew_predicted: float
    change: Interval
    p_value: float
    adjusted_p: float
    is_found: bool
    reason: str

    @property
    def amplifies(self) -> bool:
        """Whether the model leans further the way that the labels lean; otherwise it leans less, or the other way."""
        return abs(self.skew_predicted) > abs(self.skew_taught) and self.skew_predicted * self.skew_taught >= 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {**vars(self), "change": self.change.to_dict(), "amplifies": self.amplifies}


@dataclass(frozen=True, kw_only=True, repr=False)
class Amplifications(Shown):
    """What `amplification` found.

    Attributes:
        rows: A row for each group and label that were compared, the surest first.
        minimum: Records that a group has to have in both parts, and that have to be outside it.
        too_small: Groups of which nothing is said, with the number of their records in the part where they are fewer.
    """

    rows: Listed[Amplification]
    minimum: int
    too_small: Mapping[str, int]

    @property
    def found(self) -> Listed[Amplification]:
        """The rows that are believed, the surest first."""
        return Listed(row for row in self.rows if row.is_found)

    def _facts(self) -> Mapping[str, Any]:
        return {"comparisons": len(self.rows), "found": len(self.found), "too_small": len(self.too_small)}

    def _columns(self) -> Mapping[str, Any]:
        return self.rows._columns()

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        found = [row.to_dict() for row in self.found]
        return {"compared": len(self.rows), "minimum": self.minimum, "too_small": dict(self.too_small), "found": found}


def amplification(
    labels: Column,
    predicted: Column,
    *,
    by: Mapping[str, Column],
    predicted_by: Mapping[str, Column],
    minimum: int = 20,
    confidence: float = 0.95,
) -> Amplifications:
    """Compare how far labels lean to groups in a model's predictions with how far they do in its training data.

    A skew is the share of a label in a group less its share among all other records. Training data in which women ask
    for refunds ten points more often than others teach just that; a model that predicts refunds for women thirty points
    more often has added twenty of its own (Zhao et al., Men Also Like Shopping, EMNLP 2017). The change is a
    combination of four shares, with the interval of Price and Bonett (Computational Statistics and Data Analysis 2004),
    which adds half a record to each side of each; its p-values are corrected for their number by Holm (1979). A skew
    may shrink as well: a model that is often wrong, or says the commonest label, loses what the labels have.

    Args:
        labels: n labels that the model learnt from, names or lists of them.
        predicted: m labels that it predicted, of records that it did not learn from.
        by: Columns of n values by name; each value is a group, of truth values only the true ones. A missing value is
            of none.
        predicted_by: The same columns of m values.
        minimum: Records that a group must have, and that must be outside it, in both.
        confidence: Coverage of the intervals, in (0, 1).

    Raises:
        ValueError: A label is missing, a column is there once only or has another length.

    Example:
        >>> taught = ["refund"] * 30 + ["late"] * 20 + ["refund"] * 20 + ["late"] * 30
        >>> said = ["refund"] * 45 + ["late"] * 5 + ["refund"] * 5 + ["late"] * 45
        >>> who = {"sender": ["women"] * 50 + ["men"] * 50}
        >>> found = amplification(taught, said, by=who, predicted_by=who).found
        >>> found[0].group, found[0].label, round(found[0].change.value, 2), found[0].amplifies
        ('men', 'late', 0.6, True)
    """
    check_confidence(confidence)
    check_whole(minimum, "minimum", least=1)
    names = _in_both(by, predicted_by)
    before, after = _rows(labels, "labels"), _rows(predicted, "predicted")
    if _are_lists(before) != _are_lists(after):
        raise ValueError("predicted: expected one label for each record, or several, as in labels")
    known, carriers = carried([*before, *after], None)
    n = len(before)
    taught, said = (
        _counted({name: columns[name] for name in names}, each, minimum)
        for columns, each in ((by, carriers[:n]), (predicted_by, carriers[n:]))
    )
    groups = [group for group in taught.counts if group in said.counts and group[1] != MISSING]
    rows = _compared(groups, known, taught, said, confidence)
    small = {**taught.too_small, **said.too_small}
    return Amplifications(rows=Listed(sorted(rows, key=_surest_first)), minimum=minimum, too_small=small)


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """(k, 4) for each group: with the label in it, all of it, with the label elsewhere, all elsewhere."""

    counts: Mapping[tuple[str, str], Counts]
    too_small: Mapping[str, int]


def _counted(columns: Mapping[str, Column], carriers: sp.csr_matrix, minimum: int) -> _Counted:
    n = carriers.shape[0]
    groups = groups_of(columns, n, minimum)
    totals, hits = np.asarray(carriers.sum(axis=0)).ravel(), np.asarray((groups.members.T @ carriers).todense())
    counts = {
        name: np.column_stack([here, np.full_like(here, size), totals - here, np.full_like(here, n - size)])
        for name, here, size in zip(groups.names, hits, groups.sizes, strict=True)
    }
    small = {name: size for name, size in groups.too_small.items() if not name.endswith(repr(MISSING))}
    return _Counted(counts=counts, too_small=small)


def _compared(
    groups: Sequence[tuple[str, str]], known: Sequence[Any], taught: _Counted, said: _Counted, confidence: float
) -> list[Amplification]:
    if not groups:
        return []
    before, after = (np.concatenate([each.counts[group] for group in groups]) for each in (taught, said))
    skews = [counts[:, 0] / counts[:, 1] - counts[:, 2] / counts[:, 3] for counts in (before, after)]
    middle, error = _contrast(before, after)
    p = 2 * ndtr(-np.abs(middle) / error)
    half = float(ndtri((1 + confidence) / 2)) * error
    changes = [
        Interval(value=float(value), low=float(min(value, low)), high=float(max(value, high)))
        for value, low, high in zip(skews[1] - skews[0], middle - half, middle + half, strict=True)
    ]
    adjusted = holm(p.tolist())
    of = [(group, label) for group in groups for label in known]
    return [
        Amplification(
            by=group[0],
            group=group[1],
            label=str(label),
            taught=int(before[i, 1]),
            predicted=int(after[i, 1]),
            skew_taught=float(skews[0][i]),
            skew_predicted=float(skews[1][i]),
            change=changes[i],
            p_value=float(p[i]),
            adjusted_p=adjusted[i],
            is_found=adjusted[i] < 1 - confidence,
            reason=_in_words(group, str(label), float(skews[0][i]), float(skews[1][i]), changes[i]),
        )
        for i, (group, label) in enumerate(of)
    ]


def _contrast(before: Counts, after: Counts) -> tuple[Floats, Floats]:
    """Return the difference of two differences of shares, drawn a little to the middle, and its standard error."""
    value, variance = np.zeros(len(before)), np.zeros(len(before))
    for counts, sign in ((after, 1), (before, -1)):
        for at, part in ((0, 1), (2, -1)):
            size = counts[:, at + 1] + 1.0
            share = (counts[:, at] + 0.5) / size
            value += sign * part * share
            variance += share * (1 - share) / size
    return value, np.sqrt(variance)


def _in_words(group: tuple[str, str], label: str, taught: float, said: float, change: Interval) -> str:
    value, low, high = (100 * number for number in change.numbers)
    return (
        f"{called(*group)}: {label!r} is {100 * taught:+.1f} points from all others in the labels taught, "
        f"{100 * said:+.1f} in the predictions; {value:+.1f} points [{low:+.1f}, {high:+.1f}]"
    )


def _surest_first(row: Amplification) -> tuple[float, float, str, str]:
    return float(f"{row.p_value:.9g}"), -row.change.numbers[0], row.by, row.group


def _rows(labels: Column, where: str) -> list[Any]:
    labels = kept(labels)
    return rows_of_lists(labels) or column(labels, where).tolist()


def _are_lists(rows: list[Any]) -> bool:
    return all(isinstance(row, list) for row in rows)


def _in_both(by: Mapping[str, Column], predicted_by: Mapping[str, Column]) -> list[str]:
    for given, name in ((by, "by"), (predicted_by, "predicted_by")):
        if not isinstance(given, Mapping):
            raise ValueError(f"{name}: expected columns by name, got {type(given).__name__}")
    if lost := [name for name in {**by, **predicted_by} if name not in by or name not in predicted_by]:
        raise ValueError(f"by: expected the same columns in both, got {lost[0]!r} in one of them")
    return list(by)
