"""What has changed between a reference and a log is found; what has not is left alone as often as stated."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, kstest

from evaluation import drift
from evaluation.expected_shares import expected_shares, stream_weights
from evaluation.holm import holm
from evaluation.share_shift import share_shift
from evaluation.vector_shift import vector_shift

LABELS = np.array(["refund", "late", "card", "praise"])
SHARES = [0.5, 0.3, 0.15, 0.05]


def records(n: int, rng: np.random.Generator, **changed: Any) -> dict[str, Any]:
    """Columns of every kind, with whatever is changed of them."""
    shares = changed.get("shares", SHARES)
    return {
        "texts": rng.normal(size=(n, 6)) + changed.get("moved", 0.0),
        "words": rng.poisson(8 * changed.get("longer", 1.0), size=n),
        "confidence": rng.beta(8 * changed.get("surer", 1.0), 2, size=n),
        "label": rng.choice(LABELS, p=shares, size=n),
        "topics": [[str(name) for name in LABELS[rng.random(4) < changed.get("more", 1.0) * 0.2]] for _ in range(n)],
        "distance": rng.gamma(2.0 * changed.get("further", 1.0), size=n),
    }


def found_in(seed: int, n: int = 150, m: int = 200, **changed: Any) -> Any:
    rng = np.random.default_rng(seed)
    return drift(records(n, rng), records(m, rng, **changed), distances=["distance"], draws=239, seed=seed)


def test_nothing_is_found_where_nothing_has_changed_as_often_as_stated() -> None:
    draws = 120
    alarms = sum(bool(found_in(seed, 60, 90).found) for seed in range(draws))
    assert alarms <= binom.ppf(0.99, draws, 0.05)


@pytest.mark.parametrize(
    ("changed", "column", "said"),
    [
        ({"moved": 0.5}, "texts", "a classifier tells texts of the log from those of the reference with probability"),
        ({"longer": 1.8}, "words", "times as much"),
        ({"surer": 0.4}, "confidence", "mean confidence"),
        ({"shares": [0.2, 0.3, 0.15, 0.35]}, "label", "the share of 'praise' in label went from 0.0"),
        ({"more": 3.0}, "topics", "in topics went from 0."),
        ({"further": 2.5}, "distance", "of the log have a larger distance than 95% of the reference"),
    ],
)
def test_a_change_is_found_where_it_is_and_said_with_its_size(changed: dict[str, Any], column: str, said: str) -> None:
    found = found_in(0, **changed).found
    assert {row.column for row in found} == {column}
    assert any(said in row.reason for row in found)
    assert all(0 <= row.size.low <= row.size.value <= row.size.high <= 1 for row in found)


def test_fewer_far_records_and_missing_numbers_are_no_finding() -> None:
    found = found_in(0, further=0.3)
    assert not found.found
    words = [float("nan")] * 145 + [5.0] * 5
    told = drift({"words": words}, {"words": list(range(50))})
    assert (len(told.rows), told.note) == (0, "nothing can be said of words (fewer than 10 values)")


def test_p_values_of_rare_tables_of_lists_and_of_distances_are_uniform_or_larger() -> None:
    """Their distribution under no change is at or above that of a uniform number (tested at 1 in 1,000)."""
    rng = np.random.default_rng(1)
    names = [f"label {i}" for i in range(40)]
    table, lists, far = [], [], []
    for seed in range(150):
        first, second = ([[str(name)] for name in rng.choice(names, size=n)] for n in (40, 60))
        table.append(share_shift(first, second, what="label", draws=99, seed=seed).p_value)
        first, second = ([[n for n in names[:5] if rng.random() < 0.2] for _ in range(k)] for k in (30, 40))
        lists.append(share_shift(first, second, what="label", draws=99, seed=seed).p_value)
        told = drift({"d": rng.random(45)}, {"d": rng.random(80)}, distances=["d"])
        far.append(told.rows[0].p_value)
    for p_values in (table, lists, far):
        assert kstest(p_values, "uniform", alternative="greater").pvalue > 0.001


def test_the_interval_of_the_classifier_holds_what_many_records_show() -> None:
    """Two normal clouds half a deviation apart are told apart with probability Phi(.5 / sqrt 2) at best."""
    rng, best = np.random.default_rng(2), 0.638
    held = []
    for seed in range(40):
        clouds = [(rng.normal(size=(n, 1)) + at).astype(np.float32) for n, at in ((300, 0.0), (400, 0.5))]
        told = vector_shift(*clouds, draws=1, seed=seed).told
        held.append(told.low <= best <= told.high)
    assert sum(held) >= binom.ppf(0.01, 40, 0.95)


def test_the_same_input_and_seed_give_the_same_and_json_takes_it() -> None:
    one, other = (found_in(3, moved=0.3).to_dict() for _ in range(2))
    assert one == other
    assert json.loads(json.dumps(one)) == one


def test_p_values_are_corrected_as_holm_did_it() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@pytest.mark.parametrize(
    ("reference", "log", "said"),
    [
        ({"a": [1]}, {"b": [1]}, "a: expected a column of both"),
        ({"a": [1, 2], "b": [1]}, {"a": [1], "b": [1]}, "b: expected as many values as other columns of the reference"),
        ({"a": [1.0]}, {"a": ["x"]}, "a: expected the same in the reference and the log, got numbers and values"),
        ({"a": [[1.0, 2.0]]}, {"a": [[1.0]]}, "a: expected vectors of 2 numbers, got 1"),
        ({"a": [[1.0, float("nan")]]}, {"a": [[1.0, 2.0]]}, "a: expected vectors of numbers, got one that is none at"),
    ],
)
def test_what_does_not_fit_is_one_line(reference: Any, log: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        drift(reference, log)


def test_a_distance_has_to_be_a_number_and_a_level_a_rate() -> None:
    with pytest.raises(ValueError, match="a: expected numbers, which distances are, got values"):
        drift({"a": ["x"]}, {"a": ["y"]}, distances=["a"])
    with pytest.raises(ValueError, match="level: expected a rate"):
        drift({"a": [1]}, {"a": [1]}, level=0)


def test_a_change_that_the_mean_does_not_show_is_told_where_it_is() -> None:
    rng = np.random.default_rng(0)
    narrow, wide = rng.uniform(40, 60, 400), np.concatenate([rng.uniform(0, 20, 200), rng.uniform(80, 100, 200)])
    (row,) = drift({"words": narrow}, {"words": wide}).rows
    assert row.is_found
    assert "0.500 of the log are at most" in row.reason
    assert row.reason.endswith("0.000 of the reference")
    (other,) = drift({"words": narrow}, {"words": narrow + 30}).rows
    assert "at most" not in other.reason


def drawn_label_by_label(seed: int, labels: int = 60, size: int = 900) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """A test part as a split draws it, a stream, and how much each record of the former counts.

    The fewer records of a label the project has, the less a model knows of it.
    """
    rng = np.random.default_rng(seed)
    project, stream = rng.integers(0, labels, size), rng.integers(0, labels, size // 2)
    counts = np.bincount(project, minlength=labels)
    tested = np.concatenate([np.flatnonzero(project == label)[: counts[label] // 2] for label in range(labels)])
    sides = [
        {"distance": rng.gamma(30.0, size=len(own)) / np.sqrt(np.maximum(counts[own], 1)) ** 3}
        for own in (project[tested], stream)
    ]
    named = [[f"label {label}" for label in own] for own in (project[tested], project)]
    return sides[0], sides[1], stream_weights(*named)


def test_a_part_drawn_label_by_label_stands_for_a_stream_by_its_weights() -> None:
    with_weights, without = 0, 0
    for seed in range(100):
        known, log, weights = drawn_label_by_label(seed)
        with_weights += bool(drift(known, log, distances=["distance"], weights=weights, draws=99).found)
        without += bool(drift(known, log, distances=["distance"], draws=99).found)
        numbers = [drift(known, log, weights=each, draws=99).rows[0].p_value for each in (weights, None)]
        assert numbers[0] != numbers[1]
    assert with_weights <= binom.ppf(0.99, 100, 0.05)
    assert without > 2 * binom.ppf(0.99, 100, 0.05)


def test_weights_that_are_all_alike_change_nothing_but_the_exactness_of_a_test() -> None:
    rng = np.random.default_rng(0)
    known, log = records(80, rng), records(90, rng, surer=0.5)
    plain, weighed = (
        {(row.column, row.test): row for row in drift(known, log, distances=["distance"], weights=each, draws=99).rows}
        for each in (None, [3.0] * 80)
    )
    assert plain.keys() == weighed.keys()
    for key, row in plain.items():
        assert row.size.numbers == pytest.approx(weighed[key].size.numbers)
        assert row.reason == weighed[key].reason
        assert row.p_value == pytest.approx(weighed[key].p_value, abs=0.06)


@pytest.mark.parametrize(
    ("weights", "named"),
    [
        ([1.0] * 79, r"weights: expected one per record \(80\), got 79"),
        ([0.0] * 80, "weights: expected numbers above 0"),
    ],
)
def test_weights_that_are_none_are_named(weights: list[float], named: str) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=named):
        drift(records(80, rng), records(90, rng), weights=weights)


def test_shares_are_drawn_together_as_far_as_chance_explains_them() -> None:
    rng = np.random.default_rng(0)
    truth = rng.dirichlet(np.full(40, 2.0))
    errors = np.zeros(2)
    for _ in range(50):
        counts = rng.multinomial(150, truth)
        errors += [np.abs(shares - truth).sum() for shares in (expected_shares(counts), counts / 150)]
    assert errors[0] < 0.9 * errors[1]
    assert expected_shares([9_000, 1_000]).tolist() == pytest.approx([0.9, 0.1], abs=1e-3)
