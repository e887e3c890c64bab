"""A judge is measured beside readers: leanings that were planted are found, and a judge like a reader has none."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from evaluation.judge import MeasuredJudge, measure_judge
from evaluation.judge_answers import ask_both_ways, settled

WORDS = ("first", "second", "equal")


def votes(rng: np.random.Generator, ahead: Any) -> list[str]:
    """Draw a vote for every pair, by how far its first text is ahead, one in seven of equals a tie."""
    chances = np.exp(np.column_stack([ahead / 2, -ahead / 2, np.full(len(ahead), np.log(0.4))]))
    upto = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
    return [WORDS[min(at, 2)] for at in (rng.random(len(ahead))[:, None] > upto).sum(axis=1).tolist()]


def judged(
    seed: int = 0, *, n: int = 400, care: float = 1.0, side: float = 0.0, length: float = 0.0, twice: bool = False
) -> MeasuredJudge:
    """Measure a judge on pairs of which people like the longer text a little more, as it is a little better.

    Args:
        seed: Of the draw.
        n: How many pairs.
        care: How closely the judge follows what people like, 1 as they do.
        side: What it leans to the first place, in log odds.
        length: What it gives to twice the length.
        twice: Whether it is asked with the sides swapped, too.
    """
    rng = np.random.default_rng(seed)
    lengths = 100 * np.exp(0.5 * rng.normal(size=(n, 2)))
    doublings = np.log2(lengths[:, 0] / lengths[:, 1])
    quality = 2 * rng.normal(size=n) + doublings
    readers = [list(pair) for pair in zip(votes(rng, quality), votes(rng, quality), strict=True)]
    own = care * quality + length * doublings
    swapped = votes(rng, side - own) if twice else None
    return measure_judge(readers, votes(rng, own + side), swapped=swapped, lengths=lengths, resamples=300)


@cache
def like_readers() -> list[MeasuredJudge]:
    return [judged(seed, n=800) for seed in range(40)]


def leans_to_length(found: MeasuredJudge) -> bool:
    _, low, high = found.longer.numbers
    return low > 0 or high < 0


def test_a_judge_like_a_reader_may_count_and_leans_to_nothing() -> None:
    assert sum(found.may_count for found in like_readers()) >= 24
    assert sum(found.prefers is not None for found in like_readers()) <= 6  # 2 of 40 expected
    assert sum(map(leans_to_length, like_readers())) <= 6
    agreement = np.mean([found.difference.value for found in like_readers()])
    assert abs(agreement) < 0.01
    assert "its votes may count: it agrees with a reader in" in next(f for f in like_readers() if f.may_count).verdict


def test_a_judge_that_likes_the_first_place_is_found() -> None:
    for seed in range(5):
        found = judged(seed, side=1.0)
        assert (found.prefers, found.may_count) == ("first", False)
        assert "it prefers what stands first" in found.verdict


def test_a_judge_that_likes_length_is_found_beyond_what_is_better() -> None:
    found = [judged(seed, length=1.2) for seed in range(10)]
    assert sum(each.longer.numbers[1] > 0 for each in found) >= 9
    assert not any(each.may_count for each in found if each.longer.numbers[1] > 0)
    assert "it prefers longer texts beyond what it shares with readers" in found[0].verdict


def test_a_judge_that_is_more_careful_than_readers_is_not_blamed_for_length() -> None:
    found = [judged(seed, care=3.0) for seed in range(20)]
    assert sum(map(leans_to_length, found)) <= 4
    assert sum(each.may_count for each in found) >= 15
    assert np.mean([each.kappa.numbers[0] - each.readers_kappa.numbers[0] for each in found]) > 0.1


def test_a_judge_that_answers_by_chance_may_not_count() -> None:
    found = judged(care=0.0)
    assert not found.may_count
    assert "it agrees less with readers than they do, by more than 0.05" in found.verdict
    assert found.kappa.numbers[1] < 0 < found.kappa.numbers[2]


def test_a_judge_that_never_decides_may_not_count_however_little_readers_agree() -> None:
    people = [["first", "second"], ["second", "second"], ["first", "first"], ["second", "first"]] * 200
    found = measure_judge(people, ["equal"] * 800)
    assert (found.with_readers.value, found.among_readers.value) == (0.5, 0.5)
    assert not found.may_count
    assert "it does not agree with readers beyond chance" in found.verdict


def test_a_tie_agrees_by_half() -> None:
    found = measure_judge([["first", "equal"]] * 10, ["first"] * 10)
    assert (found.with_readers.value, found.among_readers.value) == (0.75, 0.5)


def test_few_records_are_told_with_how_many_it_takes() -> None:
    found = judged(1, n=60, care=1.5)
    assert not found.may_count
    assert "60 records do not show that it agrees less by at most 0.05, which about " in found.verdict


def test_asked_both_ways_a_leaning_is_found_and_is_no_longer_in_its_votes() -> None:
    found = judged(side=2.0, twice=True)
    assert found.prefers == "first"
    assert found.turned is not None
    assert found.turned.numbers[1] > 0.3
    assert "prefers what stands" not in found.verdict
    assert judged(twice=True, seed=3).prefers is None


def test_what_a_judge_says_either_way_round_counts() -> None:
    assert settled(["first", "second", "equal", "first"], ["second", "second", "equal", "equal"]) == [
        "first",
        "equal",
        "equal",
        "equal",
    ]
    said = ask_both_ways(lambda a, b: "first", ["Yes.", "No."], ["Maybe.", "Never."])
    assert settled(said.answers, said.swapped) == ["equal", "equal"]


def test_a_few_records_on_which_all_agree_do_not_show_much() -> None:
    few, many = (measure_judge([["first"] * 2, ["second"] * 2] * n, ["first", "second"] * n) for n in (10, 50))
    assert (few.difference.value, few.may_count, many.may_count) == (0.0, False, True)
    assert few.difference.numbers[1] < -0.1
    assert few.with_readers.numbers[1] < 0.9


def test_without_two_readers_nothing_is_measured() -> None:
    found = measure_judge([["first"], []], ["first", "second"])
    assert (found.records, found.may_count) == (0, False)
    assert "no record was answered by two readers" in found.verdict


def test_records_of_one_prompt_are_drawn_together() -> None:
    people = [["first", "first"], ["second", "first"]] * 40
    alone = measure_judge(people, ["first"] * 80)
    together = measure_judge(people, ["first"] * 80, prompts=[n // 20 % 2 + n % 2 * 2 for n in range(80)])
    width = [found.with_readers.numbers[2] - found.with_readers.numbers[1] for found in (alone, together)]
    assert width[1] > 1.5 * width[0]


BAD: dict[str, tuple[Any, ...]] = {
    "another answer": ([["first"] * 2], ["left"], {}, "answers: record 0: expected one of first, second, equal"),
    "another answer of a reader": ([["left"] * 2], ["first"], {}, "readers: record 0: expected one of"),
    "no lists": (["first"], ["first"], {}, "readers: expected a list"),
    "too short": ([["first"] * 2] * 2, ["first"], {}, "answers"),
    "a margin": ([["first"] * 2], ["first"], {"margin": 1.0}, "margin: expected a share"),
    "no lengths": ([["first"] * 2], ["first"], {"lengths": [[1, 0]]}, "lengths: expected"),
}


def test_what_makes_no_sense_is_refused_in_one_line(subtests: pytest.Subtests) -> None:
    for name, (readers, answers, settings, said) in BAD.items():
        with subtests.test(name), pytest.raises(ValueError, match=r"^[^\n]+$") as error:
            measure_judge(readers, answers, **settings)
        assert said in str(error.value)
