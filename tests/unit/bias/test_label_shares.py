"""A group whose labels differ is found with the size that was planted; groups that only chance made are not."""

from __future__ import annotations

import numpy as np
import pytest
from clean_draws import alarms, allowed

from curation.bias import Findings, identity_mentions, label_balance

LABELS = np.array(["angry", "calm", "glad"])


def drawn(seed: int, planted: float = 0.0, n: int = 600) -> tuple[list[str], dict[str, list[str]]]:
    rng = np.random.default_rng(seed)
    city, age = rng.choice(["Oslo", "Rome", "Wien"], n, p=[0.2, 0.5, 0.3]), rng.choice(["old", "young"], n)
    labels = rng.choice(LABELS, n, p=[0.3, 0.4, 0.3])
    turned = (city == "Oslo") & (labels == "calm") & (rng.random(n) < planted / 0.4)
    return np.where(turned, "angry", labels).tolist(), {"city": city.tolist(), "age": age.tolist()}


def found(seed: int, planted: float = 0.0) -> Findings:
    labels, by = drawn(seed, planted)
    return label_balance(labels, by=by)


def test_a_planted_difference_is_found_and_its_interval_holds_it() -> None:
    rows = [
        next(row for row in found(seed, planted=0.25).rows if (row.group, row.label) == ("Oslo", "angry"))
        for seed in range(40)
    ]
    assert sum(row.is_found for row in rows) >= 38
    assert sum(row.difference.low <= 0.25 <= row.difference.high for row in rows) >= 35  # of 38 expected


def test_clean_data_raise_no_more_alarms_than_stated() -> None:
    assert alarms(found) <= allowed(0.05)


def test_the_reason_has_both_shares_and_the_difference_in_points() -> None:
    labels = ["angry"] * 30 + ["calm"] * 10 + ["angry"] * 10 + ["calm"] * 50
    row = label_balance(labels, by={"city": ["Oslo"] * 40 + ["Rome"] * 60}).rows[0]
    assert row.reason == (
        "city 'Oslo': 75.0% of 40 records carry 'angry', 16.7% of the 60 others; +58.3 points [+39.4, +71.4]"
    )


def test_small_groups_are_named_and_nothing_is_said_of_them() -> None:
    rows = label_balance(["a", "b"] * 50, by={"city": ["Oslo"] * 5 + ["Rome"] * 35 + [None] * 60})
    assert rows.too_small == {"city 'Oslo'": 5}
    assert {row.group for row in rows.rows} == {"Rome", "(missing)"}
    assert rows.smallest == 35


def test_records_with_several_labels_count_for_each_of_them() -> None:
    labels = [["rude", "loud"]] * 20 + [["loud"]] * 20 + [[]] * 40
    rows = label_balance(labels, by={"is a reply": [True] * 20 + [False] * 60}).rows
    assert {(row.group, row.label): row.share for row in rows} == {("yes", "rude"): 1.0, ("yes", "loud"): 1.0}
    assert rows[0].label == "rude"


def test_a_term_that_goes_with_a_label_is_found() -> None:
    texts = ["the women marched"] * 30 + ["we marched"] * 70
    mentioned = identity_mentions(texts)
    rows = label_balance(["toxic"] * 25 + ["fine"] * 75, by=mentioned)
    assert rows.found[0].reason.startswith("mentions women: 83.3% of 30 records carry 'toxic'")
    assert rows.smallest == 30


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"by": {"city": ["Oslo"]}}, "by\\['city'\\]: expected 4 values, one per record, got 1"),
        ({"by": ["Oslo"] * 4}, "by: expected columns by name, got list"),
        ({"by": {}, "minimum": 0}, "minimum: expected at least 1"),
        ({"by": {}, "level": 1.0}, "level: expected a rate in \\(0, 1\\), got 1.0"),
    ],
)
def test_bad_input_is_one_line(arguments: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        label_balance(["a", "b", "a", "b"], **arguments)


def test_no_group_at_all_is_nothing_found() -> None:
    rows = label_balance(["a", "b"], by={})
    assert (rows.rows, rows.smallest, len(rows.to_pandas())) == ([], None, 0)
