"""Where records have any number of labels: the same numbers as scikit-learn's, and what is no such input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    hamming_loss,
    jaccard_score,
    label_ranking_average_precision_score,
    precision_score,
)

from evaluation import compare, evaluate
from evaluation.several_labels import SEVERAL
from evaluation.suites import scale_metrics

NAMES = ["anger", "joy", "fear"]


@st.composite
def answered(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    n = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    digits = draw(st.sampled_from([1, 9]))  # with ties and without
    return rng.integers(2, size=(n, 3)), rng.random((n, 3)).round(digits)


@given(answered())
def test_numbers_are_those_of_scikit_learn(given_: tuple[np.ndarray, np.ndarray]) -> None:
    labels, probs = given_
    said = (probs > 0.5).astype(int)
    found = evaluate(labels, probs, label_names=NAMES, resamples=5, metrics=SEVERAL)
    seen = (labels | said).any(axis=0)
    assert found.accuracy.value == pytest.approx(accuracy_score(labels, said))
    if seen.any():
        wanted = f1_score(labels, said, average=None, zero_division=0)
        assert found.macro_f1.value == pytest.approx(wanted[seen].mean())
    for i, scores in enumerate(found.per_label):
        if seen[i]:
            assert scores.precision.value == pytest.approx(precision_score(labels[:, i], said[:, i], zero_division=0))
        assert scores.support == labels[:, i].sum()
    if seen.any():
        assert found.metrics["micro_f1"].value == pytest.approx(
            f1_score(labels, said, average="micro", zero_division=0)
        )
    assert found.metrics["label_accuracy"].value == pytest.approx(1 - hamming_loss(labels, said))
    assert found.metrics["overlap"].value == pytest.approx(
        jaccard_score(labels, said, average="samples", zero_division=1)
    )
    ranked = label_ranking_average_precision_score(labels, probs)
    assert found.metrics["label_ranking_precision"].value == pytest.approx(ranked)
    assert np.diag(found.confusion).tolist() == (labels & said).sum(axis=0).tolist()


@given(answered())
def test_lists_of_positions_are_the_same_as_ones_and_zeros(given_: tuple[np.ndarray, np.ndarray]) -> None:
    labels, probs = given_
    lists = [np.flatnonzero(row).tolist() for row in labels]
    first, second = (evaluate(each, probs, label_names=NAMES, resamples=5) for each in (labels, lists))
    assert first.to_dict() == second.to_dict()


def test_one_label_each_gives_the_numbers_of_one_label() -> None:
    probs = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    one = evaluate([0, 1, 1], probs, label_names=["a", "b"])
    several = evaluate([[0], [1], [1]], probs, label_names=["a", "b"])
    assert several.accuracy == one.accuracy
    assert several.macro_f1 == one.macro_f1
    assert several.confusion.tolist() == one.confusion.tolist()


def test_models_are_compared_by_whole_answers() -> None:
    labels = [[0, 1], [2], []]
    before = [[0.9, 0.1, 0.1], [0.1, 0.1, 0.9], [0.1, 0.1, 0.1]]
    after = [[0.9, 0.9, 0.1], [0.1, 0.1, 0.9], [0.1, 0.1, 0.1]]
    found = compare(labels, before, after, label_names=NAMES)
    assert (found.wins, found.losses) == (1, 0)
    assert found.accuracy.value == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([[0], [3]], r"labels: expected different positions from 0 to 2, got \[3\] in row 1"),
        ([[0, 0], [1]], r"labels: expected different positions from 0 to 2, got \[0, 0\] in row 0"),
        ([["joy"], [1]], "labels: expected different positions"),
        (np.array([[0, 1, 2], [0, 0, 0]]), r"labels: expected 0 and 1, shape \(n, 3\)"),
        (np.array([[0, 1], [0, 0]]), r"labels: expected 0 and 1, shape \(n, 3\)"),
    ],
)
def test_what_is_no_answer_is_refused(labels: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(labels, np.full((2, 3), 0.5), label_names=NAMES)


@pytest.mark.parametrize("probs", [np.full((1, 3), 0.5), np.full((2, 3), 1.5), np.full((2, 3), np.nan)])
def test_probabilities_that_are_none_are_refused(probs: np.ndarray) -> None:
    with pytest.raises(ValueError, match="pred_probs: expected"):
        evaluate([[0], []], probs, label_names=NAMES)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=20))
def test_weighted_kappa_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    from sklearn.metrics import cohen_kappa_score

    labels, said = np.array(pairs).T
    if len({*labels.tolist(), *said.tolist()}) > 1:
        found = scale_metrics(["1", "2", "3", "4"])["weighted_kappa"](labels, said)
        assert found == pytest.approx(cohen_kappa_score(labels, said, weights="quadratic", labels=range(4)))
