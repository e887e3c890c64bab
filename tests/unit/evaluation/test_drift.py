"""What has changed between a reference and a log is found; what has not is left alone as often as stated."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, kstest

from evaluation import drift
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
