"""How good a classifier is on held-out records, every number with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from scipy import sparse

from evaluation.additive import Additive, parts_of
from evaluation.columns import Column, codes
from evaluation.intervals import (
    Interval,
    check_confidence,
    percentile_interval,
    pivotal_interval,
    resampled_sums,
    with_width,
)
from evaluation.metrics import AnyMetric, all_metrics, measured
from evaluation.predictions import IntArray, check_any_predictions
from evaluation.shown import Listed, Shown
from evaluation.sums import AllPredictions, Metrics, metrics_of, record_columns

_MEANS = ("accuracy", "log_loss")
_UNUSED = "it is neither among the labels nor among the predictions"
_BIASED = ("macro_precision", "macro_recall", "macro_f1", "expected_calibration_error")


@dataclass(frozen=True, kw_only=True, repr=False)
class LabelScores(Shown):
    """The scores of one label, in [0, 1]; None if it is neither among the labels nor among the predictions."""

    label: str
    precision: Interval
    recall: Interval
    f1: Interval
    support: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers, ready for JSON."""
        scores = {name: getattr(self, name).to_dict() for name in ("precision", "recall", "f1")}
        return {"label": self.label, **scores, "support": self.support}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Evaluation(Shown):
    """What `evaluate` found; as a data frame, the scores of each label.

    Attributes:
        n: Number of records.
        label_names: The k labels.
        accuracy: Share of right predictions, in [0, 1]; where records have several labels, all have to be right.
        macro_precision: Unweighted mean over labels, in [0, 1]; likewise `macro_recall` and `macro_f1`.
        log_loss: Mean negative log probability of the right label or labels, in nats, from 0 up.
        expected_calibration_error: Mean gap between confidence and accuracy, in [0, 1].
        per_label: One entry per label, in the order of `label_names`.
        confusion: (k, k) counts; row the label, column the prediction. Where records have several labels: on the
            diagonal those that were found, elsewhere how often the row's label was missed and the column's added.
        confidence: Coverage of the intervals, in (0, 1).
        resamples: Bootstrap resamples behind the intervals.
        metrics: The numbers that were asked for besides, by name.
    """

    n: int
    label_names: tuple[str, ...]
    accuracy: Interval
    macro_precision: Interval
    macro_recall: Interval
    macro_f1: Interval
    log_loss: Interval
    expected_calibration_error: Interval
    per_label: tuple[LabelScores, ...]
    confusion: IntArray
    confidence: float
    resamples: int
    metrics: Mapping[str, Interval] = field(default_factory=dict)

    def _facts(self) -> Mapping[str, Any]:
        return {**super()._facts(), **self.metrics}

    def _columns(self) -> Mapping[str, Any]:
        return Listed(self.per_label)._columns()

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, ready for JSON; undefined numbers are None."""
        return {
            "n": self.n,
            "label_names": list(self.label_names),
            **{name: getattr(self, name).to_dict() for name in (*_MEANS, *_BIASED)},
            "per_label": [scores.to_dict() for scores in self.per_label],
            "confusion": self.confusion.tolist(),
            "confidence": self.confidence,
            "resamples": self.resamples,
            "metrics": {name: found.to_dict() for name, found in self.metrics.items()},
        }


def evaluate(
    labels: Any,
    pred_probs: Column,
    *,
    label_names: Column,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
    groups: Column | None = None,
    metrics: Mapping[str, AnyMetric] | None = None,
    threshold: float = 0.5,
) -> Evaluation:
    """Measure a classifier on held-out records.

    Intervals come from a bootstrap over records, so they say how far the numbers would move with other test
    records, not with another training run. They are percentile intervals, except for the macro means and the
    calibration error: a resample repeats records, which by itself lowers the one and raises the other, so
    there the interval is the pivotal one, which takes that off again. Where all records are right, or none,
    so is every resample: accuracy, precision and recall have Wilson's interval there, and other scores of exactly
    0 or 1 one without width. With fewer than about ten records per label the intervals of macro means are too narrow.

    Macro means run over the labels that stand among the labels or the predictions, as scikit-learn's do, in
    every resample anew. A label nobody predicted has precision 0; one that was predicted but has no records
    has recall and F1 of 0, because every such prediction is wrong. The calibration error has 15 bins of equal
    width (Guo et al. 2017, https://arxiv.org/abs/1706.04599).

    A number of your own is a function `metric(labels, predicted)` of two arrays of positions, as those of
    scikit-learn are (of ones and zeros, shape (n, k), where records have several labels); one with a parameter
    `pred_probs` or `label_names` is given these too. Its interval is a percentile interval over the same
    resamples, for which it is called as often as there are. Metrics that installed distributions name under
    `twofold.metrics` are always among them.

    Args:
        labels: (n,) integer positions in `label_names`; where records have any number of labels, n lists of
            positions, or (n, k) ones and zeros.
        pred_probs: (n, k) probabilities; rows sum to one where records have one label. Of several, those more probable
            than `threshold` are predicted.
        label_names: The k labels, in the order of the columns.
        seed: Same seed, same intervals.
        resamples: Bootstrap resamples, at least 1.
        confidence: Coverage of the intervals, in (0, 1).
        groups: (n,) records that belong together are drawn together.
        metrics: Functions of your own, by the name under which their number is to stand in the result.
        threshold: Of records with several labels, the probability above which a label is predicted, in (0, 1).

    Raises:
        ValueError: Empty, out-of-range or non-integer labels; probabilities of another shape, with NaN,
            outside [0, 1], or with rows that do not sum to one; `groups` of another length; a
            metric that cannot be loaded, has the name of another, raises an error, or returns no finite number.

    Example:
        >>> probs = [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]]
        >>> found = evaluate([0, 1, 1, 1], probs, label_names=["refund", "late"])
        >>> found.accuracy.value, found.confusion.tolist()
        (0.75, [[1, 0], [1, 2]])
        >>> found.to_pandas()[["label", "support"]].values.tolist()
        [['refund', 1], ['late', 3]]
        >>> def refunds_missed(labels, predicted):
        ...     return ((labels == 0) & (predicted != 0)).mean()
        >>> found = evaluate([0, 1, 1, 0], probs, label_names=["refund", "late"], metrics={"missed": refunds_missed})
        >>> found.metrics["missed"].value
        0.25
        >>> found = evaluate([[0], [0, 1], []], [[0.9, 0.1], [0.8, 0.3], [0.2, 0.1]], label_names=["refund", "late"])
        >>> found.accuracy.value.__round__(2), found.per_label[0].f1.value, found.per_label[1].recall.value
        (0.67, 1.0, 0.0)
    """
    check_confidence(confidence)
    predictions = check_any_predictions(labels, pred_probs, label_names=label_names, threshold=threshold)
    drawing: dict[str, Any] = {"seed": seed, "resamples": resamples}
    drawing["groups"] = None if groups is None else codes(groups, "groups")  # a column may be gone through only once
    return Evaluation(**measure(predictions, metrics, confidence=confidence, **drawing))


def measure(
    predictions: AllPredictions,
    metrics: Mapping[str, AnyMetric] | None,
    *,
    confidence: float,
    calibrated: bool = True,
    **drawing: Any,
) -> dict[str, Any]:
    """Return what an `Evaluation` holds.

    Args:
        predictions: Of n records, checked.
        metrics: As in `evaluate`.
        confidence: Coverage of the intervals.
        calibrated: Whether the confidence of the predictions is known, and with it the calibration error.
        drawing: Seed, number of resamples and groups of the bootstrap.
    """
    own = all_metrics(metrics, ours=[one.name for one in fields(Evaluation)])
    sums = {name: metric for name, metric in own.items() if isinstance(metric, Additive)}
    known, (blocks, places) = record_columns(predictions), parts_of(sums, predictions)
    width, columns = known.shape[1], sparse.csr_matrix(sparse.hstack([known, *blocks]))
    whole, resampled = np.asarray(columns.sum(axis=0)).ravel(), resampled_sums(columns, **drawing)
    both = [(metrics_of(each[..., :width], predictions.k), each) for each in (whole, resampled)]
    point, drawn = (of for of, _ in both)

    def interval(name: str) -> Interval:
        metric = own[name]
        if not isinstance(metric, Additive):
            return measured(name, metric, predictions, confidence=confidence, **drawing)
        value, values = (metric.of(of, at[..., width:][..., places[name]]) for of, at in both)
        return percentile_interval(float(value), values, confidence, undefined=metric.undefined)

    share = _independent(predictions.n, drawing.get("groups"))
    overall = means(point, drawn, confidence, records=predictions.n * share)
    if not calibrated:
        overall["expected_calibration_error"] = Interval(value=None, reason="the model's confidence is not known")
    return {
        "n": predictions.n,
        "label_names": predictions.label_names,
        **overall,
        "per_label": _per_label(predictions, point, drawn, confidence, share),
        "confusion": predictions.confusion,
        "confidence": confidence,
        "resamples": drawing["resamples"],
        "metrics": {name: interval(name) for name in own},
    }


def means(point: Metrics, drawn: Metrics, confidence: float, *, records: float) -> dict[str, Interval]:
    """Return the measures of all records together by name, each with its interval.

    Args:
        point: On all records.
        drawn: On their resamples.
        confidence: Coverage of the intervals, in (0, 1).
        records: How many of them say something of their own.
    """
    kinds = {**dict.fromkeys(_MEANS, percentile_interval), **dict.fromkeys(_BIASED, pivotal_interval)}
    found = {
        name: interval(float(getattr(point, name)), getattr(drawn, name), confidence)
        for name, interval in kinds.items()
    }
    return {**found, "accuracy": _widened(found["accuracy"], records, confidence)}


def _independent(n: int, groups: IntArray | None) -> float:
    """Return the share of n records that say something of their own, by what belongs together."""
    return 1.0 if groups is None else len(np.unique(groups)) / n


def _widened(found: Interval, records: float, confidence: float) -> Interval:
    return with_width(found, records=max(1, round(records)), confidence=confidence) if records else found


def _per_label(
    predictions: AllPredictions, point: Metrics, drawn: Metrics, confidence: float, share: float
) -> tuple[LabelScores, ...]:
    """Return the scores of every label; `share` of the records say something of their own."""
    support, said = (
        np.asarray(each.sum(axis=0)).ravel() for each in (predictions.true_labels, predictions.predicted_labels)
    )

    def interval(metric: str, i: int) -> Interval:
        values = getattr(point, metric)[i], getattr(drawn, metric)[:, i]
        return percentile_interval(*values, confidence, undefined=_UNUSED)

    return tuple(
        LabelScores(
            label=label,
            precision=_widened(interval("precision", i), said[i] * share, confidence),
            recall=_widened(interval("recall", i), support[i] * share, confidence),
            f1=interval("f1", i),
            support=int(support[i]),
        )
        for i, label in enumerate(predictions.label_names)
    )
