"""Copies are found however they were made, and one of each stays."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.quality import conflicting_copies, leaked, near_duplicates

QUESTIONS = [
    "How do I verify the top-up?",
    "My card has not arrived after two weeks, where is it?",
    "How do I verify the top up?",
    "Can I change my PIN at any machine?",
    "My card has not arived after two weeks, where is it?",
    "how do i VERIFY the   top up",
]


def test_the_same_words_are_one_group_whatever_their_case_and_punctuation() -> None:
    found = near_duplicates(texts=QUESTIONS)
    assert found.groups.tolist() == [0, 1, 0, 2, 1, 0]
    assert found.kept.tolist() == [True, True, False, True, False, False]


def test_copies_of_one_text_are_linked_to_the_first_of_them() -> None:
    found = near_duplicates(texts=["Where is my card?"] * 4)
    assert found.pairs.tolist() == [[0, 1], [0, 2], [0, 3]]
    assert found.similarity.tolist() == [1, 1, 1]


def test_a_typo_and_another_order_of_words_are_near_copies() -> None:
    found = near_duplicates(
        texts=[
            "please tell me when my new card will be delivered",
            "my new card will be delivered when please tell me",
            "please tell me when my new crad will be delivered",
        ]
    )
    assert set(found.groups.tolist()) == {0}
    assert dict(zip(map(tuple, found.pairs.tolist()), found.similarity.tolist(), strict=True))[0, 1] == 1


def test_texts_without_words_are_copies_only_of_themselves() -> None:
    assert near_duplicates(texts=["???", "!!!", "???", "", " "]).groups.tolist() == [0, 1, 0, 2, 2]


def test_the_copy_with_the_highest_priority_stays() -> None:
    found = near_duplicates(texts=["Where is it?", "where is it", "Where is it!"], priority=[1, 5, 2])
    assert found.kept.tolist() == [False, True, False]


def test_embeddings_link_what_the_letters_do_not() -> None:
    texts = ["My bank card was stolen", "Somebody took my debit card", "What is the exchange rate?"]
    vectors = [[1.0, 0.0, 0.0], [0.99, 0.1, 0.0], [0.0, 0.0, 2.0]]
    assert near_duplicates(texts=texts).groups.tolist() == [0, 1, 2]
    assert near_duplicates(texts=texts, embeddings=vectors).groups.tolist() == [0, 0, 1]
    assert near_duplicates(embeddings=vectors, threshold=0.999).groups.tolist() == [0, 1, 2]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), threshold=st.floats(0.3, 1.0))
def test_pairs_of_vectors_are_those_of_the_whole_matrix(seed: int, threshold: float) -> None:
    vectors = np.random.default_rng(seed).normal(size=(30, 4))
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    left, right = np.nonzero(np.triu(unit @ unit.T >= threshold - 1e-5, 1))
    found = near_duplicates(embeddings=vectors, threshold=threshold)
    assert set(map(tuple, found.pairs.tolist())) <= set(zip(left.tolist(), right.tolist(), strict=True))
    surely = np.triu(unit @ unit.T >= threshold + 1e-5, 1)
    assert set(zip(*np.nonzero(surely), strict=True)) <= set(map(tuple, found.pairs.tolist()))


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(st.sampled_from(QUESTIONS) | st.text(max_size=12), min_size=1, max_size=12),
    copied=st.integers(0, 11),
)
def test_a_copy_of_a_record_is_found_and_each_group_keeps_one(texts: list[str], copied: int) -> None:
    copied %= len(texts)
    found = near_duplicates(texts=[*texts, texts[copied]])
    assert found.groups[-1] == found.groups[copied]
    assert np.bincount(found.groups[found.kept]).tolist() == [1] * (found.groups.max() + 1)


def test_copies_with_another_label_are_in_conflict() -> None:
    conflict = conflicting_copies([0, 1, 0, 2, 1], ["card", "pin", "card", "pin", "card"])
    assert conflict.tolist() == [False, True, False, False, True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "expected texts or embeddings"),
        ({"texts": ["a"], "embeddings": [[1.0], [2.0]]}, "expected 1 records"),
        ({"texts": ["a"], "threshold": 0.0}, r"threshold: expected a similarity in \(0, 1\], got 0.0"),
        ({"embeddings": [[0.0, 0.0]]}, "only zeros at record 0"),
        ({"texts": ["a", "a"], "priority": [1.0]}, "priority: expected 2 records"),
        ({"texts": ["a", "a"], "priority": [1.0, float("nan")]}, "priority: expected finite"),
        ({"texts": ["a", None]}, "got NoneType at record 1"),
    ],
)
def test_bad_input_gets_one_clear_line(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        near_duplicates(**arguments)


def test_the_known_copies_of_the_banking_questions_are_all_found(shared_data: Path) -> None:
    texts: dict[str, list[str]] = {}
    for part in ("train", "test"):
        with (shared_data / "banking77" / f"{part}.csv").open(encoding="utf-8", newline="") as handle:
            texts[part] = [row["text"] for row in csv.DictReader(handle)]
    train = near_duplicates(texts=texts["train"], text_threshold=1.0)
    word_for_word = len({" ".join(_words(text)) for text in texts["train"]})
    assert len(texts["train"]) - word_for_word == 31  # as the data card says
    assert (~train.kept).sum() >= 31
    both = near_duplicates(texts=texts["train"] + texts["test"])
    held_out = np.arange(len(both.groups)) >= len(texts["train"])
    known = {" ".join(_words(text)) for text in texts["train"]}
    standing_in_train = [" ".join(_words(text)) in known for text in texts["test"]]
    assert sum(standing_in_train) == 25
    assert leaked(both.groups, held_out)[held_out][standing_in_train].all()


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.casefold()).split()
