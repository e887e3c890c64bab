"""How near texts are to the right ones, beside numbers worked out by hand and by sacrebleu 2.6."""

from __future__ import annotations

import pytest

from evaluation.edit_distance import word_error
from evaluation.text_metrics import chrf, evaluate_texts
from evaluation.words import pieces, words

SACREBLEU = [  # CHRF().sentence_score(said, [right]).score
    ("ab", "abc", 63.636363636363626),
    ("naïve café", "naive cafe", 39.411375661375665),
    ("日本語です", "日本語だ", 44.88925199709513),
    ("a", "a", 100.0),
    ("", "a", 0.0),
    ("x", "y", 0.0),
]


@pytest.mark.parametrize(("said", "right", "percent"), SACREBLEU)
def test_characters_in_common_are_those_of_sacrebleu(said: str, right: str, percent: float) -> None:
    assert 100 * chrf(said, right) == pytest.approx(percent, abs=1e-9)


@pytest.mark.parametrize(
    ("said", "right", "error"),
    [
        ("the soup was cold", "The soup was cold.", 0.0),
        ("the soup cold", "the soup was cold", 0.25),
        ("a soups was so cold", "the soup was cold", 0.75),
        ("", "the soup", 1.0),
        ("one two three", "one", 2.0),
        ("don't", "dont", 0.0),
    ],
)
def test_wrong_words_by_hand(said: str, right: str, error: float) -> None:
    assert word_error(words(said), words(right)) == error
    assert evaluate_texts([right], [said]).word_error.value == error


def test_pieces_are_the_text() -> None:
    for text in ("So be it.\n  Or not", "今日は天気", "ไทย x", ""):
        assert "".join(pieces(text)) == text
    assert words("今日 x") == ["今", "日", "x"]


def test_shares_are_of_all_records_together_with_intervals() -> None:
    right = ["The soup was cold.", "Two fish", "So it is", "Never mind it"]
    found = evaluate_texts(right, ["The soup  was cold.", "two fish", "So is it", None])
    assert found.exact_match.value == 0.25
    assert found.word_match.value == 0.5
    assert found.word_error.value == (0 + 0 + 2 + 3) / 12
    assert found.length_ratio.value == 9 / 12
    assert found.exact_match.low is not None
    assert found.exact_match.low <= 0.25 <= (found.exact_match.high or 0)
    assert found.to_pandas()["measure"].tolist()[:2] == ["exact_match", "word_match"]


@pytest.mark.parametrize(
    ("right", "said", "message"),
    [
        (["a"], ["a", "b"], "said: expected one text for each of the 1 right ones, found 2"),
        ([], [], "right: expected at least one text"),
        (["a", None], ["a", "b"], "right: expected strings, got NoneType at record 1"),
        (["a"], [3], "said: expected strings, got int at record 0"),
    ],
)
def test_what_cannot_be_compared_is_one_line(right: list[str], said: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate_texts(right, said)
