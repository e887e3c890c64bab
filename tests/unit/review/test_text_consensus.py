"""One text from those of several people: what is taken, how sure it is, and what must not matter."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.review.text_consensus import TextConsensus
from curation.review.word_network import network, written
from evaluation.edit_distance import edit_distance
from evaluation.words import words
from twofold import ask_third, consensus

TEXTS = st.text(alphabet="ab .\n日本é", min_size=1, max_size=25).filter(str.strip)
SENTENCES = [
    "The parcel came on Monday, and the box was open.",
    "Where is the parcel that I ordered on Monday?",
    "Nobody told me when the box would come.",
    "I ordered two boxes and one came open.",
    "The driver told me that nobody was at home.",
]


def of(*texts: str) -> TextConsensus:
    found = consensus([("m1", f"reader {i}", text) for i, text in enumerate(texts)], kind="text")
    assert isinstance(found, TextConsensus)
    return found


@given(st.lists(TEXTS, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_texts_make_one_of_their_own_words_whatever_their_order(texts: list[str]) -> None:
    found = of(*texts)
    said = {word for text in texts for word in words(text)}
    assert set(words(found.label["m1"])) <= said
    assert found.best["m1"] in texts
    assert 0 <= found.confidence["m1"] <= 1
    assert 0 <= found.word_error["m1"] <= 1
    votes = [("m1", f"reader {i}", text) for i, text in enumerate(texts)]
    assert consensus(votes[::-1], kind="text").label == found.label


@given(TEXTS, st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_what_all_wrote_stays_as_it_is_to_the_sign(text: str, n: int) -> None:
    found = of(*[text] * n)
    assert found.label["m1"] == text
    assert found.given["m1"] == {text: pytest.approx(found.confidence["m1"])}


def test_two_of_three_words_win_with_their_case_and_punctuation() -> None:
    found = of("The soup was cold.", "The soups was cold.", "the soup is cold")
    assert found.label["m1"] == "The soup was cold."
    assert found.label["m1"] in found.given["m1"]


def test_what_nobody_wrote_as_a_whole_is_put_together() -> None:
    found = of(
        "My guides were known well in town",
        "My guides, however, were well known in towne",
        "guides, however, were well known in town",
    )
    assert words(found.label["m1"]) == words("My guides, however, were well known in town")
    assert found.label["m1"] not in found.given["m1"]


def test_a_careless_reader_is_heard_less_where_two_differ() -> None:
    rng = random.Random(0)
    votes = []
    for i in range(60):
        text = SENTENCES[i % len(SENTENCES)].split()
        careless = [word for word in text if rng.random() < 0.7] or text
        others = [("ana", text), ("ben", careless)] if i % 2 else [("ana", text), ("cem", text)]
        votes += [(f"m{i}", who, " ".join(said)) for who, said in others]
    found = consensus(votes, kind="text")
    error = dict(zip(found.reviewers["reviewer"].to_pylist(), found.reviewers["word_error"].to_pylist(), strict=True))
    assert error["ben"] > 0.15 > error["ana"]
    assert all(words(found.label[f"m{i}"]) == words(SENTENCES[i % len(SENTENCES)]) for i in range(60))


def test_of_two_spellings_the_one_that_other_records_have_is_taken() -> None:
    votes = [(f"r{i}", who, sentence) for i, sentence in enumerate(SENTENCES) for who in ("ana", "ben")]
    found = consensus([*votes, ("m1", "ana", "the pracel is here"), ("m1", "ben", "the parcel is here")], kind="text")
    assert found.label["m1"] == "the parcel is here"


def test_words_of_what_was_shown_are_known_words() -> None:
    votes = [("m1", "ana", "Mr Kirkleatham came"), ("m1", "ben", "Mr Kirklethamn came")]
    shown = consensus(votes, kind="text", texts={"m1": "Kirkleatham, the butler, is announced."})
    assert shown.label["m1"] == "Mr Kirkleatham came"


def test_scripts_without_blanks_are_merged_by_characters() -> None:
    found = of("今日は天気がいい", "今日は天気いい", "今日は元気がいい")
    assert found.label["m1"] == "今日は天気がいい"


def test_lines_stay_lines() -> None:
    assert (
        of("1. Boil water.\n2. Add tea.", "1. Boil watter.\n2. Add tea.", "1. Boil water.\n2. Add te.").label["m1"]
        == "1. Boil water.\n2. Add tea."
    )


def test_a_word_in_two_parts_and_in_one_lie_at_one_place() -> None:
    assert network([written(t).words for t in ("an air tight jar", "an airtight jar", "an airtight jar")]) == [
        ["an"] * 3,
        ["air tight", "airtight", "airtight"],
        ["jar"] * 3,
    ]


def test_an_empty_text_is_no_answer() -> None:
    votes = [("m1", "ana", " "), ("m1", "ben", "Soup"), ("m2", "ana", ""), ("m3", "ana", None)]
    found = consensus(votes, kind="text")
    assert found.label == {"m1": "Soup"}
    assert consensus([], kind="text").label == {}


def test_more_that_says_nothing_of_texts_is_refused() -> None:
    with pytest.raises(ValueError, match="embeddings= says nothing of texts"):
        consensus([("m1", "ana", "Soup")], kind="text", embeddings={"m1": [1.0]})
    with pytest.raises(ValueError, match="expected one for every record with a vote, found none for 'm1'"):
        consensus([("m1", "ana", "Soup")], kind="text", texts={"m2": "Soup"})


def test_long_texts_are_laid_beside_each_other_in_parts() -> None:
    rng = random.Random(1)
    right = [f"word{rng.randrange(400)}" for _ in range(3000)]
    one, other = ([w for w in right if rng.random() > 0.05] for _ in range(2))
    slots = network([one, other])
    assert [s[0] for s in slots if s[0]] == one
    assert [s[1] for s in slots if s[1]] == other
    assert sum(a != b for a, b in slots) <= 1.2 * edit_distance(one, other)


def test_one_more_vote_is_worth_most_where_texts_differ_most() -> None:
    votes = [("m1", "ana", "the soup"), ("m1", "ben", "the soup"), ("m2", "ana", "the fish"), ("m2", "ben", "a dish")]
    assert ask_third(votes, consensus(votes, kind="text"))["record_id"].to_pylist() == ["m2", "m1"]


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("abcdef", "azced", 3)],
)
def test_distances_by_hand(one: str, other: str, apart: int) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == apart


@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_distances_are_those_of_the_whole_table(one: str, other: str) -> None:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row[0] = row[:], i
        for j, b in enumerate(other, 1):
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
    assert edit_distance(one, other) == row[-1]


def copies(n: int, *, hard: bool) -> tuple[list[tuple[str, str, str]], dict[str, str]]:
    """Return texts of five people, and the right ones: they take one word in ten for another, or hard words only.

    A hard word is taken for one of two others by most of them.
    """
    rng = random.Random(0)
    right = {f"m{i}": [f"word{rng.randrange(300)}" for _ in range(12)] for i in range(n)}
    votes = []
    for i, text in right.items():
        chances = [(0.6 if rng.random() < 0.1 else 0.03) if hard else 0.1 for _ in text]
        for r in range(5):
            heard = [f"{word}{'xy'[rng.randrange(2)]}" if hard else f"slip{rng.randrange(10**6)}" for word in text]
            said = [h if rng.random() < p else w for w, h, p in zip(text, heard, chances, strict=True)]
            votes.append((i, f"reader {r}", " ".join(said)))
    return votes, {i: " ".join(text) for i, text in right.items()}


@pytest.mark.parametrize("hard", [False, True])
def test_confidence_is_how_often_texts_are_right(hard: bool) -> None:
    votes, right = copies(300, hard=hard)
    found = consensus(votes, kind="text")
    share = sum(found.label[i] == text for i, text in right.items()) / len(right)
    assert (share < 0.6) == hard
    assert sum(found.confidence.values()) / len(right) == pytest.approx(share, abs=0.2)
