"""Planted models: what each of them reads is what harms it, and one that minds nothing is not said to be harmed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from evaluation.holm import holm
from evaluation.intervals import Interval
from evaluation.robustness import Robustness, robustness

NAMES = ["refund", "other"]
FILLER = ("please", "look", "at", "the", "order", "that", "my", "sister", "placed", "last", "week", "and", "soon")


def texts_of(n: int, *, seed: int = 0) -> tuple[list[str], list[int]]:
    """Messages of twelve words; every other one asks for a refund."""
    rng = np.random.default_rng(seed)
    words = [[*rng.permutation(FILLER)[:11], "refund" if i % 2 == 0 else "parcel"] for i in range(n)]
    return [" ".join(map(str, rng.permutation(one))) for one in words], [i % 2 for i in range(n)]


def says(is_first: Any) -> Any:
    return lambda texts: [[0.9, 0.1] if is_first(text) else [0.1, 0.9] for text in texts]


def measured(texts: Sequence[str], labels: Any, is_first: Any, **settings: Any) -> Robustness:
    return robustness(texts, labels, says(is_first), label_names=NAMES, resamples=100, **settings)


def harmful(found: Robustness) -> set[str]:
    return {one.perturbation for one in found.harms if one.harmful}


def test_a_model_that_reads_case_alone_is_harmed_by_case_and_not_by_slips() -> None:
    texts, labels = texts_of(120)
    texts = [text.upper() if label == 0 else text for text, label in zip(texts, labels, strict=True)]
    found = measured(texts, labels, lambda text: "A" <= text[0] <= "Z", perturbations=["typos", "lower_case", "blanks"])
    assert harmful(found) == {"lower_case"}
    worst = found.harms[0]
    assert (worst.perturbation, worst.worst.broken, worst.worst.mended) == ("lower_case", 60, 0)
    assert worst.worst.accuracy_drop.value == worst.worst.flips.value == 0.5
    assert len(worst.examples) == 3
    assert all(texts[row].lower() == example for row, (example,) in zip(worst.records, worst.examples, strict=True))


def test_a_model_of_one_word_is_harmed_by_slips_the_more_the_stronger() -> None:
    texts, labels = texts_of(200)
    found = measured(texts, labels, lambda text: "refund" in text.lower(), perturbations=["typos", "upper_case"])
    assert harmful(found) == {"typos"}
    typos = found.harms[0]
    drops = [float(point.accuracy_drop.value or 0) for point in typos.curve]
    assert drops == sorted(drops)
    # half of the texts hold the word, and a slip is in it as often as the strength says
    assert drops[-1] == pytest.approx(0.2, abs=0.1)
    for point in typos.curve:
        assert point.flips.value == pytest.approx(point.accuracy_drop.value)
    assert found.harms[1].reason.endswith("accuracy stays at 1.000; 0% of the answers flip")


def test_a_model_that_minds_nothing_keeps_every_answer() -> None:
    texts, labels = texts_of(60)
    found = measured(texts, labels, lambda text: True)
    assert harmful(found) == set()
    assert {point.flips.value for one in found.harms for point in one.curve} == {0.0}
    for one in found.harms:
        _, low, high = one.worst.accuracy_drop.numbers
        assert -0.1 < low < 0 < high < 0.1  # 60 texts on which nothing moves do not show that nothing ever does
    assert {"accents_stripped", "numbers", "names"} <= set(found.unchanged)
    assert "nothing to change for" in found.note


def test_a_model_whose_errors_move_about_is_seldom_said_to_be_harmed() -> None:
    """Right about four of five texts, and about others of them after any change: no change costs it anything."""
    changes, alarms = ["upper_case", "punctuation_added", "appended_sentence", "blanks", "appended_address"], 0
    for seed in range(20):
        texts, labels = texts_of(100, seed=seed)

        def is_first(text: str, seed: int = seed) -> bool:
            is_right = crc32(f"{seed} {text}".encode()) % 5 > 0
            return ("refund" in text.lower()) == is_right

        alarms += bool(harmful(measured(texts, labels, is_first, perturbations=changes)))
    assert alarms <= 3  # 5% of 20 at most; more than 3 comes in 1.6% of such draws


def test_several_labels_and_records_of_two_fields() -> None:
    texts, labels = texts_of(80)
    records = [(text, "ADDRESS") for text in texts]
    ask = lambda pairs: [[0.9 * ("refund" in one), 0.9 * two.isupper()] for one, two in pairs]  # noqa: E731
    right = np.array([[label == 0, True] for label in labels], dtype=int)
    found = robustness(
        records, right, ask, label_names=NAMES, perturbations=["lower_case", "cut"], resamples=50, strengths=[1.0]
    )
    lower = next(one for one in found.harms if one.perturbation == "lower_case")
    assert (lower.worst.broken, lower.harmful, lower.worst.flips.value) == (80, True, 1.0)


def test_no_text_is_asked_about_twice_and_the_order_of_texts_plays_no_part() -> None:
    texts, labels = texts_of(40)
    seen: list[str] = []

    def ask(asked: list[str]) -> Any:
        seen.extend(asked)
        return says(lambda text: "refund" in text)(asked)

    found = robustness(texts, labels, ask, label_names=NAMES, resamples=20)
    assert len(seen) == len(set(seen)) == found.asked
    back = robustness(texts[::-1], labels[::-1], ask, label_names=NAMES, resamples=20)
    flips = [{one.perturbation: one.worst.flips.value for one in each.harms} for each in (found, back)]
    assert flips[0] == flips[1]


def test_more_texts_than_are_asked_for_are_drawn_and_that_is_said() -> None:
    texts, labels = texts_of(90)
    found = measured(texts, labels, lambda text: True, most=30, perturbations=["upper_case"])
    assert (found.n, found.of, found.note) == (30, 90, "30 texts drawn from 90")
    assert isinstance(found.accuracy, Interval)
    assert found.to_dict()["harms"][0]["curve"][0]["strength"] == 0.1


def test_p_values_are_adjusted_step_by_step() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"perturbations": ["tipos"]}, "perturbation: expected one of typos"),
        ({"strengths": [0.0]}, "strengths: expected shares of the places, above 0"),
        ({"strengths": []}, "strengths: expected at least one"),
        ({"most": 0}, "most: expected at least 1"),
        ({"labels": [0]}, r"labels: expected one per record \(2\), got 1"),
        ({"ask": lambda texts: [[1.0]] * len(texts)}, r"ask: expected probabilities of shape \(14, 2\), got \(14, 1\)"),
        ({"ask": lambda texts: [[2.0, -1.0]] * len(texts)}, r"ask: expected probabilities in \[0, 1\]"),
        ({"texts": "one text"}, "texts: expected a sequence of strings"),
        ({"texts": [("a", "b"), ("c",)]}, "texts: expected tuples of 2 texts, got .* at record 1"),
    ],
)
def test_bad_input_is_one_line(given: dict[str, Any], said: str) -> None:
    settings = {"texts": ["a b", "c d"], "labels": [0, 1], "ask": says(bool), "label_names": NAMES, **given}
    with pytest.raises(ValueError, match=said):
        robustness(settings.pop("texts"), settings.pop("labels"), settings.pop("ask"), **settings)
