"""How well a model marks passages: what of them it finds under four ways of counting, with intervals.

The ways and their cases are those of SemEval 2013, task 9 (Segura-Bedmar, Martínez and Herrero-Zazo,
https://aclanthology.org/S13-2056), as the library nervaluate names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from evaluation.classification import Evaluation, LabelScores, measure
from evaluation.columns import Column, codes, kept
from evaluation.comparison import Comparison, compared
from evaluation.intervals import Interval, check_confidence, percentile_interval, resampled_sums
from evaluation.metrics import Metric
from evaluation.passages import SCHEMES, MarkedPredictions, check_passages
from evaluation.predictions import FloatArray
from evaluation.shown import Shown

_UNUSED = "there are neither given nor predicted passages of it"


@dataclass(frozen=True, kw_only=True, repr=False)
class Scheme(Shown):
    """The scores under one way of counting, in [0, 1].

    Attributes:
        precision: Of the predicted passages, the share that is right.
        recall: Of the given passages, the share that was found.
        f1: Their harmonic mean.
        cases: How many passages were `correct`, `incorrect` (found as something else), `partial` (other borders),
            `missed` and `spurious` (predicted, and nothing is there).
        per_label: The same for each label: precision of what was predicted as it, recall of what is it.
    """

    precision: Interval
    recall: Interval
    f1: Interval
    cases: Mapping[str, int]
    per_label: tuple[LabelScores, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers, ready for JSON."""
        scores = {name: getattr(self, name).to_dict() for name in ("precision", "recall", "f1")}
        return {**scores, "cases": dict(self.cases), "per_label": [each.to_dict() for each in self.per_label]}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SpanEvaluation(Evaluation):
    """What `evaluate_spans` found; as a data frame, the strict scores of each label.

    What `Evaluation` has is strict: `accuracy` the share of records of which all passages are right, the macro means
    over labels, `confusion` the labels of passages that overlap. Log loss is not defined.

    Attributes:
        schemes: The scores under each way of counting: `strict` (borders and label), `exact` (borders), `partial`
            (what overlaps counts half), `type` (the label of what overlaps). `metrics` has their overall scores.
    """

    schemes: Mapping[str, Scheme]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, ready for JSON; undefined numbers are None."""
        return {**super().to_dict(), "schemes": {name: found.to_dict() for name, found in self.schemes.items()}}


def evaluate_spans(
    labels: Any,
    predicted: Any,
    *,
    label_names: Column,
    confidences: Column | None = None,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
    groups: Column | None = None,
    metrics: Mapping[str, Metric] | None = None,
) -> SpanEvaluation:
    """Measure a model that marks passages on held-out records.

    Every given passage stands for at most one predicted one, and the other way round: the same one if there is one,
    else one with the same borders, else one that overlaps and has its label, else one that overlaps. Intervals are
    percentile intervals of the bootstrap over records, those of macro means pivotal, as in `evaluate`.

    Args:
        labels: n lists of passages: `start`, `end` (after the last character) and `label`, by name or position.
        predicted: The same of the model.
        label_names: The k labels.
        confidences: (n,) probability of each answer by the model, for the calibration error.
        seed: Same seed, same intervals.
        resamples: Bootstrap resamples, at least 1.
        confidence: Coverage of the intervals, in (0, 1).
        groups: (n,) records that belong together are drawn together.
        metrics: Functions of your own, given (n,) lists of passages as (start, end, position of the label).

    Raises:
        ValueError: As in `evaluate`; no passage where one is expected.

    Example:
        >>> given = [[{"start": 0, "end": 4, "label": "PER"}], [{"start": 3, "end": 9, "label": "LOC"}]]
        >>> found = [[{"start": 0, "end": 4, "label": "PER"}], [{"start": 3, "end": 6, "label": "LOC"}]]
        >>> scores = evaluate_spans(given, found, label_names=["PER", "LOC"])
        >>> {name: scheme.f1.value for name, scheme in scores.schemes.items()}
        {'strict': 0.5, 'exact': 0.5, 'partial': 0.75, 'type': 1.0}
        >>> scores.accuracy.value, scores.schemes["partial"].cases["partial"]
        (0.5, 1)
    """
    check_confidence(confidence)
    both = ("labels", "predicted")
    found = check_passages(labels, predicted, label_names=label_names, confidence=confidences, called=both)
    drawing: dict[str, Any] = {"seed": seed, "resamples": resamples}
    drawing["groups"] = None if groups is None else codes(groups, "groups")
    said = measure(found, metrics, confidence=confidence, calibrated=confidences is not None, **drawing)
    schemes = _schemes(found, confidence, drawing)
    overall = {
        f"{way}_{name}": getattr(s, name) for way, s in schemes.items() for name in ("precision", "recall", "f1")
    }
    said["metrics"] = {**overall, **said["metrics"]}
    return SpanEvaluation(**said, schemes=schemes)


def compare_spans(
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
    """Compare two models that mark passages on the same records, as `compare` does.

    A record is won where all its passages are right after, and were not before.

    Args:
        labels: n lists of passages, as in `evaluate_spans`.
        before: Those of the model to beat.
        after: Those of its challenger.
        label_names: The k labels.
        seed: Same seed, same intervals.
        resamples: Bootstrap resamples, at least 1.
        confidence: Coverage of the intervals, in (0, 1).
        groups: (n,) records that belong together are drawn together.

    Raises:
        ValueError: As in `evaluate_spans`.

    Example:
        >>> given = [[{"start": 0, "end": 4, "label": "PER"}], []]
        >>> found = compare_spans(given, [[], []], given, label_names=["PER"])
        >>> found.wins, found.losses, found.macro_f1.value
        (1, 0, 1.0)
    """
    check_confidence(confidence)
    label_names = kept(label_names)
    models = (
        check_passages(labels, found, label_names=label_names, called=("labels", name))
        for name, found in (("before", before), ("after", after))
    )
    return compared(*models, seed=seed, resamples=resamples, confidence=confidence, groups=groups)


def _schemes(found: MarkedPredictions, confidence: float, drawing: Mapping[str, Any]) -> dict[str, Scheme]:
    columns = [found.true_labels, found.predicted_labels]
    for scheme in SCHEMES:
        columns.append(found.counted((p.record, p.given.label, p.credit(scheme)) for p in found.pairs))
        columns.append(found.counted((p.record, p.predicted.label, p.credit(scheme)) for p in found.pairs))
    rows = sparse.csr_matrix(sparse.hstack(columns))
    blocks = [np.asarray(rows.sum(axis=0)), resampled_sums(rows, **drawing)]
    sums = [each.reshape(-1, 2 + 2 * len(SCHEMES), found.k) for each in blocks]
    return {scheme: _scheme(found, scheme, sums, confidence) for scheme in SCHEMES}


def _scheme(found: MarkedPredictions, scheme: str, sums: list[FloatArray], confidence: float) -> Scheme:
    """Return the scores of one scheme by point and resampled sums, each (..., 2 + 2 schemes, k)."""
    at = 2 + 2 * SCHEMES.index(scheme)
    of_labels = [_scores(each[:, 0], each[:, 1], each[:, at], each[:, at + 1]) for each in sums]
    of_all = [_scores(*(each[:, row].sum(axis=1) for row in (0, 1, at, at + 1))) for each in sums]
    overall = {
        name: percentile_interval(float(of_all[0][i][0]), of_all[1][i], confidence, undefined="no passage is there")
        for i, name in enumerate(("precision", "recall", "f1"))
    }

    def of_label(k: int, i: int) -> Interval:
        value, drawn = float(of_labels[0][i][0, k]), of_labels[1][i][:, k]
        return percentile_interval(value, drawn, confidence, undefined=_UNUSED)

    return Scheme(
        **overall,
        cases=_cases(found, scheme),
        per_label=tuple(
            LabelScores(
                label=label,
                precision=of_label(k, 0),
                recall=of_label(k, 1),
                f1=of_label(k, 2),
                support=int(sums[0][0, 0, k]),
            )
            for k, label in enumerate(found.label_names)
        ),
    )


def _scores(given: FloatArray, predicted: FloatArray, found: FloatArray, right: FloatArray) -> list[FloatArray]:
    """Return precision, recall and F1; 0 for 0 of 0, NaN where there is neither a given nor a predicted passage."""
    seen = given + predicted > 0
    precision, recall = right / np.maximum(predicted, 1), found / np.maximum(given, 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(np.float64).tiny)
    return [np.where(seen, each, np.nan) for each in (precision, recall, f1)]


def _cases(found: MarkedPredictions, scheme: str) -> dict[str, int]:
    credit = [pair.credit(scheme) for pair in found.pairs]
    given, predicted = (sum(map(len, rows)) for rows in (found.given, found.found))
    return {
        "correct": credit.count(1.0),
        "incorrect": credit.count(0.0),
        "partial": credit.count(0.5),
        "missed": given - len(credit),
        "spurious": predicted - len(credit),
    }
