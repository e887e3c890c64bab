"""Systems are compared by votes: planted differences and leanings are found, and those that are not there are not."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pytest

from evaluation.system_comparison import compare_systems
from evaluation.system_results import SystemComparison


@dataclass
class Crowd:
    """Two of some readers vote on every prompt; what is ahead wins by a logistic chance, and one in seven is a tie.

    Attributes:
        ahead: How far each system is ahead, in log odds.
        leans: What each reader leans to the first place.
        longer: What a text of twice the length gains.
    """

    ahead: tuple[float, ...] = (0.0, 0.0)
    leans: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    longer: float = 0.0
    prompts: int = 150
    seed: int = 0
    columns: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng, names = np.random.default_rng(self.seed), "ABCDEF"[: len(self.ahead)]
        rows = []
        for prompt in range(self.prompts):
            sizes = 100 * 2 ** rng.normal(size=len(names))
            worth = np.array(self.ahead) + 0.7 * rng.normal(size=len(names)) + self.longer * np.log2(sizes)
            for a in range(len(names)):
                for b in range(a):
                    one, other = (a, b) if rng.random() < 0.5 else (b, a)
                    for reader in rng.choice(len(self.leans), 2, replace=False):
                        z = worth[one] - worth[other] + self.leans[reader]
                        chances = np.array([np.exp(z / 2), np.exp(-z / 2), 0.4])
                        winner = rng.choice(["first", "second", "equal"], p=chances / chances.sum())
                        rows.append(
                            (names[one], names[other], winner, f"r{reader}", prompt, (sizes[one], sizes[other]))
                        )
        keys = ("first", "second", "winner", "readers", "prompts", "lengths")
        self.columns = {key: list(column) for key, column in zip(keys, zip(*rows, strict=True), strict=True)}

    def compared(self, **changed: Any) -> SystemComparison:
        return compare_systems(**{**self.columns, **changed})


@cache
def fair_crowds() -> list[SystemComparison]:
    """Sixty crowds without a difference or a leaning."""
    return [Crowd(seed=seed, prompts=100).compared(lengths=None) for seed in range(60)]


def test_a_planted_difference_is_found_and_none_where_there_is_none() -> None:
    planted = [Crowd(ahead=(0.8, 0.0), seed=seed).compared().pairs[0] for seed in range(10)]
    nothing = [one.pairs[0] for one in fair_crowds()]
    assert sum(pair.better == "A" for pair in planted) >= 9
    assert sum(pair.better is not None for pair in nothing) <= 7  # 3 of 60 expected; more than 7 in 2 runs of 100
    assert all(pair.win_rate.low < 0.5 < pair.win_rate.high for pair in nothing if pair.better is None)


def test_a_reader_who_likes_the_first_place_is_named_and_others_are_not() -> None:
    leaning = [Crowd(leans=(0, 0, 0, 2.0), seed=seed).compared() for seed in range(10)]
    assert all({each.reader: each.prefers for each in one.readers}["r3"] == "first" for one in leaning)
    assert sum(any(each.prefers for each in one.readers[:3]) for one in leaning) <= 2
    assert sum(any(each.prefers for each in one.readers) for one in fair_crowds()) <= 7


def test_the_model_takes_out_what_a_leaning_reader_hides() -> None:
    fair = np.mean([Crowd(ahead=(1.5, 0), seed=seed).compared().pairs[0].counted.value or 0 for seed in range(6)])
    leans = (0, 0, 6.0, 6.0)
    found = [Crowd(ahead=(1.5, 0), leans=leans, seed=seed).compared().pairs[0] for seed in range(6)]
    counted, modelled = (np.mean([getattr(pair, name).value for pair in found]) for name in ("counted", "win_rate"))
    assert counted < fair - 0.05
    assert abs(modelled - fair) < 0.03


def test_intervals_cover_what_many_prompts_say() -> None:
    many = Crowd(ahead=(0.6, 0), prompts=2500, seed=99).compared().between("A", "B")
    for name in ("counted", "win_rate", "same_length"):
        true = getattr(many, name).value
        found = [
            getattr(Crowd(ahead=(0.6, 0), prompts=60, seed=s).compared().between("A", "B"), name) for s in range(60)
        ]
        assert sum(each.low <= true <= each.high for each in found) >= 52  # 57 of 60 expected


def test_what_length_gains_is_told_apart_from_the_systems() -> None:
    crowd = Crowd(longer=1.0, prompts=300)
    found = crowd.compared()
    assert found.longer is not None
    assert found.longer.numbers[1] > 0.55
    who, sizes = crowd.columns["first"], crowd.columns["lengths"]
    longer = [(2 * a, b) if one == "A" else (a, 2 * b) for one, (a, b) in zip(who, sizes, strict=True)]
    turned = crowd.compared(lengths=longer).between("A", "B")
    assert turned.same_length.numbers[2] < 0.5  # equals although the texts of one seem twice as long: it is worse


def test_where_one_system_always_writes_more_length_and_system_cannot_be_told_apart() -> None:
    for names in ("AB", "ABC"):
        crowd = Crowd(ahead=(3.0, 0.0, 1.5)[: len(names)], prompts=60)
        usual, rng = dict(zip("ABC", (400, 100, 200), strict=True)), np.random.default_rng(1)
        sides = zip(crowd.columns["first"], crowd.columns["second"], strict=True)
        lengths = [[usual[a] * 1.02 ** rng.normal(), usual[b] * 1.02 ** rng.normal()] for a, b in sides]
        found = crowd.compared(lengths=lengths)
        assert found.longer is not None
        assert found.longer.numbers[1] < 0.5 < found.longer.numbers[2]
        pair = found.between("A", "B")
        assert pair.same_length is not None
        assert pair.same_length.numbers[2] - pair.same_length.numbers[1] > 0.9
        assert pair.win_rate.numbers[1] > 0.7
        same = crowd.compared(
            lengths=[
                [usual[a], usual[b]] for a, b in zip(*map(crowd.columns.__getitem__, ("first", "second")), strict=True)
            ]
        )
        assert (same.longer, same.between("A", "B").same_length) == (None, None)


def test_three_systems_have_an_order_with_ranks_as_far_as_they_are_known() -> None:
    found = Crowd(ahead=(0.0, 1.5, 0.1), prompts=120).compared()
    assert found.systems[0] == "B"
    assert [(score.best_rank, score.worst_rank) for score in found.scores] == [(1, 1), (2, 3), (2, 3)]
    assert [pair.prompts for pair in found.pairs] == [120] * 3
    assert found.between("A", "B").counted.value == pytest.approx(1 - found.between("B", "A").counted.value)


def test_a_system_that_always_wins_has_an_interval_with_a_width() -> None:
    sides = [("A", "B") if n % 2 else ("B", "A") for n in range(12)]
    found = compare_systems(*zip(*sides, strict=True), ["first" if a == "A" else "second" for a, _ in sides]).pairs[0]
    assert (found.system, found.counted.value, found.better) == ("A", 1.0, "A")
    assert 0.6 < found.counted.low < 0.9
    assert 0.55 < found.win_rate.low < found.win_rate.value < 1


def test_the_order_of_votes_plays_no_part() -> None:
    crowd = Crowd(ahead=(0.5, 0))
    turned = {name: column[::-1] for name, column in crowd.columns.items()}
    one, other = crowd.compared().pairs[0], compare_systems(**turned).pairs[0]
    assert one.win_rate.numbers == pytest.approx(other.win_rate.numbers)
    assert one.counted.numbers == pytest.approx(other.counted.numbers)


def test_outputs_that_are_the_same_are_ties_of_nobody() -> None:
    known = {"first": ["A", "B", "A"], "second": ["B", "A", "B"], "winner": ["first", "second", "equal"]}
    found = compare_systems(**known, readers=["ana", "ana", None], prompts=["p", "q", "r"])
    assert (found.votes, found.prompts, found.pairs[0].tied) == (2, 3, 0)
    assert found.pairs[0].counted.value == pytest.approx(2.5 / 3)


def test_sides_that_were_not_drawn_are_told() -> None:
    found = compare_systems(["A"] * 30, ["B"] * 30, ["first"] * 20 + ["second"] * 10)
    assert "first stood A in 100%, B in 0% of its votes" in found.note
    assert Crowd().compared().note == ""


BAD = {
    "one system": (["A"], ["A"], ["first"], "expected two systems, got 'A' twice"),
    "a winner by name": (["A"], ["B"], ["A"], "winner: record 0: expected one of first, second, equal, got 'A'"),
    "nothing decided": (["A"], ["B"], ["equal"], "got ties alone"),
    "too short": (["A", "A"], ["B"], ["first"], "second"),
    "nothing": ([], [], [], "expected"),
}


def test_what_makes_no_sense_is_refused_in_one_line(subtests: pytest.Subtests) -> None:
    for name, (first, second, winner, said) in BAD.items():
        with subtests.test(name), pytest.raises(ValueError, match=r"^[^\n]+$") as error:
            compare_systems(first, second, winner)
        assert said in str(error.value)
    for lengths in ([[1, 0]], [[1, float("nan")]], [[1, 2, 3]]):
        with pytest.raises(ValueError, match="lengths: expected"):
            compare_systems(["A"], ["B"], ["first"], lengths=lengths)
