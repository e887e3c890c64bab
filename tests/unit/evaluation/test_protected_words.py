"""Only words change: punctuation, spacing, placeholders, addresses, numbers and negations stay."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.protected_words import is_protected, pieces, protected_words


@given(text=st.text())
def test_taking_a_text_apart_loses_nothing(text: str) -> None:
    assert pieces(text).with_words(pieces(text).words) == text


@pytest.mark.parametrize(
    "word",
    [
        *(
            "{name}",
            "{name}'s",
            "[MASK]",
            "anna.b@mail.example",
            "https://shop.example/a?b=1",
            "@anna",
            "#late",
        ),
        *("12.50", "2024-05-01", "B12", "not", "Never", "don't", "don\u2019t", "n't"),
    ],
)
def test_these_are_one_word_each_and_stay(word: str) -> None:
    text = f"Well, {word}, thanks."
    assert pieces(text).words == ("Well", word, "thanks")
    assert is_protected(word)


@pytest.mark.parametrize("word", ["notable", "another", "knot", "north", "well-known", "it's", "nonetheless"])
def test_these_are_ordinary_words(word: str) -> None:
    assert pieces(f"a {word} b").words[1] == word
    assert not is_protected(word)


def test_a_word_left_out_takes_its_space_along() -> None:
    taken = pieces("I don't want it (really), thank you!")
    without_it = [word for word in taken.words if word != "it"]
    assert taken.with_words(without_it) == "I don't want (really), thank you!"
    assert taken.with_words(taken.words[1:]) == "don't want it (really), thank you!"
    assert taken.with_words(taken.words[:-1]) == "I don't want it (really), thank!"


def test_protected_words_are_counted() -> None:
    assert protected_words("Not 3, not {n}: not 3") == {"Not": 1, "not": 2, "3": 2, "{n}": 1}


@pytest.mark.parametrize("text", ["a." * 50_000, "a" * 100_000, "<{[" * 30_000, "n'" * 50_000, "1." * 50_000])
def test_strange_texts_take_no_longer_than_others(text: str) -> None:
    start = time.process_time()
    pieces(text)
    assert time.process_time() - start < 3
