"""One mixed model of all columns: what goes with another column is not blamed, and its intervals hold what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from clean_draws import allowed
from scipy.stats import ttest_ind

from curation.bias import Findings, ReaderGroup, reader_groups

READERS, ITEMS, DRAWS = 80, 100, 200


def votes(seed: int, old: float = 0.0, between: float = 0.6) -> pd.DataFrame:
    """Ratings of readers of whom three quarters of the old, and one quarter of the young, are well paid."""
    rng = np.random.default_rng(seed)
    is_old = rng.random(READERS) < 0.4
    paid = np.where(rng.random(READERS) < 0.75, is_old, ~is_old)
    times = np.clip(rng.geometric(1 / 15, READERS), 3, 60)
    item = np.concatenate([rng.choice(ITEMS, each, replace=False) for each in times])
    reader = np.repeat(np.arange(READERS), times)
    mean = rng.normal(3.5, 0.8, ITEMS)[item] + (rng.normal(0, between, READERS) + old * is_old)[reader]
    columns = {"age": np.where(is_old, "old", "young"), "pay": np.where(paid, "high", "low")}
    known = {name: values[reader] for name, values in columns.items()}
    rating = mean + rng.normal(0, 0.7, len(item))
    return pd.DataFrame({"item": item, "reader": reader, "rating": rating, **known})


def compared(v: pd.DataFrame, *by: str, **settings: Any) -> Findings[ReaderGroup]:
    known = {name: v[name] for name in by or ("age", "pay")}
    settings = {"permutations": 199, "minimum": 5, **settings}
    return reader_groups(v.rating, items=v["item"], readers=v.reader, by=known, **settings)


def of(found: Findings[ReaderGroup], group: str) -> ReaderGroup:
    return next(row for row in found.rows if row.group == group)


def test_intervals_hold_what_was_planted_and_what_goes_with_it_is_not_blamed() -> None:
    rows = [
        (of(found, "old"), of(found, "high")) for found in (compared(votes(seed, old=0.5)) for seed in range(DRAWS))
    ]
    held = np.mean([old.held_fixed.low <= 0.5 <= old.held_fixed.high for old, _ in rows])
    assert 0.92 <= held <= 0.98
    assert np.mean([old.held_fixed.value for old, _ in rows]) == pytest.approx(0.5, abs=0.05)
    assert sum(high.held_fixed_p_value <= 0.05 for _, high in rows) <= allowed(0.05, DRAWS)
    assert sum(high.p_value <= 0.05 for _, high in rows) > 2 * allowed(0.05, DRAWS)  # alone, pay looks guilty


def test_where_there_is_nothing_alarms_are_as_rare_as_stated() -> None:
    draws = [compared(votes(seed, between=between)) for between in (0.0, 1.2) for seed in range(DRAWS // 2)]
    assert sum(any(row.stays for row in found.rows) for found in draws) <= allowed(0.05, DRAWS)


def test_where_everybody_rated_everything_it_is_the_t_test_of_persons() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(20, 1)) + rng.normal(size=(1, 12)) + rng.normal(size=(20, 12))
    reader, item = (axis.ravel() for axis in np.indices(table.shape))
    age = np.where(reader < 8, "old", "young")
    v = pd.DataFrame({"rating": table.ravel(), "item": item, "reader": reader, "age": age})
    row, means = of(compared(v, "age"), "old"), table.mean(axis=1)
    expected = ttest_ind(means[:8], means[8:])
    assert row.held_fixed.value == pytest.approx(means[:8].mean() - means[8:].mean())
    assert row.held_fixed_p_value == pytest.approx(expected.pvalue)
    assert row.held_fixed.numbers[1:] == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_it_is_generalized_least_squares_with_the_variances_of_henderson() -> None:
    v = votes(4, old=0.5)
    items, readers = (pd.get_dummies(v[name]).to_numpy(dtype=float) for name in ("item", "reader"))
    known = np.column_stack([v.age == "old", v.pay == "high"]).astype(float)
    y, n = v.rating.to_numpy(), len(v)

    def left(design: np.ndarray) -> np.ndarray:
        return np.eye(n) - design @ np.linalg.pinv(design)

    full, fixed = left(np.hstack([items, readers])), left(np.hstack([items, known]))
    noise = y @ full @ y / np.trace(full)
    gain = fixed - full
    between = (y @ gain @ y - noise * np.trace(gain)) / np.trace(readers.T @ gain @ readers)
    weight = np.linalg.inv(noise * np.eye(n) + between * readers @ readers.T)
    design = np.hstack([items, known])
    covariance = np.linalg.pinv(design.T @ weight @ design)
    effects, spread = covariance @ design.T @ weight @ y, np.sqrt(np.diag(covariance))
    found = compared(v)
    for place, group in ((-2, "old"), (-1, "high")):
        row = of(found, group).held_fixed
        assert row.value == pytest.approx(effects[place], abs=1e-6)
        assert (row.high - row.low) / 2 == pytest.approx(spread[place] * 1.99, rel=0.01)  # t of 77 degrees of freedom


def test_a_group_is_held_against_the_others_of_its_column_by_their_persons() -> None:
    item, reader = np.tile(np.arange(4), 30), np.repeat(np.arange(30), 4)
    town = np.array([*"a" * 10, *"b" * 15, *"c" * 5])[reader]
    rating = 2.0 * (town == "b") + 5.0 * (town == "c") + np.tile([0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0], 15)
    v = pd.DataFrame({"item": item, "reader": reader, "rating": rating, "town": town})
    assert of(compared(v, "town"), "a").held_fixed.value == pytest.approx(-(15 * 2 + 5 * 5) / 20, abs=1e-6)


def test_labels_are_compared_one_by_one_and_corrected_together() -> None:
    v = votes(1, old=1.0)
    steps = np.array(["mild", "rude", "vile"])[np.digitize(v.rating, [3.3, 4.3])]
    found = compared(v.assign(rating=steps))
    assert {row.label for row in found.rows} == {"mild", "rude", "vile"}
    assert len(found.rows) == 3 * 4
    vile = next(row for row in found.rows if (row.group, row.label) == ("old", "vile"))
    assert vile.is_found
    assert 0 < vile.difference.low < vile.difference.high < 1
    assert "readers give 'vile' +" in vile.reason
    as_numbers = compared(v.assign(rating=(steps == "vile").astype(float)))
    assert of(as_numbers, "old").difference == vile.difference
    assert of(as_numbers, "old").held_fixed == vile.held_fixed
    as_lists = compared(v.assign(rating=pd.Series([[step] for step in steps])))
    assert [row.reason for row in as_lists.rows] == [row.reason for row in found.rows]


def test_a_label_that_hardly_anybody_gives_is_left_out() -> None:
    v = votes(1)
    given = ["odd" if n < 3 else "rude" if rating > 3.5 else "mild" for n, rating in enumerate(v.rating)]
    assert {row.label for row in compared(v.assign(rating=given)).rows} == {"mild", "rude"}


def test_columns_that_say_the_same_cannot_be_told_apart() -> None:
    v = votes(2)
    rows = compared(v.assign(birth=v.age.map({"old": "before", "young": "since"})), "age", "birth").rows
    assert {row.held_fixed.reason for row in rows} == {"the ratings cannot tell it from the other columns"}
    assert {row.held_fixed_q_value for row in rows} == {None}
    assert not any(row.stays for row in rows)
    assert all(row.difference.value is not None for row in rows)


def test_readers_who_rated_once_cannot_be_told_from_noise() -> None:
    v = pd.DataFrame({"item": [0] * 40, "reader": range(40), "rating": [1, 2, 3, 4] * 10, "age": ["old", "young"] * 20})
    assert of(compared(v, "age"), "old").held_fixed.reason == "too few ratings to tell persons from noise"


def test_what_is_known_of_every_reader_apart_says_nothing_of_the_others() -> None:
    v = votes(3, old=0.5)
    alone, beside = compared(v, "age"), compared(v.assign(name=v.reader.astype(str)), "age", "name")
    assert of(beside, "old").held_fixed == of(alone, "old").held_fixed
    assert {row.by for row in beside.rows} == {"age"}


def test_the_order_of_ratings_makes_no_difference() -> None:
    v = votes(5, old=0.3)
    one, other = (of(compared(each), "old").held_fixed.numbers for each in (v, v.sample(frac=1, random_state=0)))
    assert one == pytest.approx(other, abs=1e-7)
