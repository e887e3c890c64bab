"""BLEU, ROUGE and the overlap of answers beside their references; what a text says again, copies, or makes up."""

from __future__ import annotations

import pytest

from evaluation import evaluate_texts
from evaluation.unsupported import names_in, numbers_in, unsupported_names, unsupported_numbers
from evaluation.word_runs import answer_overlap, bleu_counts, bleu_of, bleu_tokens, copied_runs, repeated_runs, rouge

# right, said, sacrebleu 2.6.0's corpus_bleu of the one pair / 100, rouge-score 0.1.2's rouge1, rouge2, rougeL
PAIRS = [
    (
        "The soup was cold, but the waiter was kind.",
        "The soup was cold and the waiter kind.",
        0.3229365231336654,
        (0.823529411764706, 0.5333333333333333, 0.823529411764706),
    ),
    (
        "We waited 45 minutes for two fish (at $12.50 each).",
        "We waited for 45 minutes: two fish at $12.50 each.",
        0.28025542898280414,
        (1.0, 0.7, 0.9090909090909091),
    ),
    (
        "It's a well-known place; nobody would go there twice.",
        "A well-known place. Nobody goes there twice, I think.",
        0.10127993013562818,
        (0.6666666666666666, 0.5263157894736842, 0.6666666666666666),
    ),
    (
        "Call +44 20 7946 0958 before 9:30 a.m.",
        "Call 020 7946 0958 after 9.30 a.m.",
        0.21763141204756337,
        (0.7368421052631577, 0.47058823529411764, 0.7368421052631577),
    ),
    ("No.", "Yes", 0.0, (0.0, 0.0, 0.0)),
    (
        "the cat sat on the mat and the cat slept",
        "the cat sat on the mat the cat sat on the mat",
        0.4692470064105597,
        (0.7272727272727272, 0.6, 0.7272727272727272),
    ),
]
RIGHT, SAID = [pair[0] for pair in PAIRS], [pair[1] for pair in PAIRS]


@pytest.mark.parametrize(("right", "said", "bleu", "rouges"), PAIRS)
def test_a_text_has_the_numbers_of_sacrebleu_and_of_rouge_score(
    right: str, said: str, bleu: float, rouges: tuple[float, ...]
) -> None:
    assert float(bleu_of(bleu_counts(said, right))) == pytest.approx(bleu, abs=1e-12)
    assert rouge(said, right) == pytest.approx(rouges, abs=1e-12)


def test_all_texts_together_have_the_numbers_of_both() -> None:
    found = evaluate_texts(RIGHT, SAID, resamples=20)
    assert found.bleu.value == pytest.approx(0.2901630330264442, abs=1e-12)
    means = [found.rouge_1.value, found.rouge_2.value, found.rouge_l.value]
    assert means == pytest.approx([0.6590518184945429, 0.4717062263501892, 0.6439003033430277], abs=1e-12)
    assert found.bleu.low < found.bleu.value < found.bleu.high


def test_marks_stand_apart_as_in_13a() -> None:
    assert [" ".join(bleu_tokens(text)) for text in (RIGHT[1], RIGHT[3], "a &amp; b-2 3-4, 'x'")] == [
        "We waited 45 minutes for two fish ( at $ 12.50 each ) .",
        "Call + 44 20 7946 0958 before 9 : 30 a . m .",
        "a & b-2 3 - 4 , 'x'",
    ]


@pytest.mark.parametrize(
    ("said", "right", "same", "f1"),  # by the evaluation that was published with SQuAD 1.1
    [
        ("The Eiffel Tower!", "Eiffel Tower in Paris", 0.0, 2 / 3),
        ("in 1889", "1889", 0.0, 2 / 3),
        ("a cat", "the cat", 1.0, 1.0),
        ("yes", "no", 0.0, 0.0),
        ("U.S.A.", "USA", 1.0, 1.0),
        ("ten-year-old boy", "a ten year old boy", 0.0, 1 / 3),
        ("", "the", 1.0, 1.0),
    ],
)
def test_answers_overlap_as_squad_counts(said: str, right: str, same: float, f1: float) -> None:
    assert answer_overlap(said, right) == pytest.approx([same, f1])


def test_what_is_said_again_and_what_is_copied_by_hand() -> None:
    assert repeated_runs(SAID[5]) == [3, 9]
    assert repeated_runs("one two three") == [0, 0]
    assert copied_runs("so one two three four five", "say: one, two, three, four; five!") == 2
    assert evaluate_texts(["a b c d"], ["one two three"]).repetition.value is None


def test_numbers_and_names_that_the_source_lacks() -> None:
    source = "Dr. Anna Berg of IBM sold 1,250 chairs in New York at 3.5 dollars."
    said = "In New York, Anna Berg sold 1250 chairs for 3.50 dollars. Later Ben Berg sold 12 to Acme."
    assert numbers_in(said) == ["1250", "3.5", "12"]
    assert unsupported_numbers(said, source) == [1, 3]
    assert names_in(said) == ["New", "York", "Anna", "Berg", "Ben", "Berg", "Acme"]
    assert unsupported_names(said, source) == [2, 7]
    found = evaluate_texts([source], [said], sources=[source], resamples=5)
    assert (found.unsupported_names.value, found.unsupported_numbers.value) == (2 / 7, 1 / 3)
    assert found.copied.value == pytest.approx(copied_runs(said, source) / repeated_runs(said)[1])
    assert evaluate_texts(["no"], ["no"], sources=["no"]).unsupported_names.reason == "no text has a name"


def test_sources_are_one_for_each_text() -> None:
    with pytest.raises(ValueError, match=r"sources: expected one per record \(2\), got 1"):
        evaluate_texts(["a", "b"], ["a", "b"], sources=["a"])
