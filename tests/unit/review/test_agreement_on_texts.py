"""How far texts of several people agree, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.text_metrics import chrf
from twofold import agreement

VOTES = [
    ("m1", "ana", "the soup was cold"),
    ("m1", "ben", "The soup was cold."),
    ("m2", "ana", "we ate two fish"),
    ("m2", "ben", "we had fish"),
    ("m3", "ana", "nobody came"),
]


def test_measures_are_means_over_two_texts_of_a_record() -> None:
    found = agreement(VOTES, kind="text")
    first, second = VOTES[0][2], VOTES[1][2]
    assert found.observed.value == 0.0
    assert found.measures["word_error"].value == pytest.approx((0 + 2 / 3.5) / 2)
    pairs = [(first, second), (VOTES[2][2], VOTES[3][2])]
    both = [(chrf(a, b) + chrf(b, a)) / 2 for a, b in pairs]
    assert found.measures["chrf"].value == pytest.approx(np.mean(both))
    assert (found.paired_records, found.records, found.votes, found.reviewers) == (2, 3, 5, 2)


def test_alpha_is_one_less_words_apart_within_records_by_those_apart_anywhere() -> None:
    # Within: 0 and 2 of 4 words. Anywhere: of the six pairs of four texts these two, and four of no word in common.
    found = agreement(VOTES, kind="text")
    assert found.alpha.value == pytest.approx(1 - ((0 + 0.5) / 2) / ((0 + 0.5 + 4) / 6))
    assert found.pairs[0].kappa.value == pytest.approx(found.alpha.value)
    assert found.fleiss_kappa.value is None
    assert found.per_label == {}


def test_texts_that_are_the_same_agree_and_others_do_not() -> None:
    same = [(f"m{i}", who, f"it is number {i} of all") for i in range(5) for who in ("ana", "ben")]
    assert agreement(same, kind="text").alpha.value == 1.0
    one = [(f"m{i}", who, "it is") for i in range(5) for who in ("ana", "ben")]
    assert agreement(one, kind="text").alpha.reason == (
        "every text is the same, so there is nothing to agree on beyond chance"
    )
    assert agreement(VOTES[-1:], kind="text").alpha.reason == "no record has two votes"


def test_similarity_of_meaning_is_there_where_embeddings_are() -> None:
    def embed(texts: list[str]) -> list[list[float]]:
        return [[len(text), 1.0] for text in texts]

    found = agreement(VOTES, kind="text", embed=embed)
    assert "similarity" not in agreement(VOTES, kind="text").measures
    assert 0.99 < (found.measures["similarity"].value or 0) <= 1
    assert found.to_pandas()["measure"].tolist()[4:7] == ["word_error", "chrf", "similarity"]
    with pytest.raises(ValueError, match="embed= is for answers of the kind text"):
        agreement([("m1", "ana", "a")], embed=embed)


def test_texts_have_no_order() -> None:
    with pytest.raises(ValueError, match="texts have no order"):
        agreement(VOTES, kind="text", scale="ordinal")


def test_white_space_makes_no_two_texts_of_one() -> None:
    votes = [("m1", "ana", "two fish"), ("m1", "ben", "two  fish\n"), ("m2", "ana", "soup"), ("m2", "ben", "cake")]
    found = agreement(votes, kind="text")
    assert found.observed.value == found.pairs[0].observed == 0.5
