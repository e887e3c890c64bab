"""Weights and targets do what they promise: afterwards labels are independent of the group."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from curation.bias import balance_target, reweighting

PAIRS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), min_size=2, max_size=80)


def test_weights_are_those_of_the_paper() -> None:
    # Kamiran & Calders 2012, table 1: ten people, sex and whether they got the job.
    sex = list("MMMMMFFFFF")
    hired = list("++++-++---")
    found = reweighting(hired, sex)
    paper = {("M", "+"): 0.75, ("M", "-"): 2.0, ("F", "+"): 1.5, ("F", "-"): 0.67}
    for s, h, weight in zip(sex, hired, found.weights, strict=True):
        assert weight == pytest.approx(paper[s, h], abs=0.01)
    assert (found.before, found.after) == (pytest.approx(0.2), 0.0)
    assert 9 > found.effective > 8


@given(PAIRS)
def test_with_weights_labels_are_independent_wherever_every_pair_is_there(pairs: list[tuple[str, str]]) -> None:
    labels, groups = [y for _, y in pairs], [g for g, _ in pairs]
    found = reweighting(labels, groups)
    assert found.weights.mean() == pytest.approx(1)
    assert bool(found.empty) == (len(set(pairs)) < len(set(labels)) * len(set(groups)))
    if not found.empty:
        assert found.after == pytest.approx(0, abs=1e-9)


@given(PAIRS)
def test_what_is_collected_gives_every_group_the_shares_of_the_whole(pairs: list[tuple[str, str]]) -> None:
    labels, groups = [y for _, y in pairs], [g for g, _ in pairs]
    counts, whole = Counter(pairs), Counter(labels)
    for row in balance_target(labels, groups):
        assert row.records == counts[row.group, row.label]
        counts[row.group, row.label] += row.more
    for group in set(groups):
        size = sum(n for (g, _), n in counts.items() if g == group)
        for label, n in whole.items():
            assert abs(counts[group, label] - size * n / len(labels)) <= len(whole)  # whole records


def test_a_model_that_learns_from_weighted_records_stops_telling_the_label_by_the_group() -> None:
    rng = np.random.default_rng(0)

    def draw(n: int, goes_with: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        labels = rng.integers(0, 2, n)
        group = np.where(rng.random(n) < goes_with, labels, 1 - labels)
        return np.column_stack([labels + rng.normal(0, 1.0, n), group]), labels, group

    features, labels, group = draw(2000, goes_with=0.9)
    weights = reweighting(labels, group).weights
    test, truth, _ = draw(4000, goes_with=0.5)
    plain, fair = (LogisticRegression().fit(features, labels, sample_weight=w) for w in (None, weights))
    assert fair.score(test, truth) > plain.score(test, truth) + 0.05


def test_columns_of_different_lengths_are_refused() -> None:
    for function in (reweighting, balance_target):
        with pytest.raises(ValueError, match="groups: expected 2 records, one per label, got 1"):
            function(["a", "b"], ["x"])
