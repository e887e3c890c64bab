"""Occlusion names the words that a model goes by; faithfulness tells such an explanation from one drawn by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation import Explanations, faithfulness, global_words, occlusion
from evaluation.explaining.nearest_taught import nearest_taught
from evaluation.explaining.occlusion import parts_of
from evaluation.explaining.worded_text import worded

LABELS = ["refund", "late", "thanks"]
WORTH = {"refund": (3.0, 0.0, 0.0), "money": (1.0, 0.0, 0.0), "late": (0.0, 3.0, 0.0), "kind": (-1.0, 0.0, 2.0)}
FILLERS = ["the", "my", "a", "parcel", "shop", "again", "today", "please", "from", "with", "order", "number"]


def yes_or_no(texts: Sequence[Any]) -> np.ndarray:
    """Say of each label whether a text has it, each by a logistic model of the words."""
    return np.array([1 / (1 + np.exp(1.0 - sum_of(text))) for text in texts])


def one_of_them(texts: Sequence[Any]) -> np.ndarray:
    raised = np.exp([sum_of(text) for text in texts])
    return raised / raised.sum(axis=1, keepdims=True)


def sum_of(text: str | Sequence[str]) -> np.ndarray:
    words = (text if isinstance(text, str) else " ".join(text)).split()
    return sum((np.array(WORTH.get(word, (0.0, 0.0, 0.0))) for word in words), np.zeros(3))


def planted(n: int, seed: int = 0) -> list[str]:
    """Texts of fillers with one word that decides."""
    random = np.random.default_rng(seed)
    return [
        " ".join(random.permutation([*random.choice(FILLERS, 8), random.choice(["refund", "late"])])) for _ in range(n)
    ]


@given(st.lists(st.sampled_from([*FILLERS, *WORTH]), min_size=1, max_size=12, unique=True))
@settings(max_examples=25, deadline=None)
def test_of_a_model_that_adds_up_words_each_word_is_worth_what_it_adds(words: list[str]) -> None:
    found = occlusion([" ".join(words)], yes_or_no, label_names=LABELS)[0]
    assert found.words == words
    np.testing.assert_allclose(found.weights, [WORTH.get(word, (0, 0, 0)) for word in words], atol=1e-6)


def test_a_word_that_decides_is_named_for_its_label_and_against_the_others() -> None:
    found = occlusion(["please refund my money", "so late again"], one_of_them, label_names=LABELS)
    assert [each.label for each in found] == ["refund", "late"]
    assert [word for word, _ in found[0].strongest(most=2)] == ["refund", "money"]
    assert found[0].strongest_against("late", most=1)[0][0] == "refund"
    assert found[1].strongest_against("refund", most=1)[0][0] == "late"
    assert found[0].levels() == [0, 3, 0, 1]


def test_of_a_pair_the_words_of_both_texts_are_weighed() -> None:
    found = occlusion([["late again", "the refund"]], one_of_them, label_names=LABELS, explained=["late"])[0]
    assert found.words == ["late", "again", "the", "refund"]
    assert found.strongest(most=1)[0][0] == "late"
    assert found.strongest_against(most=1)[0][0] == "refund"


def test_what_is_found_of_a_text_does_not_depend_on_those_beside_it() -> None:
    texts = planted(40)
    together = occlusion(texts, one_of_them, label_names=LABELS)
    alone = [occlusion([text], one_of_them, label_names=LABELS)[0] for text in texts]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one.weights, other.weights)


def test_the_words_that_stay_keep_the_white_space_between_them() -> None:
    text = worded(["so  late\n\nagain 我很好 !"])[0]
    assert text.whole == "so  late\n\nagain 我很好 !"
    assert text.words == ["so", "late", "again", "我", "很", "好", "!"]
    assert text.kept(np.array([True, False, True, True, False, True, False])) == "so  again 我好"
    assert text.kept(np.zeros(7, dtype=bool)) == ""


def test_a_long_text_costs_no_more_than_256_questions_beside_itself() -> None:
    asked: list[int] = []

    def counted(texts: Sequence[str]) -> np.ndarray:
        asked.append(len(texts))
        return one_of_them(texts)

    found = occlusion(["late " + "the " * 2_000], counted, label_names=LABELS)[0]
    assert sum(asked) == 257 == 1 + len(parts_of(2_001))
    assert len(found.words) == 2_001
    assert {word for word, _ in found.strongest(most=1)} == {"late"}


def test_an_explanation_that_names_the_words_is_faithful_and_one_by_chance_is_not() -> None:
    texts = planted(150)
    true = occlusion(texts, one_of_them, label_names=LABELS)
    random = np.random.default_rng(1)
    by_chance = Explanations(replace(one, weights=random.normal(size=one.weights.shape)) for one in true)
    measured = faithfulness(true, one_of_them, label_names=LABELS)
    chance = faithfulness(by_chance, one_of_them, label_names=LABELS)
    assert measured.records == 150
    assert measured.comprehensiveness.value == pytest.approx(1.0)
    assert measured.sufficiency.value == pytest.approx(1.0)
    for gain in (measured.comprehensiveness_gain, measured.sufficiency_gain):
        assert gain.numbers[1] > 0.6
    for gain in (chance.comprehensiveness_gain, chance.sufficiency_gain):
        assert abs(gain.numbers[0]) < 0.06
        assert gain.numbers[1] < 0 < gain.numbers[2]


def test_the_worst_order_of_words_is_worse_than_chance() -> None:
    true = occlusion(planted(60), one_of_them, label_names=LABELS)
    turned = [replace(one, weights=-one.weights) for one in true]
    assert faithfulness(turned, one_of_them, label_names=LABELS).comprehensiveness_gain.numbers[2] < 0


def test_texts_whose_words_bring_nothing_are_left_out_and_counted() -> None:
    found = occlusion(["the parcel", "my order", "so late"], one_of_them, label_names=LABELS)
    measured = faithfulness(found, one_of_them, label_names=LABELS)
    assert (measured.records, measured.left_out) == (1, 2)
    assert measured.comprehensiveness_gain.low is None
    assert faithfulness(found[:2], one_of_them, label_names=LABELS).sufficiency.value is None


def test_words_of_many_texts_are_summed_and_counted_once_a_text() -> None:
    texts = ["Late, late again", "late today", "refund today", "refund again", "kind"]
    found = global_words(occlusion(texts, yes_or_no, label_names=LABELS))
    late = {one.word: one for one in found if one.label == "late"}
    assert (late["late"].records, late["late"].times) == (2, 3)  # and "Late," is no word to this model
    assert late["late"].weight == pytest.approx(6.0)
    assert all(one.word != "kind" for one in found)
    assert next(one.word for one in found if one.label == "refund") == "refund"


def test_what_is_no_probability_is_refused_in_one_line(subtests: pytest.Subtests) -> None:
    cases = {
        "too few columns": (lambda texts: np.full((len(texts), 2), 0.5), r"expected \(2, 3\) probabilities"),
        "logits": (lambda texts: np.full((len(texts), 3), 4.0), r"probabilities in \[0, 1\]"),
        "nothing": (lambda texts: np.full((len(texts), 3), np.nan), r"probabilities in \[0, 1\]"),
    }
    for case, (predict, said) in cases.items():
        with subtests.test(case), pytest.raises(ValueError, match=said):
            occlusion(["word"], predict, label_names=LABELS)
    with pytest.raises(ValueError, match="expected one of refund, late, thanks, got 'fine' at record 0"):
        occlusion(["word"], one_of_them, label_names=LABELS, explained=["fine"])


def test_a_record_is_near_where_others_that_were_not_taught_are_as_near() -> None:
    random = np.random.default_rng(0)
    centres = np.repeat(np.eye(4), 25, axis=0)
    taught, held_out = ((centres + random.normal(scale=scale, size=(100, 4))) for scale in (0.01, 0.1))
    asked = np.array([taught[3] * 7, [1.0, 0.15, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
    found = nearest_taught(*(each.astype(np.float32) for each in (asked, taught, held_out)))
    assert found.index[0, 0] == 3
    assert found.is_near[:, 0].tolist() == [True, True, False]
    assert (found.index[:2] < 25).all()
