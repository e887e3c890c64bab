"""Numbers that follow from sums over records: those of scikit-learn, and the intervals of a bootstrap of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from evaluation import evaluate
from evaluation.additive import CLASSIFICATION

NAMES = ["a", "b", "c", "d"]


def case(seed: int, n: int, *, k: int = 4, ties: bool = False):
    rng = np.random.default_rng(seed)
    labels = rng.choice(k, n, p=rng.dirichlet(np.ones(k) * 3))
    logits = rng.normal(size=(n, k)) + 1.5 * np.eye(k)[labels]
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if ties:
        probs = probs.round(1) + 1e-9
        probs /= probs.sum(axis=1, keepdims=True)
    return labels, probs


def by_reference(labels, probs):
    predicted, given_ones = probs.argmax(axis=1), np.eye(probs.shape[1])[labels]
    told = [j for j, each in enumerate(given_ones.T) if 0 < each.sum() < len(each)]
    ranked = [(given_ones[:, j], probs[:, j]) for j in told]
    return {
        "balanced_accuracy": reference.balanced_accuracy_score(labels, predicted),
        "cohen_kappa": reference.cohen_kappa_score(labels, predicted),
        "matthews_correlation": reference.matthews_corrcoef(labels, predicted),
        "brier_score": float(((probs - given_ones) ** 2).sum(axis=1).mean()),
        "auroc": np.mean([reference.roc_auc_score(*each) for each in ranked]),
        "average_precision": np.mean([reference.average_precision_score(*each) for each in ranked]),
    }


@given(st.integers(0, 10_000), st.integers(8, 60), st.booleans())
@pytest.mark.filterwarnings("ignore")
def test_values_are_those_of_the_reference(seed, n, ties):
    labels, probs = case(seed, n, ties=ties)
    found = evaluate(labels, probs, label_names=NAMES, metrics=CLASSIFICATION, resamples=2).metrics
    for name, wanted in by_reference(labels, probs).items():
        value = found[name].value
        assert value == pytest.approx(wanted, abs=1e-9) if np.isfinite(wanted) else value is None, name


def test_a_published_example():
    """Of scikit-learn's own pages: three of four negatives and positives in order, and the multi-class correlation."""
    probs = np.array([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]])
    found = evaluate([0, 0, 1, 1], probs, label_names=["no", "yes"], metrics=CLASSIFICATION).metrics
    assert found["auroc"].value == 0.75
    positive = evaluate([0, 0, 1, 1], probs, label_names=["no", "yes"], metrics=CLASSIFICATION)
    assert positive.metrics["matthews_correlation"].value == pytest.approx(0.5773503)


def test_intervals_are_those_of_the_bootstrap_itself():
    labels, probs = case(3, 400)
    found = evaluate(labels, probs, label_names=NAMES, metrics=CLASSIFICATION, resamples=2000).metrics
    rng = np.random.default_rng(1)
    drawn = [by_reference(labels[rows], probs[rows]) for rows in rng.integers(400, size=(300, 400))]
    for name, interval in found.items():
        low, high = np.quantile([each[name] for each in drawn], [0.025, 0.975])
        width = high - low
        assert abs(interval.low - low) < 0.2 * width, name
        assert abs(interval.high - high) < 0.2 * width, name


def test_where_all_records_have_one_label_there_is_no_area_and_the_reason_is_said():
    found = evaluate(
        [0, 0, 0], [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], label_names=["a", "b"], metrics=CLASSIFICATION
    ).metrics
    assert found["auroc"].value is None
    assert found["auroc"].reason == "all records have one label"
    assert found["balanced_accuracy"].value == pytest.approx(2 / 3)


def test_groups_are_drawn_together():
    labels, probs = case(5, 100)
    drawn = {"label_names": NAMES, "metrics": CLASSIFICATION}
    alone = evaluate(labels, probs, **drawn).metrics["auroc"]
    four = [np.repeat(each, 4, axis=0) for each in (labels, probs)]
    together = evaluate(*four, **drawn, groups=np.repeat(np.arange(100), 4)).metrics["auroc"]
    assert together.value == pytest.approx(alone.value)
    assert together.high - together.low == pytest.approx(alone.high - alone.low, rel=0.15)


def test_records_with_several_labels_each_are_refused_in_one_line():
    with pytest.raises(ValueError, match="metrics: 'balanced_accuracy' is measured where records have one label each"):
        evaluate([[0], [0, 1]], [[0.9, 0.1], [0.8, 0.7]], label_names=["a", "b"], metrics=CLASSIFICATION)
