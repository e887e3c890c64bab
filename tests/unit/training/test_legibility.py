"""What the packaged model cannot read of a text is known before its vector is believed."""

from __future__ import annotations

import string
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training import embed, reading
from training.vectors.legibility import _TYPOGRAPHIC, _tokenizer


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("How do I cast a pointer in C++?", ""),
        ("It\u2019s \u201cfine\u201d \u2014 really\u2026", ""),
        ("5 € or £3", ""),
        ("Où est ma carte ?", "où"),
        ("great🙂 stuff", "great🙂"),
        ("a ≠ b", "≠"),
        ("‽", ""),
        ("", ""),
        ("zero\u200bwidth", ""),
        ("यह दिन है", "दिन यह है"),
        ("Сегодня погода", "погода сегодня"),
        ("ውሻ ትልቅ", "ትልቅ ውሻ"),
        ("W" * 101, "w" * 101),
    ],
)
def test_the_words_that_it_cannot_read_are_named(text: str, unread: str) -> None:
    assert reading([text]).unread == [unread]


def test_a_text_is_illegible_if_most_of_its_words_are() -> None:
    texts = ["ውሻ ትልቅ dog", "ውሻ dog", "我喜欢这个产品", "😀", "안녕하세요", "Où est ma carte ?", "hello"]
    found = reading(texts)
    assert found.illegible.tolist() == [True, False, True, True, True, False, False]
    assert found.share[[1, 3, 6]].tolist() == [0.5, 1, 0]


def test_the_model_knows_every_character_that_is_taken_as_read() -> None:
    known = string.printable.strip() + "".join(map(chr, _TYPOGRAPHIC))
    assert "[UNK]" not in _tokenizer("packaged").encode(" ".join(known)).tokens


def test_texts_that_differ_in_what_it_cannot_read_have_nearly_equal_vectors_all_the_same() -> None:
    texts = ["यह मेला है", "यह मैला है", "😀", "😭", "ውሻ ትልቅ ነው", "ድመት ትንሽ ነው"]
    vectors, unread = embed(texts), reading(texts).unread
    for i, j in ((0, 1), (2, 3), (4, 5)):
        assert vectors[i] @ vectors[j] > 0.999
    assert all(unread[i] != unread[j] for i, j in combinations(range(len(texts)), 2))


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(st.text(max_size=20), max_size=5))
def test_every_text_can_be_asked_about_alone_or_among_others(texts: list[str]) -> None:
    found = reading(texts)
    assert len(found.unread) == len(found.share) == len(texts)
    assert ((found.share >= 0) & (found.share <= 1)).all()
    assert [bool(words) for words in found.unread] == (found.share > 0).tolist()
    assert np.array_equal([reading([text]).share[0] for text in texts], found.share)
