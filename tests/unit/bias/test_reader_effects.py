"""A group of readers that rates otherwise is found with its size; readers who merely differ from each other are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from clean_draws import alarms, allowed
from scipy.stats import false_discovery_control, ttest_ind

from curation.bias import Findings, reader_groups

READERS, ITEMS, EACH = 60, 50, 15


def votes(seed: int, planted: float = 0.0, harsher: float = 0.0) -> pd.DataFrame:
    """Return ratings 1 to 7 of readers who differ from each other; `harsher` items are read by the old more often."""
    rng = np.random.default_rng(seed)
    old = rng.random(READERS) < 0.4
    hard = np.arange(ITEMS) < ITEMS // 2
    chances = np.where(old[:, None], np.where(hard, 3.0, 1.0) if harsher else 1.0, np.ones(ITEMS))
    item = np.concatenate([rng.choice(ITEMS, EACH, replace=False, p=row / row.sum()) for row in chances])
    reader = np.repeat(np.arange(READERS), EACH)
    mean = rng.normal(3.5, 0.8, ITEMS)[item] + rng.normal(0, 0.6, READERS)[reader] + harsher * hard[item]
    rating = np.clip(np.rint(mean + planted * old[reader] + rng.normal(0, 0.7, len(reader))), 1, 7)
    town = rng.integers(0, 3, READERS)[reader]
    return pd.DataFrame({"item": item, "reader": reader, "rating": rating, "old": old[reader], "town": town})


def found(seed: int, permutations: int = 999, **planted: float) -> Findings:
    v = votes(seed, **planted)
    by = {"age": np.where(v.old, "old", "young"), "town": v.town}
    return reader_groups(v.rating, items=v["item"], readers=v.reader, by=by, permutations=permutations)


def of_the_old(findings: Findings):
    return next(row for row in findings.rows if row.group == "old")


def test_a_planted_group_is_found_and_its_interval_holds_the_points() -> None:
    rows = [of_the_old(found(seed, planted=0.9)) for seed in range(40)]
    assert sum(row.is_found for row in rows) >= 38
    assert sum(row.difference.low <= 0.9 <= row.difference.high for row in rows) >= 35


def test_readers_who_merely_differ_raise_no_more_alarms_than_stated_where_a_test_of_ratings_does() -> None:
    def naive(seed: int) -> bool:
        v = votes(seed)
        towns = [ttest_ind(v.rating[v.town == t], v.rating[v.town != t]).pvalue for t in range(3)]
        return bool(
            false_discovery_control([ttest_ind(v.rating[v.old], v.rating[~v.old]).pvalue, *towns]).min() <= 0.05
        )

    assert alarms(found) <= allowed(0.05)
    assert sum(map(naive, range(60))) > 2 * allowed(0.05)


def test_a_group_that_was_given_harsher_items_is_not_blamed_for_them() -> None:
    raw = [float(v.rating[v.old].mean() - v.rating[~v.old].mean()) for v in (votes(s, harsher=2.0) for s in range(20))]
    assert np.mean(raw) > 0.4
    beyond_items = [of_the_old(found(seed, harsher=2.0)).difference.value for seed in range(20)]
    assert abs(np.mean(beyond_items)) < 0.1


def test_a_difference_is_least_squares_on_items_and_group_where_everybody_rated_as_much() -> None:
    v = votes(3, planted=0.5)
    design = np.column_stack([pd.get_dummies(v["item"]).to_numpy(dtype=float), v.old.to_numpy(dtype=float)])
    expected = np.linalg.lstsq(design, v.rating.to_numpy(), rcond=None)[0][-1]
    assert of_the_old(found(3, planted=0.5)).difference.value == pytest.approx(expected)


def test_a_person_counts_once_however_much_they_rated() -> None:
    items = [*range(100), *range(100), *range(100), 0, 0]
    readers = [*["a"] * 100, *["b"] * 100, *["c"] * 100, "d", "e"]
    ratings = [*[1] * 300, 3, 1]
    group = ["x" if reader in "abd" else "y" for reader in readers]
    row = reader_groups(ratings, items=items, readers=readers, by={"g": group}, minimum=1).rows[0]
    many = reader_groups(ratings[:300], items=items[:300], readers=readers[:300], by={"g": group[:300]}, minimum=1)
    assert abs(row.difference.value) > 0.3
    assert many.rows[0].difference.value == 0


def test_with_few_persons_the_p_value_is_that_of_all_their_orders() -> None:
    ratings, readers, items = [5, 5, 5, 1, 1, 1], [*"abcdef"], [0] * 6
    by = {"g": [*"xxxyyy"]}
    row = reader_groups(ratings, items=items, readers=readers, by=by, minimum=3, permutations=20_000).rows[0]
    assert row.p_value == pytest.approx(2 / 20, abs=0.01)  # 2 of the 20 ways to choose three persons of six


def test_small_groups_and_readers_who_share_nothing_are_left_out() -> None:
    v = votes(0)
    alone = pd.DataFrame({"item": [999] * 3, "reader": [888] * 3, "rating": 7, "old": True, "town": 9})
    both = pd.concat([v, alone])
    rows = reader_groups(both.rating, items=both["item"], readers=both.reader, by={"town": both.town})
    assert rows.too_small == {"town '9'": 0}
    assert sum(row.persons for row in rows.rows) == READERS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"items": [1, 2]}, "items: expected 3, one per rating, got 2"),
        ({"ratings": [1, 2, None]}, "ratings: expected finite numbers, got nan at record 2"),
        ({"by": {"age": ["old", "young", "old"]}}, r"by\['age'\]: expected one group for each reader, got 'young' at"),
        ({"by": {"age": ["old"]}}, r"by\['age'\]: expected 3 values, one per rating, got 1"),
        ({"permutations": 0}, "permutations: expected at least 1"),
    ],
)
def test_bad_input_is_one_line(change: dict, said: str) -> None:
    arguments = {"ratings": [1, 2, 3], "items": [1, 1, 1], "readers": ["a", "a", "b"], "by": {}, **change}
    with pytest.raises(ValueError, match=said):
        reader_groups(arguments.pop("ratings"), **arguments)
