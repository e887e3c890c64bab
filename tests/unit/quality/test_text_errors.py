"""Texts that are doubted, and why; and what is how a data set is, and no reason to doubt anything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from curation.quality.text_errors import CHECKS, TextQuality, text_quality
from twofold import label_quality

THINGS = ["lamp", "bicycle", "piano", "kettle", "tent", "violin", "carpet", "sofa", "canoe", "helmet", "ladder"]
THINGS += ["guitar", "mirror", "blanket"]
CITIES = ["Malta", "Lisbon", "Oslo", "Vienna", "Prague", "Dublin", "Athens"]
PROMPTS = [f"A customer from {city} asks when the {thing} will be sent." for thing in THINGS for city in CITIES]
ANSWERS = [f"The {thing} goes to {city} tomorrow, we promise." for thing in THINGS for city in CITIES]


def doubted(answers: list[Any], prompts: list[str] | None = None) -> TextQuality:
    found = text_quality(answers, texts=PROMPTS if prompts is None else prompts)
    assert isinstance(found, TextQuality)
    assert set(found.p_wrong) == set(CHECKS)
    assert ((found.score >= 0) & (found.score <= 1)).all()
    assert [bool(reason) for reason in found.reason] == found.is_issue.tolist()
    return found


def test_nothing_is_doubted_where_nothing_is_unusual() -> None:
    assert not doubted(ANSWERS).is_issue.any()


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("", "it is empty"),
        (None, "it is empty"),
        (" ... ", "it has no letter or digit: '...'"),
        (PROMPTS[5], "a copy of the text that it answers"),
        (PROMPTS[5].upper() + "!!", "a copy of the text that it answers"),
        ("Это письмо не про то, что вы спросили.", "written in Cyrillic letters, where most are in Latin"),
        ("Zxq wvk qqj xzz kvw jjx qzv wxk vvq.", "its letters are unlike those of the others"),
        ("Yes.", "very short: 3 characters, where about"),
        (" ".join(ANSWERS[:20]), "very long: "),
        ("The bicycle goes to Athens tomorrow, we", "it stops without an end: "),
        ("The guitar goes to Oslo tomorrow, we promise.", "its words are those of another text, which ends "),
    ],
)
def test_what_is_wrong_with_a_text_is_said(wrong: str | None, reason: str) -> None:
    answers: list[Any] = list(ANSWERS)
    answers[5] = wrong
    found = doubted(answers)
    assert found.is_issue.nonzero()[0].tolist() == [5]
    assert reason in found.reason[5]
    assert found.score[5] == found.score.min() < 0.5


def test_the_same_text_for_many_is_doubted_and_for_two_it_is_not() -> None:
    answers = list(ANSWERS)
    for i in (3, 40, 60):
        answers[i] = "We do not know that yet, please ask again."
    assert doubted(answers).reason[40].startswith("the same text answers 3 different ones")
    answers[3] = ANSWERS[3]
    assert "the same text" not in doubted(answers).reason[40]


def test_what_many_do_is_the_way_of_the_data_set() -> None:
    corrected = [prompt if i % 3 else prompt.replace("asks", "ask") for i, prompt in enumerate(PROMPTS)]
    assert not doubted(corrected).is_issue.any()
    without_ends = [answer.rstrip(".") for answer in ANSWERS]
    assert not doubted(without_ends).is_issue.any()
    mixed = [answer if i % 2 else "Мы пошлём это завтра, обещаем." + str(i) for i, answer in enumerate(ANSWERS)]
    assert not any("letters, where" in reason for reason in doubted(mixed).reason)


def test_an_answer_in_the_script_of_what_it_answers_is_none_to_doubt() -> None:
    prompts, answers = list(PROMPTS), list(ANSWERS)
    prompts[8] = "Когда вы пошлёте это в Афины?"
    answers[8] = "Мы пошлём это завтра, обещаем."
    assert "Cyrillic" not in doubted(answers, prompts).reason[8]


def test_few_texts_are_doubted_only_where_they_are_empty() -> None:
    found = text_quality(["", PROMPTS[0]], texts=PROMPTS[:2])
    assert found.is_issue.tolist() == [True, False]
    assert text_quality([]).score.shape == (0,)


def test_records_in_another_order_are_doubted_alike() -> None:
    answers = list(ANSWERS)
    answers[5], answers[9] = PROMPTS[5], "Yes."
    order = np.random.default_rng(0).permutation(len(answers))
    there = text_quality([answers[i] for i in order], texts=[PROMPTS[i] for i in order])
    assert there.score == pytest.approx(doubted(answers).score[order])


def test_it_is_what_label_quality_says_of_texts() -> None:
    answers = list(ANSWERS)
    answers[5] = PROMPTS[5]
    found = label_quality(answers, kind="text", texts=PROMPTS)
    assert found.is_issue.nonzero()[0].tolist() == [5]
    assert list(found.to_pandas().columns) == ["score", "is_issue", "suggested", "suggested_prob", "reason"]
    with pytest.raises(ValueError, match="labels: row 1: expected a text, got 3"):
        label_quality(["a", 3], kind="text", texts=["x", "y"])
