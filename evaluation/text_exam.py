"""A model that writes texts in the terms of the others: exact texts are right ones, and there are no labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from evaluation.classification import Evaluation
from evaluation.comparison import Comparison
from evaluation.intervals import Interval, percentile_interval, resampled_sums
from evaluation.text_metrics import chrf_counts, chrf_of, evaluate_texts

_NO_LABELS = Interval(value=None, reason="a text has no label")
_RESAMPLES, _CONFIDENCE = 1000, 0.95


def examine_texts(right: Sequence[str], said: Sequence[str], *, seed: int = 0) -> Evaluation:
    """Measure generated texts on held-out records, as `evaluate_texts` does.

    `accuracy` is the share of texts that are the same, white space apart; the other measures are in `metrics`.

    Args:
        right: n right texts.
        said: Those of the model.
        seed: Same seed, same intervals.

    Raises:
        ValueError: As `evaluate_texts`.

    Example:
        >>> found = examine_texts(["The soup was cold.", "Two fish"], ["The soup was cold.", "Three fish"])
        >>> found.accuracy.value, found.macro_f1.value, round(found.metrics["word_error"].value, 3)
        (0.5, None, 0.167)
    """
    found = evaluate_texts(right, said, seed=seed, resamples=_RESAMPLES, confidence=_CONFIDENCE)
    measured = {one.name: getattr(found, one.name) for one in fields(found)}
    intervals = {name: value for name, value in measured.items() if isinstance(value, Interval)}
    undefined = ("macro_precision", "macro_recall", "macro_f1", "log_loss", "expected_calibration_error")
    return Evaluation(
        n=found.records,
        label_names=(),
        accuracy=intervals.pop("exact_match"),
        **dict.fromkeys(undefined, _NO_LABELS),
        per_label=(),
        confusion=np.zeros((0, 0), dtype=np.int64),
        confidence=_CONFIDENCE,
        resamples=_RESAMPLES,
        metrics=intervals,
    )


def compare_texts(right: Sequence[str], before: Sequence[str], after: Sequence[str], *, seed: int = 0) -> Comparison:
    """Compare two models that write texts on the same records, on the same bootstrap resamples.

    `accuracy`, wins and losses are of texts that are the same; the verdict is by chrF, as few texts are.

    Args:
        right: n right texts.
        before: Those of the model to beat.
        after: Those of its challenger.
        seed: Same seed, same intervals.

    Example:
        >>> compare_texts(["two fish"] * 9, ["three cats"] * 9, ["two fish"] * 9).verdict
        'better: chrF +93.2 points (95% interval +93.2 to +93.2); 9 texts put right, 0 broken, of 9; McNemar p = 0.0039'
    """
    from scipy.stats import binomtest  # scipy.stats takes most of a second to import

    same = [np.array([a.split() == b.split() for a, b in zip(right, said, strict=True)]) for said in (before, after)]
    counts = [[chrf_counts(b, a) for a, b in zip(right, said, strict=True)] for said in (before, after)]
    rows = np.column_stack([np.ones(len(right)), *same, *map(np.array, counts)]).astype(np.float64)
    point, drawn = _differences(rows.sum(axis=0)[None]), _differences(resampled_sums(rows, seed=seed, resamples=1000))
    accuracy, alike = (percentile_interval(float(point[0, i]), drawn[:, i], _CONFIDENCE) for i in (0, 1))
    wins, losses = int((same[1] & ~same[0]).sum()), int((same[0] & ~same[1]).sum())
    p = float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0
    told = f"{wins} texts put right, {losses} broken, of {len(right)}; McNemar p = {p:.2g}"
    return Comparison(
        n=len(right),
        accuracy=accuracy,
        macro_f1=_NO_LABELS,
        wins=wins,
        losses=losses,
        mcnemar_p=p,
        confidence=_CONFIDENCE,
        verdict=f"{_verdict(alike)}; {told}",
    )


def _differences(sums: np.ndarray) -> np.ndarray:
    """Return (B, 2) the differences of the share of texts that are the same, and of chrF."""
    half = (sums.shape[1] - 3) // 2
    same = (sums[:, 2] - sums[:, 1]) / sums[:, 0]
    return np.column_stack([same, chrf_of(sums[:, 3 + half :]) - chrf_of(sums[:, 3 : 3 + half])])


def _verdict(alike: Interval) -> str:
    value, low, high = (100 * number for number in alike.numbers)
    finding = "better" if low > 0 else "worse" if high < 0 else "no difference shown"
    return f"{finding}: chrF {value:+.1f} points ({_CONFIDENCE:.0%} interval {low:+.1f} to {high:+.1f})"
