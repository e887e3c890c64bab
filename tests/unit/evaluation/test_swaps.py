"""Swaps of who is named: words in their form, a planted bias is found, and none where a model minds nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from evaluation.counterfactual import Swaps, counterfactual_swaps
from evaluation.swap_terms import SwapPair, parse_swaps, read_swaps, swaps_of
from evaluation.swapping import swapped

PAIRS = {pair.name: pair for pair in swaps_of("en")}
GENDER, FAITH = PAIRS["men / women"], PAIRS["christian / muslim"]
NAMES = ["refuse", "grant"]
PEOPLE = (("He", "His"), ("She", "Her"))


def became(text: str, pair: SwapPair = GENDER) -> str | None:
    found = swapped((text,), pair)
    return None if found is None else found.records[0][0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She lost her card.", "He lost his card."),
        ("I gave it to her, and she left", "I gave it to him, and he left"),
        ("they told her that it was late", "they told him that it was late"),
        ("He hurt himself; the fault is his.", "She hurt herself; the fault is hers."),
        ("his wife called HIM", "her husband called HER"),
        ("Where is she's card? HE'S here", "Where is he's card? SHE'S here"),
        ("The shepherd reads theory in the human herd", None),  # whole words alone
        ("will the mark stay", None),
        ("Dear Sir", "Dear Madam"),
    ],
)
def test_words_and_pronouns_take_the_form_of_their_place(text: str, expected: str | None) -> None:
    assert became(text) == expected


def test_a_name_becomes_one_of_several_and_the_same_one_throughout() -> None:
    found = swapped(("John and Michael wrote. john, JOHN and John agree",), GENDER)
    assert found is not None
    assert found.side == 0
    assert len(found.records) == 3
    women = set(GENDER.terms["john"].becomes)
    for (text,) in found.records:
        first, _, second, _, small, shouted, _, last, _ = text.replace(",", "").split()
        assert first == last
        assert {first, second} <= women
        assert first != second
        assert (small, shouted) == ("john", first.upper())  # a name without its capital letter is none
    assert swapped(("John and Michael wrote. john, JOHN and John agree",), GENDER) == found


def test_a_text_that_names_both_groups_is_of_neither_side_and_one_that_names_none_is_none() -> None:
    both = swapped(("He told her",), GENDER)
    assert both is not None
    assert both.side is None
    assert swapped(("the parcel is late",), GENDER) is None
    islam = swapped(("Muslims pray", "in the MOSQUE"), FAITH)
    assert islam is not None
    assert (islam.side, islam.records) == (1, (("Christians pray", "in the CHURCH"),))


def test_every_word_of_the_list_becomes_another_which_is_of_the_other_group_if_of_any() -> None:
    for pair in PAIRS.values():
        for term in pair.terms.values():
            there = swapped((f"so {term.word} it is",), pair)
            assert there is not None
            assert there.side == term.side
            for (text,) in there.records:
                assert text != f"so {term.word} it is"
                back = swapped((text,), pair)
                assert back is None or back.side == 1 - term.side


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("men / women he = she", "row 1: expected 'group / group: word = word"),
        ("# a remark\nmen: he = she", "row 2: expected 'group / group"),
        ("men / women: he is she", "row 1: expected 'group / group: word = word.*got 'he is she'"),
        ("men / women: he = she; he > woman", "row 1: expected each word of 'men / women' once, got 'he' again"),
        ("men / women: he = she, woman", "row 1: expected a word and what it becomes, or several on both sides"),
        ("men / women: his > her | hers | she", "row 1: expected a word and what it becomes"),
        ("alone before: to, of", "expected 'group / group: word = word.*got no line"),
    ],
)
def test_a_list_that_says_no_swap_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "swap-terms.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=said) as error:
        read_swaps(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_another_language_needs_a_list_whose_phrases_keep_their_agreement() -> None:
    with pytest.raises(ValueError, match="language: expected one of en, or a list of swaps of your own, got 'de'"):
        swaps_of("de")
    (pair,) = parse_swaps("männer / frauen: der mann = die frau; mann = frau; er = sie")
    assert became("Der  Mann sagt, dass er kommt", pair) == "Die Frau sagt, dass sie kommt"


def messages(seed: int, n: int = 120) -> list[str]:
    rng = np.random.default_rng(seed)
    who = np.array([["She", "He"], ["A Muslim", "A Christian"]])[rng.integers(2, size=n), rng.integers(2, size=n)]
    return [f"{each} wrote about order {number}" for each, number in zip(who, rng.integers(10**6, size=n), strict=True)]


def tried(seed: int, lean: float, **settings: Any) -> Swaps:
    """Swap messages for a model with noise of its own on every text, which leans against Muslims."""

    def model(texts: list[str]) -> Any:
        noise = np.array([np.random.default_rng([seed, crc32(text.encode())]).normal() for text in texts])
        against = 1 / (1 + np.exp(-noise - lean * np.array(["Muslim" in text for text in texts])))
        return np.column_stack([against, 1 - against])

    settings = {"resamples": 99, "minimum": 15, **settings}
    return counterfactual_swaps(messages(seed), model, label_names=NAMES, **settings)


def test_a_planted_bias_is_found_with_its_size_and_its_direction() -> None:
    found = tried(0, 2.0)
    assert [pair.pair for pair in found.found] == ["christian / muslim"]
    effect = found.pairs[0]
    assert effect.label in NAMES
    sign = 1 if effect.label == "refuse" else -1
    assert sign * effect.skew.numbers[1] > 0.1
    assert sign * effect.to_second.numbers[0] > 0.1
    assert sign * effect.to_first.numbers[0] < -0.1
    assert effect.skew.value == pytest.approx((effect.to_second.numbers[0] - effect.to_first.numbers[0]) / 2)
    assert effect.of_first + effect.of_second == effect.records
    assert "with muslim in place of christian" in effect.reason
    assert all(example.before != example.after for example in effect.examples)
    assert effect.smallest_seen is not None
    assert 0 < effect.smallest_seen < abs(effect.skew.numbers[0])


def test_a_model_that_minds_nobody_is_named_no_oftener_than_promised() -> None:
    named = sum(bool(tried(seed, 0.0, resamples=1).found) for seed in range(80))
    assert named <= 9  # of 80 at .05: 9 or fewer in 99% of the cases


def test_what_any_swap_does_to_a_text_is_no_skew() -> None:
    """Whatever words are swapped, a model that counts changes moves in both directions alike."""
    own = set(messages(3))

    def startled(texts: list[str]) -> Any:
        odd = np.array([0.0 if text in own else 0.3 for text in texts])
        return np.column_stack([0.3 + odd, 0.7 - odd])

    found = counterfactual_swaps(sorted(own), startled, label_names=NAMES, minimum=15, resamples=19)
    gender = next(pair for pair in found.pairs if pair.pair == "men / women")
    assert gender.changed.value == 1.0
    assert abs(gender.to_second.numbers[0]) == pytest.approx(0.3)
    assert gender.skew.value == pytest.approx(0.0)
    assert not found.found


def test_one_direction_alone_has_a_share_of_changes_and_no_verdict_on_its_side() -> None:
    texts = [f"She asked about order {n}" for n in range(30)] + ["A Muslim wrote"]
    found = counterfactual_swaps(texts, lambda asked: [[0.9, 0.1]] * len(asked), label_names=NAMES, resamples=19)
    (effect,) = found.pairs
    assert (effect.records, effect.of_first, effect.of_second) == (30, 0, 30)
    assert (effect.changed.value, effect.label, effect.p_value) == (0.0, None, 1.0)
    assert effect.changed.numbers[2] > 0.05  # 30 records show no more
    assert "not tested, as 0 name men" in effect.reason
    assert found.too_small == {"christian / muslim": 1}
    assert "fewer than 20 of them name: christian / muslim (1)" in found.note


def test_copies_count_once_and_what_belongs_together_counts_as_one() -> None:
    texts = messages(5)
    once = tried(5, 1.0)
    assert once.of == len(set(texts))
    model_seed = 5

    def model(asked: list[str]) -> Any:
        share = np.array([np.random.default_rng([model_seed, crc32(text.encode())]).random() for text in asked])
        return np.column_stack([share, 1 - share])

    twice = counterfactual_swaps(texts * 2, model, label_names=NAMES, minimum=15, resamples=19)
    alone = counterfactual_swaps(texts, model, label_names=NAMES, minimum=15, resamples=19)
    assert twice.to_dict() == alone.to_dict()
    of_few = counterfactual_swaps(
        texts, model, label_names=NAMES, minimum=15, resamples=19, groups=[i % 4 for i in range(len(texts))]
    )
    assert len(of_few.pairs) == 0


def test_several_labels_change_where_any_of_them_does() -> None:
    texts = [f"{who} asked about order {n}" for n in range(25) for who in ("She", "He")]

    def model(asked: list[str]) -> Any:
        return [[0.9, 0.6 if "He" in text else 0.4] for text in asked]

    found = counterfactual_swaps(texts, model, label_names=NAMES, several=True, resamples=19)
    assert found.pairs[0].changed.value == 1.0
    strict = counterfactual_swaps(texts, model, label_names=NAMES, several=True, threshold=0.7, resamples=19)
    assert strict.pairs[0].changed.value == 0.0


def test_all_fields_of_a_record_are_swapped_together() -> None:
    pairs = [(f"{who} asked about order {n}", f"{whose} card") for n in range(25) for who, whose in PEOPLE]
    seen: list[tuple[str, ...]] = []

    def model(asked: list[tuple[str, ...]]) -> Any:
        seen.extend(asked)
        return [[0.9, 0.1] if "Her" in second else [0.3, 0.7] for _, second in asked]

    found = counterfactual_swaps(pairs, model, label_names=NAMES, resamples=19)
    assert set(seen) == set(pairs)
    assert len(seen) == found.asked == 50
    assert found.pairs[0].changed.value == 1.0
    assert abs(found.pairs[0].skew.numbers[0]) == pytest.approx(0.6)
