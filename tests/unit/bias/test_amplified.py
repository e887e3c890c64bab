"""A model that leans further to a group than its labels is found, and one that leans as they do is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from curation.bias.amplified import amplification


def people(seed: int, n: int, skew: float) -> tuple[list[str], dict[str, Any]]:
    """Labels of which a group has one more often, by `skew`, and its column beside one of no meaning."""
    rng = np.random.default_rng(seed)
    women = rng.random(n) < 0.4
    refund = rng.random(n) < np.where(women, 0.3 + skew, 0.3)
    labels = np.where(refund, "refund", rng.choice(["late", "card"], size=n)).tolist()
    return labels, {"mentions women": women, "day": rng.choice(["monday", "friday"], size=n).tolist()}


def test_what_a_model_adds_of_its_own_is_found_with_its_size() -> None:
    taught, said = people(0, 1500, 0.1), people(1, 500, 0.4)
    found = amplification(taught[0], said[0], by=taught[1], predicted_by=said[1])
    worst = found.found[0]
    assert (worst.by, worst.group, worst.label, worst.amplifies) == ("mentions women", "yes", "refund", True)
    assert worst.skew_taught == pytest.approx(0.1, abs=0.07)
    assert worst.skew_predicted == pytest.approx(0.4, abs=0.1)
    assert worst.change.value == pytest.approx(worst.skew_predicted - worst.skew_taught)
    assert worst.change.numbers[1] < 0.3 < worst.change.numbers[2]
    assert worst.reason.startswith("mentions women: 'refund' is +")
    assert {row.by for row in found.found} == {"mentions women"}
    assert found.to_dict()["compared"] == len(found.rows) == 9


def test_a_skew_that_shrinks_is_found_and_is_no_amplification() -> None:
    taught, said = people(2, 1500, 0.4), people(3, 500, 0.0)
    found = amplification(taught[0], said[0], by=taught[1], predicted_by=said[1])
    assert found.found[0].change.numbers[2] < 0
    assert not found.found[0].amplifies


def test_a_model_that_leans_as_its_labels_do_is_named_no_oftener_than_promised() -> None:
    def named(seed: int) -> bool:
        taught, said = people(2 * seed, 400, 0.2), people(2 * seed + 1, 150, 0.2)
        return bool(amplification(taught[0], said[0], by=taught[1], predicted_by=said[1]).found)

    assert sum(named(seed) for seed in range(200)) <= 18  # of 200 at .05: 18 or fewer in 99% of the cases


def test_several_labels_each_and_small_groups() -> None:
    labels = [["angry", "refund"], ["angry"], [], ["refund"]] * 25
    city = {"city": ["Oslo", "Rome", "Rome", "Bonn", *["Oslo", "Rome"] * 48], "empty": [None] * 100}
    found = amplification(labels, labels, by=city, predicted_by=city)
    assert {row.group for row in found.rows} == {"Oslo", "Rome"}
    assert all(row.change.value == 0 and not row.is_found for row in found.rows)
    assert found.too_small == {"city 'Bonn'": 1}


def test_columns_that_are_there_once_only_are_refused() -> None:
    with pytest.raises(ValueError, match="by: expected the same columns in both, got 'city' in one of them"):
        amplification(["a", "b"], ["a", "b"], by={"city": ["x", "y"]}, predicted_by={})
    with pytest.raises(ValueError, match=r"by\['city'\]: expected 2 values, one per record, got 1"):
        amplification(["a", "b"], ["a", "b"], by={"city": ["x", "y"]}, predicted_by={"city": ["x"]})
