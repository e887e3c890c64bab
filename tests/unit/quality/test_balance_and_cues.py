"""Skewed labels and words that give a label away are named."""

from __future__ import annotations

import numpy as np
import pytest

from curation.quality import class_balance, cue_words, length_cues


def test_labels_are_counted_and_the_scarce_ones_named() -> None:
    found = class_balance(["card"] * 30 + ["pin"] * 6, label_names=["card", "pin", "loan"], minimum=10)
    assert found.counts == {"card": 30, "pin": 6, "loan": 0}
    assert found.shares["pin"] == pytest.approx(1 / 6)
    assert found.imbalance == 5
    assert found.scarce == ("loan", "pin")


def test_even_labels_have_evenness_one() -> None:
    assert class_balance(["card", "pin", "loan"] * 4).evenness == pytest.approx(1)


def test_a_word_that_decides_the_label_is_named_and_a_common_one_is_not() -> None:
    complaints = [f"sadly the parcel number {i} is late" for i in range(30)]
    praise = [f"happily the parcel number {i} is here" for i in range(30)]
    cues = cue_words(complaints + praise, ["complaint"] * 30 + ["praise"] * 30)
    assert {(cue.label, cue.word) for cue in cues} == {
        ("complaint", "sadly"),
        ("complaint", "late"),
        ("praise", "happily"),
        ("praise", "here"),
    }
    assert cues[0].pmi == pytest.approx(1)  # half of all, all with the word: log2(1 / .5)
    assert cues[0].p_value == pytest.approx(1 / 118264581564861424)  # 30 of 60 at random: 1 / (60 choose 30)
    assert "100% of the 30 records with it carry the label, 50% of all" in cues[0].reason


def test_words_dealt_out_at_random_are_no_cue() -> None:
    rng = np.random.default_rng(0)
    vocabulary = np.array(["card", "bank", "rate", "today", "please", "phone", "fee", "help"])
    texts = [" ".join(rng.choice(vocabulary, 4)) for _ in range(200)]
    assert cue_words(texts, rng.integers(0, 2, 200)) == []


def test_texts_without_frequent_words_have_no_cue() -> None:
    assert cue_words(["", "?", "once"], ["a", "b", "a"]) == []


def test_a_label_with_longer_texts_is_named_with_both_medians() -> None:
    texts = ["it is late and nobody answers"] * 20 + ["all good"] * 20
    longer, shorter = length_cues(texts, ["complaint"] * 20 + ["praise"] * 20)
    assert (longer.longer, shorter.longer) in {(1.0, 0.0), (0.0, 1.0)}
    complaint = longer if longer.label == "complaint" else shorter
    assert complaint.reason == "texts labelled 'complaint' are longer than the others: 6 words against 2"


def test_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="texts: expected 2 records, one per label, got 1"):
        cue_words(["one text"], ["card", "pin"])
