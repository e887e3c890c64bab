"""How good a model is beside people: whom of them it agrees with, and how often they agree with each other."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.columns import Column, keys, rows_of_lists
from evaluation.intervals import Interval, check_confidence, percentile_interval, resampled_sums
from evaluation.predictions import check_length
from evaluation.shown import Shown


@dataclass(frozen=True, kw_only=True, repr=False)
class BesideReaders(Shown):
    """What `beside_readers` found; all shares are means over records.

    Attributes:
        records: Records that two readers or more have answered.
        model: Share of their readers with whom the model agrees, in [0, 1].
        readers: Share of the pairs of their readers who agree, in [0, 1]: what one more reader would reach.
        difference: The model less the readers, on the same records, in [-1, 1].
    """

    records: int
    model: Interval
    readers: Interval
    difference: Interval

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers, ready for JSON."""
        shares = {name: getattr(self, name).to_dict() for name in ("model", "readers", "difference")}
        return {"records": self.records, **shares}


def beside_readers(
    answers: Any,
    predicted: Column,
    *,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> BesideReaders:
    """Hold a model against each reader in turn, as the other readers of the same record are.

    A label that people settled is better than what one of them says, so neither a model nor a person should be asked
    to reach 1.0 against one reader. Both are asked the same here: a model that agrees with readers as often as they do
    with each other is as good as one of them, however hard the records are. No consensus is needed, so two
    readers are enough. Intervals are percentile intervals of a bootstrap over records, paired in the difference.

    Args:
        answers: n lists of what the readers of a record said; records with fewer than two are left out.
        predicted: (n,) what the model says.
        seed: Same seed, same intervals.
        resamples: Bootstrap resamples, at least 1.
        confidence: Coverage of the intervals, in (0, 1).

    Raises:
        ValueError: Different lengths, `answers` are no lists, or a setting is out of range.

    Example:
        >>> found = beside_readers([["late", "late"], ["late", "refund"], ["refund"]], ["late", "late", "late"])
        >>> found.records, found.model.value, found.readers.value
        (2, 0.75, 0.5)
    """
    check_confidence(confidence)
    given, model_says = rows_of_lists(answers), keys(predicted, "predicted")
    if given is None:
        raise ValueError("answers: expected a list of what readers said for each record, got something else")
    check_length("predicted", model_says, len(given))
    rows = np.array([_shares(said, one) for said, one in zip(given, model_says, strict=True) if len(said) > 1])
    if not len(rows):
        nothing = Interval(value=None, reason="no record was answered by two readers")
        return BesideReaders(records=0, model=nothing, readers=nothing, difference=nothing)
    rows = np.column_stack([rows, rows[:, 0] - rows[:, 1]])
    drawn = resampled_sums(rows, seed=seed, resamples=resamples) / len(rows)
    model, readers, difference = (
        percentile_interval(float(value), values, confidence)
        for value, values in zip(rows.mean(axis=0), drawn.T, strict=True)
    )
    return BesideReaders(records=len(rows), model=model, readers=readers, difference=difference)


def agreeing_pairs(said: Sequence[Hashable]) -> float:
    """Return the share of the pairs of readers of one record who agree, in [0, 1]; NaN of fewer than two readers."""
    n = len(said)
    return sum(c * (c - 1) for c in Counter(said).values()) / (n * (n - 1)) if n > 1 else math.nan


def _shares(said: Sequence[Hashable], predicted: Hashable) -> tuple[float, float]:
    """Return the share of the readers with whom the model agrees, and that of their pairs who agree."""
    return sum(one == predicted for one in said) / len(said), agreeing_pairs(said)
