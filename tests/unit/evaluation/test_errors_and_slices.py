"""Which records a model gets wrong, and where it is worse than on the whole."""

from __future__ import annotations

import json

import numpy as np
import pytest
from three_queues import QUEUES, random_case, sure_of

from evaluation import error_table, slices


def test_the_most_confident_error_comes_first_and_right_answers_do_not_come() -> None:
    probs = [[0.9, 0.1, 0.0], [0.2, 0.5, 0.3], [0.05, 0.9, 0.05], [0.2, 0.5, 0.3]]
    table = error_table([0, 0, 0, 2], probs, ids=["m1", "m4", "m3", "m2"], label_names=QUEUES)
    assert table["record_id"].to_pylist() == ["m3", "m2", "m4"]
    assert table["label"].to_pylist() == ["billing", "praise", "billing"]
    assert table["predicted"].to_pylist() == ["delivery"] * 3
    assert table["confidence"].to_pylist() == [0.9, 0.5, 0.5]
    assert table["margin"].to_pylist() == pytest.approx([0.85, 0.2, 0.3])


def test_a_perfect_model_has_an_empty_table_with_all_columns() -> None:
    table = error_table([0, 1], sure_of([0, 1]), ids=["m1", "m2"], label_names=QUEUES)
    assert table.num_rows == 0
    assert table.column_names == ["record_id", "label", "predicted", "confidence", "margin"]


def test_one_id_per_record_is_asked_for() -> None:
    with pytest.raises(ValueError, match=r"ids: expected one per record \(2\), got 1"):
        error_table([0, 1], sure_of([0, 1]), ids=["m1"], label_names=QUEUES)


def test_a_source_with_many_errors_is_flagged_and_said_in_words() -> None:
    predicted = [0] * 95 + [1] * 5 + [0] * 60 + [1] * 40
    source = ["email"] * 100 + ["chat"] * 100
    worst, best = slices([0] * 200, sure_of(predicted), by={"source": source}, label_names=QUEUES)
    assert (worst.value, worst.support, worst.flagged) == ("chat", 100, True)
    assert worst.accuracy.value == pytest.approx(0.6)
    assert worst.accuracy.high < worst.overall == pytest.approx(0.775)
    assert worst.reason == "less accurate where source is chat: 60.0% of 100, 77.5% overall"
    assert best.reason.startswith("more accurate where source is email")


def test_three_records_without_an_error_are_no_finding() -> None:
    predicted = [0] * 3 + [0, 1] * 20
    language = ["eo"] * 3 + ["en"] * 40
    found = slices([0] * 43, sure_of(predicted), by={"language": language}, label_names=QUEUES)
    esperanto = next(item for item in found if item.value == "eo")
    assert esperanto.accuracy.value == 1
    assert esperanto.accuracy.low < 0.6
    assert not any(item.flagged for item in found)


def test_slices_that_mean_nothing_are_rarely_flagged_however_many_there_are() -> None:
    flagged = 0
    for seed in range(12):
        labels, probs = random_case(seed, n=600, k=3)
        columns = {f"coin {i}": np.random.default_rng(1000 + 20 * seed + i).integers(5, size=600) for i in range(5)}
        flagged += any(item.flagged for item in slices(labels, probs, by=columns, label_names=QUEUES))
    assert flagged <= 2


def test_missing_values_are_a_slice_of_their_own_and_support_adds_up() -> None:
    labels, probs = random_case(seed=0, n=6, k=3)
    columns = {"city": ["Oslo", None, "Oslo", float("nan"), "Lima", "Lima"]}
    found = slices(labels, probs, by=columns, label_names=QUEUES)
    assert {item.value: item.support for item in found} == {"(missing)": 2, "Oslo": 2, "Lima": 2}
    assert json.dumps([item.to_dict() for item in found], allow_nan=False)


def test_no_columns_give_no_slices_and_a_short_column_is_an_error() -> None:
    labels, probs = random_case(seed=0, n=6, k=3)
    assert slices(labels, probs, by={}, label_names=QUEUES) == []
    with pytest.raises(ValueError, match=r"by\['city'\]: expected one per record \(6\), got 1"):
        slices(labels, probs, by={"city": ["Oslo"]}, label_names=QUEUES)
