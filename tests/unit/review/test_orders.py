"""Readers who put options in order: how far they agree, and what they say together."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from curation.review import agreement, consensus
from curation.tasks.orders import is_order, order_of, pairs

DRINKS = ("ale", "milk", "rum", "tea")
VOTES = [
    ("d1", "ana", "tea > milk > rum"),
    ("d1", "ben", "tea > milk > rum"),
    ("d2", "ana", "ale > port"),
    ("d2", "ben", "port > ale"),
    ("d3", "ana", "a = b > c"),
    ("d3", "ben", "a > b > c"),
]


def rows(votes: list[tuple[str, str, Any]]) -> list[dict[str, Any]]:
    return [dict(zip(("record_id", "reviewer", "value"), vote, strict=True)) for vote in votes]


def test_agreement_is_that_of_scipy_and_of_pairs_counted_by_hand() -> None:
    found = agreement(rows(VOTES), kind="ranking", resamples=200)
    taus = [1.0, -1.0, kendalltau([0, 0, 2], [0, 1, 2]).statistic]
    assert found.kendall_tau is not None
    assert found.kendall_tau.value == pytest.approx(np.mean(taus))
    assert found.observed.value == pytest.approx(np.mean([1, 0, 2 / 3]))
    assert (found.records, found.paired_records, found.votes, found.reviewers) == (3, 3, 6, 2)
    assert found.kendall_tau.low < found.kendall_tau.value < found.kendall_tau.high
    assert ["kendall tau", "all"] in found.to_pandas()[["measure", "of"]].values.tolist()


@given(st.lists(st.permutations(DRINKS), min_size=2, max_size=4), st.permutations(DRINKS))
def test_names_of_options_and_of_readers_play_no_part(orders: list[list[str]], names: list[str]) -> None:
    told = [("r", f"p{i}", order) for i, order in enumerate(orders)]
    other = dict(zip(DRINKS, names, strict=True))
    renamed = [("r", f"p{9 - i}", [other[name] for name in order]) for i, order in enumerate(orders)]
    one, two = (agreement(rows(votes), kind="ranking", resamples=2) for votes in (told, renamed))
    assert one.alpha.value == pytest.approx(two.alpha.value)
    assert one.kendall_tau.value == pytest.approx(two.kendall_tau.value)


def test_readers_at_random_agree_by_chance_and_equal_ones_fully() -> None:
    rng = np.random.default_rng(0)
    at_random = [(f"r{i}", who, rng.permutation(DRINKS).tolist()) for i in range(400) for who in "ab"]
    assert abs(agreement(rows(at_random), kind="ranking").alpha.value) < 0.08
    alike = [(record, who, at_random[2 * int(record[1:])][2]) for record, who, _ in at_random]
    assert agreement(rows(alike), kind="ranking").alpha.value == 1


@pytest.mark.parametrize("order", [["tea", "milk"], [["tea"], ["milk"]], "tea > milk", '["tea", "milk"]'])
def test_an_order_is_read_however_it_is_written(order: Any) -> None:
    found = consensus(
        rows([("r", "ana", order), ("r", "ben", [{"value": "milk", "rank": 4}, {"value": "tea", "rank": 2}])]),
        kind="ranking",
    )
    assert found.label == {"r": "tea > milk"}
    assert found.value == {"r": [{"value": "tea", "rank": 1}, {"value": "milk", "rank": 2}]}
    assert found.table["votes"].to_pylist() == [2]
    assert found.reviewers["kendall_tau"].to_pylist() == [1, 1]


def test_readers_who_are_usually_right_outvote_those_who_are_not() -> None:
    rng = np.random.default_rng(1)
    truth = {f"r{i:02}": rng.permutation(DRINKS).tolist() for i in range(60)}
    votes = [(record, who, order) for record, order in truth.items() for who in ("ana", "ben")]
    votes += [(record, who, rng.permutation(DRINKS).tolist()) for record in truth for who in ("x1", "x2", "x3")]
    found = consensus(rows(votes), kind="ranking")
    right = np.mean([found.label[record] == " > ".join(order) for record, order in truth.items()])
    assert right > 0.9
    quality = dict(
        zip(found.reviewers["reviewer"].to_pylist(), found.reviewers["kendall_tau"].to_pylist(), strict=True)
    )
    assert min(quality["ana"], quality["ben"]) > 0.9 > 0.3 > max(quality["x1"], quality["x2"], quality["x3"])


def test_pairs_that_go_round_in_a_circle_are_told() -> None:
    circle = [("r", "ana", "a > b > c"), ("r", "ben", "b > c > a"), ("r", "cem", "c > a > b")]
    clear = [(f"s{i}", who, "a > b > c") for i in range(6) for who in ("ana", "ben", "cem")]
    found = consensus(rows([*circle, *clear]), kind="ranking")
    assert found.cycles == ["r"]
    assert found._facts()["cycles"] == 1
    assert found.confidence["r"] < 0.5 < 0.9 < found.confidence["s0"]


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=6, max_size=6))
def test_the_order_of_pairs_has_the_fewest_against_it(signs: list[int]) -> None:
    said = dict(zip(combinations(DRINKS, 2), signs, strict=True))

    def against(tiers: list[list[str]]) -> float:
        return sum(abs(sign - said[pair]) / 2 for pair, sign in pairs(tiers).items())

    strict = min(against([[name] for name in order]) for order in permutations(DRINKS))
    assert against(order_of(said)) <= strict
    assert is_order(said) == (against(order_of(said)) == 0)


def test_many_options_in_a_circle_take_no_time_and_keep_what_is_sure() -> None:
    names = [f"o{i:02}" for i in range(40)]
    said = dict.fromkeys(combinations(names, 2), 1)
    assert order_of(said) == [[name] for name in names]
    found = order_of({**said, ("o00", "o02"): -1})
    assert sorted(found[0]) == ["o00", "o01", "o02"]
    assert found[1:] == [[name] for name in names[3:]]


@pytest.mark.parametrize(
    ("votes", "more", "message"),
    [
        ([("r", "ana", "a > b"), ("r", "ben", "a > c")], {}, "record 'r': expected an order of a, b, found 'a > c'"),
        (
            [("r", "ana", "a > b")],
            {"labels": ["a", "b", "c"]},
            "record 'r': expected an order of a, b, c, found 'a > b'",
        ),
        ([("r", "ana", "a > a")], {}, "row 0: the options of an answer must differ, 'a' stands there twice"),
        ([("r", "ana", 3)], {}, "row 0: expected all options in order"),
        ([("r", "ana", [{"value": "a", "rank": 0}])], {}, "row 0: expected a value and a whole rank from 1"),
    ],
)
@pytest.mark.parametrize("call", [agreement, consensus])
def test_what_is_no_order_of_all_options_is_one_line(call: Any, votes: Any, more: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^votes: {message}"):
        call(rows(votes), kind="ranking", **more)
