"""Whether one model beats another on the same held-out records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from evaluation.columns import Column, kept
from evaluation.intervals import Interval, check_confidence, percentile_interval, resampled_sums
from evaluation.predictions import check_any_predictions, check_names
from evaluation.shown import Shown
from evaluation.sums import AllPredictions, metrics_of, record_columns


@dataclass(frozen=True, kw_only=True, repr=False)
class Comparison(Shown):
    """What `compare` found; differences are after minus before.

    Attributes:
        n: Number of records.
        accuracy: Difference of accuracy, in [-1, 1].
        macro_f1: Difference of macro-F1, in [-1, 1].
        wins: Records that only the second model has right.
        losses: Records that only the first model has right.
        mcnemar_p: Two-sided exact p-value of wins against losses, in [0, 1].
        confidence: Coverage of the intervals, in (0, 1).
        verdict: The finding in one sentence.
    """

    n: int
    accuracy: Interval
    macro_f1: Interval
    wins: int
    losses: int
    mcnemar_p: float
    confidence: float
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        plain = {name: getattr(self, name) for name in ("n", "wins", "losses", "mcnemar_p", "confidence", "verdict")}
        return {**plain, "accuracy": self.accuracy.to_dict(), "macro_f1": self.macro_f1.to_dict()}


def compare(
    labels: Any,
    before_probs: Column,
    after_probs: Column,
    *,
    label_names: Column,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
    groups: Column | None = None,
    thresholds: tuple[float, float] = (0.5, 0.5),
) -> Comparison:
    """Compare two models on the same records.

    Both models are scored on the same bootstrap resamples, so what makes a record hard for both cancels out.
    The exact McNemar test (McNemar 1947, https://doi.org/10.1007/BF02295996) asks whether wins and losses
    could be coin tosses; it takes records as independent, whatever `groups` says.

    Args:
        labels: One or several for each record, as in `evaluate`.
        before_probs: (n, k) probabilities of the model to beat.
        after_probs: (n, k) probabilities of its challenger.
        label_names: The k labels, in the order of the columns.
        seed: Same seed, same intervals.
        resamples: Bootstrap resamples, at least 1.
        confidence: Coverage of the intervals, in (0, 1).
        groups: (n,) records that belong together are drawn together.
        thresholds: Of records with several labels, the probability above which each model predicts a label.

    Raises:
        ValueError: As in `evaluate`, naming the array.

    Example:
        >>> before = [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]]
        >>> after = [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6]]
        >>> found = compare([0, 1, 1, 1], before, after, label_names=["refund", "late"])
        >>> found.wins, found.losses, found.accuracy.value
        (2, 0, 0.5)
    """
    check_confidence(confidence)
    label_names = check_names(label_names)
    labels = kept(labels)
    before = check_any_predictions(
        labels, before_probs, label_names=label_names, threshold=thresholds[0], name="before_probs"
    )
    after = check_any_predictions(
        labels, after_probs, label_names=label_names, threshold=thresholds[1], name="after_probs"
    )
    return compared(before, after, seed=seed, resamples=resamples, confidence=confidence, groups=groups)


def compared(
    before: AllPredictions,
    after: AllPredictions,
    *,
    seed: int,
    resamples: int,
    confidence: float,
    groups: Column | None,
) -> Comparison:
    """Return the comparison of two checked predictions of the same records, as `compare` makes it."""
    from scipy.stats import binomtest  # scipy.stats takes most of a second to import

    columns = sparse.csr_matrix(sparse.hstack([record_columns(before), record_columns(after)]))
    point = _differences(np.asarray(columns.sum(axis=0)), before.k)
    drawn = _differences(resampled_sums(columns, seed=seed, resamples=resamples, groups=groups), before.k)
    accuracy, macro_f1 = (percentile_interval(point[0, i], drawn[:, i], confidence) for i in (0, 1))
    wins = int((after.correct & ~before.correct).sum())
    losses = int((before.correct & ~after.correct).sum())
    p = float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0
    counts = f"{wins} records put right, {losses} broken, of {before.n}; McNemar p = {p:.2g}"
    return Comparison(
        n=before.n,
        accuracy=accuracy,
        macro_f1=macro_f1,
        wins=wins,
        losses=losses,
        mcnemar_p=p,
        confidence=confidence,
        verdict=f"{_finding(accuracy, macro_f1)}: {_points(accuracy, confidence)}; {counts}",
    )


def _differences(sums: npt.NDArray[np.float64], k: int) -> npt.NDArray[np.float64]:
    """Return the differences of accuracy and macro-F1, shape (resamples, 2)."""
    half = sums.shape[1] // 2
    before, after = metrics_of(sums[:, :half], k), metrics_of(sums[:, half:], k)
    return np.column_stack([after.accuracy - before.accuracy, after.macro_f1 - before.macro_f1])


def _sign(difference: Interval) -> int:
    _, low, high = difference.numbers
    return int(low > 0) - int(high < 0)


def _finding(accuracy: Interval, macro_f1: Interval) -> str:
    signs = {_sign(accuracy), _sign(macro_f1)}
    if signs == {0}:
        return "no difference shown"
    if signs == {1, -1}:
        return "mixed: accuracy and macro-F1 move in opposite directions"
    return "better" if 1 in signs else "worse"


def _points(accuracy: Interval, confidence: float) -> str:
    value, low, high = (100 * number for number in accuracy.numbers)
    return f"accuracy {value:+.1f} points ({confidence:.0%} interval {low:+.1f} to {high:+.1f})"
