"""A stream of texts is read once, in batches, and its copies are those that comparing all of it would find."""

from __future__ import annotations

import csv
import gc
import weakref
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from curation.quality.duplicates import near_duplicates
from curation.quality.text_copies import GRAMS, canonical_text
from curation.quality.text_stream import StreamedCopies, streamed_copies

QUESTIONS = [
    "please tell me when my new card will be delivered",
    "Can I change my PIN at any machine?",
    "my new card will be delivered when please tell me",
    "please tell me when my new crad will be delivered",
    "can i change my pin at any machine",
    "Somebody took my debit card and paid with it",
    "please tell me when my new crad will be delivered!",
    "???",
    "",
    "half a character \ud83d",
]


def in_batches(texts: Sequence[str], *sizes: int) -> Iterator[Sequence[str]]:
    """Cut `texts` into batches of these sizes, over and over."""
    at, turn = 0, 0
    while at < len(texts):
        yield texts[at : at + sizes[turn % len(sizes)]]
        at, turn = at + sizes[turn % len(sizes)], turn + 1


def joined(answers: Iterator[StreamedCopies]) -> tuple[list[int], list[float]]:
    parts = list(answers)
    return (
        [position for part in parts for position in part.copy_of.tolist()],
        [value for part in parts for value in part.similarity.tolist()],
    )


def questions(n: int, seed: int = 0) -> list[str]:
    """Twelve words each from a made-up vocabulary: no two alike by chance."""
    rng = np.random.default_rng(seed)
    letters = rng.integers(ord("a"), ord("z") + 1, size=(3000, 7))
    vocabulary = ["".join(map(chr, word)) for word in letters.tolist()]
    return [" ".join(vocabulary[i] for i in row) for row in rng.integers(0, 3000, size=(n, 12))]


def with_typos(text: str, n: int, rng: np.random.Generator) -> str:
    """Put a letter that no question has in `n` places."""
    letters = list(text)
    for at in rng.integers(0, len(text), n).tolist():
        letters[at] = "é"
    return "".join(letters)


class Text(str):
    """A str that a weak reference can watch."""


def test_the_same_words_are_found_across_batches_whatever_their_case_and_punctuation() -> None:
    batches = [["Where is my card?", "Hello there"], ["where is  MY card", "How much is it?"], ["hello, there!"]]
    first, second, third = streamed_copies(batches)
    assert first.kept.tolist() == [True, True]
    assert second.copy_of.tolist() == [0, -1]
    assert second.similarity.tolist() == [1, 0]
    assert third.copy_of.tolist() == [1]
    assert [part.first for part in (first, second, third)] == [0, 2, 4]


def test_another_order_of_words_is_a_copy_with_the_same_n_grams() -> None:
    copy_of, similarity = joined(streamed_copies([QUESTIONS[:2], QUESTIONS[2:3]]))
    assert (copy_of, similarity) == ([-1, -1, 0], [0, 0, 1])


def test_a_typo_is_a_copy_with_the_jaccard_similarity_of_its_n_grams() -> None:
    batches = [["international transfers"], ["international transferz"]]
    # 12 4-grams in the first word and 8 in the second, of which the last letter changes two.
    copy_of, similarity = joined(streamed_copies(batches))
    assert copy_of == [-1, 0]
    assert similarity[1] == pytest.approx(18 / 22)
    assert joined(streamed_copies(batches, text_threshold=0.82))[0] == [-1, -1]


def test_a_record_is_linked_to_the_kept_one_it_resembles_most() -> None:
    texts = ["card payment declined abroad", "card payment declined today", "card payment declined"]
    assert joined(streamed_copies([texts], text_threshold=0.7))[0] == [-1, -1, 1]


def test_copies_do_not_chain_and_every_link_leads_to_a_kept_record() -> None:
    chain = ["alpha bravo charlie delta echos foxtrot golfers"]
    for changed in ("alphq", "bravq", "charliq", "deltq", "echoq", "foxtroq"):
        word = next(word for word in chain[-1].split() if word[:-1] == changed[:-1])
        chain.append(chain[-1].replace(word, changed))
    assert set(near_duplicates(texts=chain).groups.tolist()) == {0}
    copy_of, similarity = joined(streamed_copies([chain]))
    assert joined(streamed_copies(in_batches(chain, 1)))[0] == copy_of
    kept = [i for i, position in enumerate(copy_of) if position < 0]
    assert 1 < len(kept) < len(chain)
    assert {position for position in copy_of if position >= 0} <= set(kept)
    assert all(value >= 0.8 for i, value in enumerate(similarity) if i not in kept)


def test_the_same_words_get_the_same_answer_even_where_they_were_no_record_that_stays() -> None:
    copy_of, similarity = joined(streamed_copies([QUESTIONS[:4], QUESTIONS[4:7]]))
    assert copy_of[3] == copy_of[6] == 0
    assert similarity[3] == similarity[6] < 1


def test_texts_without_words_are_copies_only_of_themselves() -> None:
    assert joined(streamed_copies([["???", "!!!", "???"], ["", " "]]))[0] == [-1, -1, 0, -1, 3]


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(st.sampled_from(QUESTIONS) | st.text(max_size=12), max_size=30),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
)
def test_how_the_stream_is_cut_changes_nothing(texts: list[str], sizes: list[int]) -> None:
    assert joined(streamed_copies(in_batches(texts, *sizes))) == joined(streamed_copies([texts]))


@pytest.mark.parametrize(("seed", "size"), [(0, 300), (1, 100), (2, 37)])
def test_planted_typos_are_those_that_comparing_all_texts_finds(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    originals = questions(150, seed)
    texts = [*originals, *(with_typos(text, int(rng.integers(1, 6)), rng) for text in originals)]
    groups = near_duplicates(texts=texts).groups
    first = np.unique(groups, return_index=True)[1][groups]
    expected = first < np.arange(len(texts))
    found = np.array(joined(streamed_copies(in_batches(texts, size)))[0])
    assert 30 < expected.sum() < 150
    assert (found >= 0)[expected].mean() >= 0.95
    assert expected[found >= 0].mean() >= 0.98
    assert (found == first)[(found >= 0) & expected].all()


def test_the_similarity_of_long_texts_is_estimated_within_its_standard_error() -> None:
    rng = np.random.default_rng(0)
    originals = [" ".join(part) for part in np.array(questions(400)).reshape(40, 10)]
    shorter = [with_typos(text[: len(text) * 5 // 6], 5, rng) for text in originals]
    texts = [*originals, *shorter]
    copy_of, similarity = joined(streamed_copies([originals, shorter], text_threshold=0.6))
    assert copy_of[40:] == list(range(40))
    grams = sp.csr_matrix(CountVectorizer(**GRAMS).fit_transform(texts))
    shared = np.asarray(grams[:40].multiply(grams[40:]).sum(axis=1)).ravel()
    sizes = np.diff(grams.indptr)
    error = np.array(similarity[40:]) - shared / (sizes[:40] + sizes[40:] - shared)
    assert sizes.min() > 450
    assert np.sqrt(np.mean(error**2)) < 0.035
    assert abs(error.mean()) < 0.02


def test_hundreds_of_variants_of_a_template_are_decided_alike_however_they_are_cut() -> None:
    names = ["".join(letters) for letters in product("abc", repeat=6)]
    texts = [f"please translate the short sentence about {name} into french" for name in names]
    whole = joined(streamed_copies([texts], text_threshold=0.85))
    assert whole == joined(streamed_copies(in_batches(texts, 37, 300), text_threshold=0.85))
    assert sum(position >= 0 for position in whole[0]) > 0


def test_batches_are_read_one_by_one_and_not_kept() -> None:
    read: list[weakref.ref[Text]] = []

    def batches() -> Iterator[list[str]]:
        for question in QUESTIONS[:3]:
            text = Text(question)
            read.append(weakref.ref(text))
            yield [text]
            del text

    answers = streamed_copies(batches())
    assert read == []
    next(answers)
    assert len(read) == 1
    next(answers)
    next(answers)
    gc.collect()
    assert [reference() is None for reference in read[:2]] == [True, True]


def test_batches_without_records_get_answers_without_records() -> None:
    parts = list(streamed_copies([[], ["Where is my card?"], [], ["where is my card"]]))
    assert [part.copy_of.tolist() for part in parts] == [[], [-1], [], [0]]
    assert [part.first for part in parts] == [0, 0, 1, 1]
    assert {(part.copy_of.dtype.name, part.similarity.dtype.name) for part in parts} == {("int64", "float32")}
    assert list(streamed_copies([])) == []


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ("a text", r"batch 1 \(from record 2 of the stream\): texts: expected a sequence of strings, got a single"),
        (["a", None], r"batch 1 \(from record 2 of the stream\): texts: expected strings, got NoneType at record 1"),
        ({"text": ["a"]}, "batch 1 .*: expected a sequence of strings, got dict"),
        ({"a", "b"}, "batch 1 .*: expected a sequence of strings, got set"),
        (None, "batch 1 .*: expected a sequence of strings, got NoneType"),
        (b"bytes", "batch 1 .*: texts: expected strings, got int at record 0"),
    ],
)
def test_a_bad_batch_is_named_when_it_is_reached(batch: Any, message: str) -> None:
    answers = streamed_copies([["a", "b"], batch])
    next(answers)
    with pytest.raises(ValueError, match=message):
        next(answers)


@pytest.mark.parametrize("threshold", [0.0, -0.1, 1.1, float("nan")])
def test_a_threshold_that_is_no_similarity_is_refused_at_once(threshold: float) -> None:
    with pytest.raises(ValueError, match=r"text_threshold: expected a similarity in \(0, 1\], got"):
        streamed_copies([], text_threshold=threshold)


def test_the_known_copies_of_the_banking_questions_are_all_found(shared_data: Path) -> None:
    with (shared_data / "banking77" / "train.csv").open(encoding="utf-8", newline="") as handle:
        texts = [row["text"] for row in csv.DictReader(handle)][:4000]
    found = np.array(joined(streamed_copies(in_batches(texts, 1000)))[0])
    words = [canonical_text(text) for text in texts]
    again = [words.index(text) < i for i, text in enumerate(words)]
    assert sum(again) > 5
    assert (found >= 0)[again].all()
    groups = near_duplicates(texts=texts).groups
    assert (groups == groups[found])[found >= 0].all()
