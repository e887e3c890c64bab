"""Where a model is better or worse than it is on the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, column, is_missing
from evaluation.intervals import Interval, check_confidence, wilson_interval
from evaluation.predictions import check_length, check_predictions
from evaluation.shown import Listed, Shown

MISSING = "(missing)"


@dataclass(frozen=True, kw_only=True, repr=False)
class Slice(Shown):
    """The accuracy on the records that share one value.

    Attributes:
        by: What the records were sliced by.
        value: The shared value, as text; `MISSING` for None and NaN.
        support: Number of records.
        accuracy: Accuracy on the slice, in [0, 1], with its Wilson interval.
        overall: Accuracy on all records, in [0, 1].
        adjusted_p: p-value against all other records, adjusted for the number of slices, in [0, 1].
        flagged: Whether the slice differs from the rest.
        reason: The finding in words; empty unless flagged.
    """

    by: str
    value: str
    support: int
    accuracy: Interval
    overall: float
    adjusted_p: float
    flagged: bool
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {**vars(self), "accuracy": self.accuracy.to_dict()}


def slices(
    labels: Column,
    pred_probs: Column,
    *,
    by: Mapping[str, Sequence[Any]],
    label_names: Column,
    confidence: float = 0.95,
) -> Listed[Slice]:
    """Measure accuracy on every value of every column of `by`, the least accurate slice first.

    A slice is flagged if Fisher's exact test against all other records stays below 1 - `confidence` after the
    adjustment of Benjamini and Hochberg (1995, https://doi.org/10.1111/j.2517-6161.1995.tb02031.x) over all
    slices, so that of what is flagged at most that share is expected to be chance; and if the slice's own
    interval (Wilson's, right for small slices, where a bootstrap is not) leaves out the overall accuracy.

    Args:
        labels: (n,) integer positions in `label_names`.
        pred_probs: (n, k) probabilities; rows sum to one.
        by: Column name to (n,) values, such as a source, a length class or a language.
        label_names: The k labels, in the order of the columns.
        confidence: Coverage of the intervals, in (0, 1).

    Raises:
        ValueError: As in `evaluate`; a column of another length.

    Example:
        >>> probs = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]]
        >>> by = {"city": ["Oslo", "Oslo", "Rome", "Rome"]}
        >>> found = slices([0, 1, 1, 1], probs, by=by, label_names=["refund", "late"])
        >>> [(part.value, part.accuracy.value) for part in found]
        [('Oslo', 0.5), ('Rome', 1.0)]
    """
    check_confidence(confidence)
    predictions = check_predictions(labels, pred_probs, label_names=label_names)
    correct = predictions.correct
    found = [
        (name, value, hits, support)
        for name, values in named_columns(by)
        for value, hits, support in _counts(name, values, correct)
    ]
    if not found:
        return Listed()
    from scipy.stats import false_discovery_control  # scipy.stats takes most of a second to import

    p_values = [_p_value(hits, support, correct) for _, _, hits, support in found]
    adjusted = false_discovery_control(p_values)
    result = [
        _slice(*counts, overall=float(correct.mean()), adjusted_p=float(p), confidence=confidence)
        for counts, p in zip(found, adjusted, strict=True)
    ]
    return Listed(sorted(result, key=lambda item: (item.accuracy.value, -item.support, item.by, item.value)))


def named_columns(by: Any) -> list[tuple[str, Any]]:
    """Return the columns of a mapping or of a table by name."""
    names = by.column_names if hasattr(by, "column_names") else getattr(by, "columns", by)
    if isinstance(names, str) or not hasattr(by, "__getitem__") or not (isinstance(by, Mapping) or names is not by):
        raise ValueError(f"by: expected columns by their names, a mapping or a table, got {type(by).__name__}")
    return [(str(name), by[name]) for name in names]


def _counts(name: str, values: Any, correct: npt.NDArray[np.bool_]) -> list[tuple[str, int, int]]:
    """Return (value, right predictions, records) for every value of one column."""
    names, codes = np.unique(shown_values(name, values, len(correct)), return_inverse=True)
    support = np.bincount(codes, minlength=len(names))
    hits = np.bincount(codes, weights=correct, minlength=len(names))
    return [(str(value), int(h), int(s)) for value, h, s in zip(names, hits, support, strict=True)]


def shown_values(name: str, values: Any, n: int) -> npt.NDArray[np.str_]:
    """Return the (n,) values of one column as text, `MISSING` for None and NaN."""
    given = column(values, f"by[{name!r}]").tolist()
    check_length(f"by[{name!r}]", given, n)
    return np.asarray([MISSING if is_missing(value) else str(value) for value in given], dtype=str)


def _p_value(hits: int, support: int, correct: npt.NDArray[np.bool_]) -> float:
    from scipy.stats import fisher_exact

    other_hits = int(correct.sum()) - hits
    other_misses = len(correct) - support - other_hits
    return float(fisher_exact([[hits, support - hits], [other_hits, other_misses]]).pvalue)


def _slice(
    by: str, value: str, hits: int, support: int, *, overall: float, adjusted_p: float, confidence: float
) -> Slice:
    accuracy = wilson_interval(hits, support, confidence)
    share, low, high = accuracy.numbers
    flagged = adjusted_p < 1 - confidence and not low <= overall <= high
    direction = "less" if share < overall else "more"
    shares = f"{share:.1%} of {support}, {overall:.1%} overall"
    return Slice(
        by=by,
        value=value,
        support=support,
        accuracy=accuracy,
        overall=overall,
        adjusted_p=adjusted_p,
        flagged=flagged,
        reason=f"{direction} accurate where {by} is {value}: {shares}" if flagged else "",
    )
