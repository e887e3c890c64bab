"""How well a model puts options in order: pair by pair, at the top, and beside the average order, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluation.classification import Evaluation, measure
from evaluation.columns import Column, codes, kept
from evaluation.comparison import Comparison, compared
from evaluation.intervals import Interval, check_confidence, percentile_interval, resampled_sums
from evaluation.metrics import Metric
from evaluation.orders import average_ranks, check_orders, option_names, ranks_of, signs
from evaluation.predictions import FloatArray, IntArray

SCORES = {
    "kendall_tau_b": "no two options are told apart in a given and its predicted order",
    "pairs_right": "the given orders put no two options in an order",
    "top_1_accuracy": "there is no record",
}
"""What is measured of orders, and why it may be undefined."""
OF_AVERAGE = "average_order_"
"""What stands before the name of a score of the average order."""


def evaluate_orders(
    labels: Any,
    predicted: Any,
    *,
    label_names: Column,
    taught: Any = None,
    confidences: Column | None = None,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
    groups: Column | None = None,
    metrics: Mapping[str, Metric] | None = None,
) -> Evaluation:
    """Measure a model that puts options in order on held-out records.

    Of the result, `metrics` has `kendall_tau_b` (the mean over records of Kendall's tau-b, 1945, in [-1, 1]; an order
    that is all level has none), `pairs_right` (the share of the pairs that a given order decides which are predicted
    the same way round; level counts half) and `top_1_accuracy` (the share of records whose best option is predicted
    to be the best; of several predicted, the share that is). With `taught` it has the same of the average order of
    those, which a model has to beat: `average_order_kendall_tau_b` and so on. `accuracy` is the share of whole orders
    that are right; macro means, scores of labels and `confusion` are of the best option. Log loss is not defined.
    Intervals are percentile intervals of the bootstrap over records, those of macro means pivotal, as in `evaluate`.

    Args:
        labels: n orders: lists from the best, such as `["tea", ["milk", "rum"]]` with two that are level, or lists of
            objects with a `value` and a `rank`.
        predicted: The same of the model.
        label_names: The k options.
        taught: Any number of orders of the training part.
        confidences: (n,) probability of each order by the model, for the calibration error.
        seed: Same seed, same intervals.
        resamples: Bootstrap resamples, at least 1.
        confidence: Coverage of the intervals, in (0, 1).
        groups: (n,) records that belong together are drawn together.
        metrics: Functions of your own, given two arrays (n, k) of ranks, 1 the best.

    Raises:
        ValueError: As in `evaluate`; no order of all options where one is expected.

    Example:
        >>> given = [["tea", "milk", "rum"], ["rum", "tea", "milk"]]
        >>> found = [["tea", "milk", "rum"], ["tea", "rum", "milk"]]
        >>> scores = evaluate_orders(given, found, label_names=["milk", "rum", "tea"], taught=given).metrics
        >>> {name: round(score.value, 2) for name, score in scores.items() if "average" not in name}
        {'kendall_tau_b': 0.67, 'pairs_right': 0.83, 'top_1_accuracy': 0.5}
        >>> scores["average_order_pairs_right"].value.__round__(2)
        0.67
    """
    check_confidence(confidence)
    options, both = option_names(label_names), ("labels", "predicted")
    found = check_orders(labels, predicted, label_names=options, confidence=confidences, called=both)
    drawing: dict[str, Any] = {"seed": seed, "resamples": resamples}
    drawing["groups"] = None if groups is None else codes(groups, "groups")
    said = measure(found, metrics, confidence=confidence, calibrated=confidences is not None, **drawing)
    scores = _scores(found.labels, found.predicted, "", confidence, drawing)
    before = np.empty((0, found.k), np.int64) if taught is None else ranks_of(taught, options, "taught")
    if len(before):
        average = np.broadcast_to(average_ranks(before), found.labels.shape)
        scores |= _scores(found.labels, average, OF_AVERAGE, confidence, drawing)
    return Evaluation(**{**said, "metrics": {**scores, **said["metrics"]}})


def compare_orders(
    labels: Any,
    before: Any,
    after: Any,
    *,
    label_names: Column,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
    groups: Column | None = None,
) -> Comparison:
    """Compare two models that put options in order on the same records, as `compare` does.

    A record is won where its whole order is right after, and was not before; macro-F1 is of the best option.

    Args:
        labels: n orders, as in `evaluate_orders`.
        before: Those of the model to beat.
        after: Those of its challenger.
        label_names: The k options.
        seed: Same seed, same intervals.
        resamples: Bootstrap resamples, at least 1.
        confidence: Coverage of the intervals, in (0, 1).
        groups: (n,) records that belong together are drawn together.

    Raises:
        ValueError: As in `evaluate_orders`.

    Example:
        >>> given, found = [["tea", "rum"], ["rum", "tea"]], [["tea", "rum"], ["tea", "rum"]]
        >>> compare_orders(given, found, given, label_names=["rum", "tea"]).wins
        1
    """
    check_confidence(confidence)
    label_names, labels = option_names(label_names), kept(labels)
    models = (
        check_orders(labels, found, label_names=label_names, called=("labels", name))
        for name, found in (("before", before), ("after", after))
    )
    return compared(*models, seed=seed, resamples=resamples, confidence=confidence, groups=groups)


def _scores(
    given: IntArray, found: IntArray, called: str, confidence: float, drawing: Mapping[str, Any]
) -> dict[str, Interval]:
    """Return every score of (n, k) ranks: each is a sum over records divided by another."""
    rows = _sums(given, found)
    point, drawn = _shares(rows.sum(axis=0)[None]), _shares(resampled_sums(rows, **drawing))
    return {
        called + name: percentile_interval(float(point[0, i]), drawn[:, i], confidence, undefined=why)
        for i, (name, why) in enumerate(SCORES.items())
    }


def _sums(given: IntArray, found: IntArray) -> FloatArray:
    """Return (n, 6) what each record adds: tau-b, whether it has one, pairs right and decided, share at the top, 1."""
    wanted, said = signs(given), signs(found)
    length = np.sqrt((wanted != 0).sum(axis=1) * (said != 0).sum(axis=1).astype(np.float64))
    tau = np.divide((wanted * said).sum(axis=1), length, out=np.zeros(len(given)), where=length > 0)
    decided = wanted != 0
    right = np.where(decided, 1 - np.abs(wanted - said) / 2, 0.0).sum(axis=1)
    first = found == 1
    top = (first & (given == 1)).sum(axis=1) / first.sum(axis=1)
    return np.column_stack([tau, length > 0, right, decided.sum(axis=1), top, np.ones(len(given))]).astype(np.float64)


def _shares(sums: FloatArray) -> FloatArray:
    """Return (..., 3) the scores of sums (..., 6); NaN for what is not defined."""
    part, whole = sums[..., ::2], sums[..., 1::2]
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))
