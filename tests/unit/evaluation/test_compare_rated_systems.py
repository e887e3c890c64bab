"""Ratings of outputs say which system is better, whoever happened to read which of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evaluation.rated_systems import compare_rated_systems

SEVERE = (0.0, 0.8, -0.8, 0.0)


def ratings(seed: int, *, ahead: float = 0.0, prompts: int = 60, unfair: bool = False) -> dict[str, list[Any]]:
    """Two of four readers rate each output; one is mild, one severe, who reads more of A where it is unfair."""
    rng = np.random.default_rng(seed)
    rows = []
    for prompt in range(prompts):
        level = 3 + 0.7 * rng.normal()
        for system in "AB":
            output = level + 0.4 * rng.normal() + ahead * (system == "A")
            readers = rng.choice(4, 2, replace=False)
            if unfair and rng.random() < 0.8:
                readers = (2, 3) if system == "A" else (1, 0)
            for reader in readers:
                given = round(output + SEVERE[reader] + 0.5 * rng.normal())
                rows.append((system, min(max(given, 1), 5), f"r{reader}", prompt))
    return {
        name: list(column)
        for name, column in zip(("systems", "ratings", "readers", "prompts"), zip(*rows, strict=True), strict=True)
    }


def test_a_planted_difference_is_found_and_none_where_there_is_none() -> None:
    planted = [compare_rated_systems(**ratings(seed, ahead=0.5)) for seed in range(20)]
    nothing = [compare_rated_systems(**ratings(seed)).pairs[0] for seed in range(100)]
    assert sum(found.pairs[0].better == "A" for found in planted) >= 19
    assert sum(pair.better is not None for pair in nothing) <= 12


def test_a_severe_reader_does_no_harm_to_the_system_that_is_read_most() -> None:
    given = [ratings(seed, unfair=True) for seed in range(20)]
    known = [compare_rated_systems(**each).between("A", "B").difference for each in given]
    unknown = [compare_rated_systems(**{**each, "readers": None}).between("A", "B").difference for each in given]
    assert abs(np.mean([each.value for each in known])) < 0.1
    assert np.mean([each.value for each in unknown]) < -0.5
    assert sum(each.low <= 0 <= each.high for each in known) >= 17


def test_ratings_without_any_variance_have_an_interval_with_a_width() -> None:
    found = compare_rated_systems(["A", "B"] * 10, [3, 2] * 10, prompts=[n // 2 for n in range(20)])
    assert found.pairs[0].difference.numbers[1] < 1.0 < found.pairs[0].difference.numbers[2]
    assert found.pairs[0].better == "A"
    turned = found.between("B", "A")
    assert (turned.system, turned.better) == ("B", "A")
    assert turned.difference.value == pytest.approx(-1.0)


def test_what_makes_no_sense_is_refused_in_one_line(subtests: pytest.Subtests) -> None:
    bad: dict[str, tuple[list[Any], list[Any], str]] = {
        "one system": (["A", "A"], [1, 2], "expected ratings of two systems"),
        "a missing rating": (["A", "B"], [1, None], "ratings: record 1: expected a number, got none"),
        "too short": (["A", "B"], [1], "ratings"),
    }
    for name, (systems, points, said) in bad.items():
        with subtests.test(name), pytest.raises(ValueError, match=said):
            compare_rated_systems(systems, points)
