"""Numbers of somebody's own beside ours: functions of what was right and what was predicted, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from inspect import signature
from math import isfinite
from typing import Any, TypeAlias

import numpy as np

from evaluation.additive import Additive
from evaluation.intervals import IntArray, Interval, percentile_interval, resampled_values
from evaluation.plugins import PluginError, cannot, plugins
from evaluation.sums import AllPredictions

GROUP = "twofold.metrics"
Metric: TypeAlias = Callable[..., float]
"""A function `metric(labels, predicted)` of two arrays of shape (n,), positions of labels, that returns a number.

Where records have several labels, both have shape (n, k), ones and zeros.

One with a parameter `pred_probs` is given the probabilities too, shape (n, k); one with `label_names`, the k names.
"""

AnyMetric: TypeAlias = Metric | Additive


def all_metrics(given: Mapping[str, AnyMetric] | None, ours: Iterable[str]) -> dict[str, AnyMetric]:
    """Return the installed metrics and those given, by name.

    Raises:
        PluginError: One cannot be loaded, is no function, or has the name of another.
    """
    found: dict[str, AnyMetric] = {**plugins(GROUP)}
    taken = set(ours)
    if given is not None and not isinstance(given, Mapping):
        raise PluginError(f"metrics: expected functions by their names, got {type(given).__name__}")
    for name, metric in (given or {}).items():
        if name in found:
            raise PluginError(f"metrics: expected another name than {name!r}, which an installed metric has")
        if not callable(metric) and not isinstance(metric, Additive):
            raise PluginError(f"metrics: expected a function for {name!r}, got {type(metric).__name__}")
        found[str(name)] = metric
    if clash := sorted(taken & found.keys()):
        raise PluginError(f"metrics: expected another name than {clash[0]!r}, which is one of ours")
    return found


def measured(name: str, metric: Metric, predictions: AllPredictions, *, confidence: float, **drawing: Any) -> Interval:
    """Return what a metric says of the predictions, with its percentile interval by the bootstrap over records.

    A resample of which it says nothing, raising an error or returning no finite number, counts as one that does not
    define it; there is no interval unless most do.

    Args:
        name: What messages call it.
        metric: A `Metric`.
        predictions: Of n records.
        confidence: Coverage of the interval, in (0, 1).
        drawing: Seed, number of resamples and groups, for `resampled_values`.

    Raises:
        PluginError: It raises an error on all records, or returns no finite number.
    """
    number = _on_rows(name, metric, predictions)
    value = number(np.arange(predictions.n))
    drawn = resampled_values(partial(_or_nan, number), predictions.n, **drawing)
    return percentile_interval(value, drawn, confidence, undefined=f"{name} is no finite number")


def _on_rows(name: str, metric: Metric, predictions: AllPredictions) -> Callable[[IntArray], float]:
    labels, predicted, asked = predictions.labels, predictions.predicted, _parameters(metric)

    def number(rows: IntArray) -> float:
        named: dict[str, Any] = {}
        if "pred_probs" in asked:
            named["pred_probs"] = predictions.pred_probs[rows]
        if "label_names" in asked:
            named["label_names"] = predictions.label_names
        return _number(f"metrics: {name!r}", partial(metric, labels[rows], predicted[rows], **named))

    return number


def _parameters(metric: Metric) -> frozenset[str]:
    try:
        return frozenset(signature(metric).parameters)
    except (TypeError, ValueError):  # some of those written in C do not tell
        return frozenset()


def _number(where: str, said_by: Callable[[], Any]) -> float:
    try:
        said = said_by()
    except Exception as error:  # whatever somebody else's function raises
        raise cannot(where, "computed", error) from error
    try:
        number = float(said)
    except (TypeError, ValueError):
        raise PluginError(f"{where}: expected a number, got {type(said).__name__}") from None
    if not isfinite(number):
        raise PluginError(f"{where}: expected a finite number, got {number}")
    return number


def _or_nan(number: Callable[[IntArray], float], rows: IntArray) -> float:
    try:
        return number(rows)
    except PluginError:
        return float("nan")
