"""A test that may be looked at after every pair: hardly ever fooled, and as sure of a prefix as it was then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evaluation.sequential import SequentialTest, sequential_compare, sequential_wins


def streams(seed: int, n: int, share: float, better: float) -> Any:
    draws = np.random.default_rng(seed).random((2, n))
    return draws[0] < share, draws[1] < share + better


def tried(seed: int, n: int, share: float, better: float) -> SequentialTest:
    return sequential_compare(*streams(seed, n, share, better))


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_two_that_are_alike_are_told_apart_in_less_than_a_twentieth_of_streams(share: float) -> None:
    found = [tried(seed, 2000, share, 0.0) for seed in range(120)]
    assert sum(one.is_shown for one in found) <= 6  # looked at after each of 2,000 pairs; 5% of 120 are 6
    held = sum(one.difference.numbers[1] <= 0 <= one.difference.numbers[2] for one in found)
    assert held >= 114


def test_a_difference_is_found_with_its_direction_and_its_size() -> None:
    found = [tried(seed, 2000, 0.7, 0.1) for seed in range(60)]
    assert sum(one.is_shown for one in found) >= 58
    assert sum(one.difference.numbers[1] <= 0.1 <= one.difference.numbers[2] for one in found) >= 57
    assert all(one.verdict.startswith("better") for one in found if one.is_shown)
    assert np.median([one.first_shown for one in found if one.first_shown]) < 1000
    worse = tried(0, 2000, 0.7, -0.1)
    assert worse.verdict.startswith("worse: -0.")


def test_it_says_the_same_of_every_prefix_that_it_said_when_the_stream_was_there() -> None:
    first, second = streams(3, 800, 0.6, 0.15)
    whole = sequential_compare(first, second)
    assert whole.first_shown is not None
    p = [sequential_compare(first[:n], second[:n]).p_value for n in range(1, 800, 25)]
    assert p == sorted(p, reverse=True)
    at = whole.first_shown
    assert sequential_compare(first[:at], second[:at]).first_shown == at
    assert not sequential_compare(first[: at - 1], second[: at - 1]).is_shown
    assert whole.p_value <= 0.05


def test_what_is_won_on_no_difference_is_a_fair_game() -> None:
    """Over all ways in which ten pairs can go, the mean of what was won is what was put in."""
    ways = np.array(np.meshgrid(*[[0, 1]] * 10)).reshape(10, -1).T
    from evaluation.sequential import _BETS, _log_mean

    wins = ways.sum(axis=1)[:, None].astype(np.float64)
    won = np.exp(_log_mean(wins * np.log1p(_BETS) + (10 - wins) * np.log1p(-_BETS)))
    assert won.mean() == pytest.approx(1.0)


def test_the_two_change_places_and_pairs_wait_for_their_partners() -> None:
    first, second = streams(5, 300, 0.5, 0.2)
    there, back = sequential_compare(first, second), sequential_compare(second, first)
    assert (there.wins, there.losses, there.p_value) == (back.losses, back.wins, pytest.approx(back.p_value))
    assert np.allclose(there.difference.numbers[1:], -np.array(back.difference.numbers[:0:-1]), atol=1e-9)
    more = sequential_compare(first, [*second, True, False])
    assert (more.waiting, more.pairs) == (2, 300)
    assert more.p_value == there.p_value


def test_nothing_yet_and_nothing_but_ties_show_nothing() -> None:
    empty = sequential_compare([], [True])
    assert (empty.pairs, empty.p_value, empty.first_shown) == (0, 1.0, None)
    assert empty.verdict == "no difference shown: there is no pair yet"
    ties = sequential_wins([0.5] * 400)
    assert (ties.wins, ties.losses, ties.p_value, ties.difference.value) == (0, 0, 1.0, 0.0)
    assert ties.difference.numbers[2] < 0.2
    clear = sequential_wins([1] * 200)
    assert clear.difference.numbers[1] > 0.85
    assert clear.difference.numbers[2] == 1.0


def test_outcomes_that_are_none_are_one_line() -> None:
    with pytest.raises(ValueError, match=r"wins: expected 1, 0 or 0\.5 for each pair, got 2\.0 at record 1"):
        sequential_wins([1, 2])
    with pytest.raises(ValueError, match="after: expected true or false for each record, got 'yes' at record 0"):
        sequential_compare([True], ["yes"])
