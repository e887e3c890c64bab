"""What is measured besides, by the way of training that made a model, for `evaluate(metrics=...)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from evaluation.additive import CLASSIFICATION
from evaluation.metrics import AnyMetric, Metric
from evaluation.predictions import IntArray
from evaluation.several_labels import SEVERAL


def scale_metrics(names: Sequence[str]) -> Mapping[str, Metric]:
    """Return what is measured on a scale beside what is measured on classes.

    Args:
        names: The k steps, from lowest to highest; numbers, or any names, which then lie one apart.

    Returns:
        `mean_absolute_error`, in the unit of the steps; `within_one_step`, the share of predictions at most one step
        off; `weighted_kappa`, agreement beyond chance with quadratic weights (Cohen 1968), at most 1.

    Example:
        >>> import numpy as np
        >>> metrics = scale_metrics(["1", "2", "5"])
        >>> metrics["mean_absolute_error"](np.array([0, 2]), np.array([0, 1]))
        1.5
        >>> metrics["within_one_step"](np.array([0, 2]), np.array([0, 1]))
        1.0
    """
    steps = _numbers(names)

    def mean_absolute_error(labels: IntArray, predicted: IntArray) -> float:
        return float(np.abs(steps[labels] - steps[predicted]).mean())

    def within_one_step(labels: IntArray, predicted: IntArray) -> float:
        return float((np.abs(labels - predicted) <= 1).mean())

    def weighted_kappa(labels: IntArray, predicted: IntArray) -> float:
        apart = ((steps[labels] - steps[predicted]) ** 2).mean()
        gaps = (steps[:, None] - steps) ** 2
        shares = [np.bincount(each, minlength=len(steps)) / len(labels) for each in (labels, predicted)]
        by_chance = float(shares[0] @ gaps @ shares[1])
        return float(1 - apart / by_chance) if by_chance else 1.0  # all of both are one step

    return {
        "mean_absolute_error": mean_absolute_error,
        "within_one_step": within_one_step,
        "weighted_kappa": weighted_kappa,
    }


def preference_metrics(names: Sequence[str]) -> Mapping[str, Metric]:
    """Return what is measured beside the accuracy of all pairs where one of two texts is better, or neither.

    Args:
        names: The answers, `first` and `second` among them.

    Returns:
        `accuracy_of_decided`, the share of the pairs with a better text of which that one is predicted; `first_given`
        and `first_predicted`, how often the first is given, and how often it is predicted, among answers that
        decide. All in [0, 1]; 0 where none decides.

    Example:
        >>> import numpy as np
        >>> metrics = preference_metrics(["first", "second", "equal"])
        >>> labels, predicted = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
        >>> [round(metric(labels, predicted), 2) for metric in metrics.values()]
        [0.67, 0.67, 0.5]
    """
    first, decides = names.index("first"), [names.index(name) for name in ("first", "second")]

    def accuracy_of_decided(labels: IntArray, predicted: IntArray) -> float:
        decided = np.isin(labels, decides)
        return float((labels == predicted)[decided].mean()) if decided.any() else 0.0

    def share_of_first(answers: IntArray) -> float:
        decided = answers[np.isin(answers, decides)]
        return float((decided == first).mean()) if len(decided) else 0.0

    return {
        "accuracy_of_decided": accuracy_of_decided,
        "first_given": lambda labels, predicted: share_of_first(labels),
        "first_predicted": lambda labels, predicted: share_of_first(predicted),
    }


def _numbers(names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    try:
        return np.array([float(name) for name in names])
    except ValueError:
        return np.arange(len(names), dtype=np.float64)


SUITES: Mapping[str, Callable[[Sequence[str]], Mapping[str, AnyMetric]]] = {
    "classification": lambda names: CLASSIFICATION,
    "multi_label_classification": lambda names: SEVERAL,
    "ordinal_classification": scale_metrics,
    "pairwise": preference_metrics,
}
