"""Readers who mark passages: how far they mark the same ones, and the same characters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_passage_consensus import ANSWER, TEXT, WORDS

from curation.review import agreement
from curation.review.passage_agreement import shared_marks

# ten characters each:      0123456789
TEXTS = {"m1": "Ann in Ulm", "m2": "Ben saw it"}
VOTES = [
    ("m1", "ana", [[0, 3, "PER"], [7, 10, "LOC"]]),
    ("m1", "ben", [[0, 3, "PER"], [4, 10, "LOC"]]),
    ("m2", "ana", [[0, 3, "PER"]]),
    ("m2", "ben", []),
]


def test_f1_of_two_readers_by_hand() -> None:
    found = agreement(VOTES, kind="span", texts=TEXTS)
    # Ana marks 3 passages, Ben 2. One is the same; one more overlaps.
    assert found.measures["exact F1"].value == pytest.approx(2 * 1 / (3 + 2))
    assert found.measures["overlapping F1"].value == pytest.approx(2 * 2 / (3 + 2))
    assert found.measures["exact F1 of PER"].value == pytest.approx(2 * 1 / (2 + 1))
    assert found.measures["exact F1 of LOC"].value == pytest.approx(0)
    assert found.measures["overlapping F1 of LOC"].value == pytest.approx(1)
    assert found.observed.value == 0
    assert found.records == found.paired_records == 2
    low, value, high = (getattr(found.measures["exact F1"], end) for end in ("low", "value", "high"))
    assert low <= value <= high


def test_f1_of_three_readers_is_that_of_every_two_of_them_pooled() -> None:
    votes = [*VOTES[:2], ("m1", "cem", [[0, 3, "PER"]])]
    found = agreement(votes, kind="span")
    # Every two: ana and ben 1 of 4, ana and cem 1 of 3, ben and cem 1 of 3.
    assert found.measures["exact F1"].value == pytest.approx(2 * (1 + 1 + 1) / (4 + 3 + 3))


def test_alpha_of_characters_by_hand() -> None:
    found = agreement(VOTES, kind="span", texts=TEXTS)
    # 20 characters, 40 marks. Ana: PER 6, LOC 3, none 11; Ben: PER 3, LOC 6, none 11. They differ on 3 characters of m1
    # (none and LOC) and 3 of m2 (PER and none).
    marks = {"PER": 9, "LOC": 9, "none": 22}
    by_chance = (40**2 - sum(n**2 for n in marks.values())) / (40 * 39)
    assert found.alpha.value == pytest.approx(1 - (6 / 20) / by_chance)
    per = 2 * 9 * 31 / (40 * 39)
    assert found.per_label["PER"].value == pytest.approx(1 - (3 / 20) / per)


def test_alpha_and_kappa_are_those_of_characters_that_are_labels() -> None:
    characters = []
    for i, who, spans in VOTES:
        marked = dict.fromkeys(range(10), "none")
        for start, end, label in spans:
            marked |= dict.fromkeys(range(start, end), label)
        characters += [(f"{i} {at}", who, label) for at, label in marked.items()]
    found, plain = agreement(VOTES, kind="span", texts=TEXTS), agreement(characters)
    assert found.alpha.value == pytest.approx(plain.alpha.value)
    assert found.pairs[0].kappa.value == pytest.approx(plain.pairs[0].kappa.value)
    assert found.pairs[0].shared == 2
    for label in ("PER", "LOC"):
        assert found.per_label[label].value == pytest.approx(plain.per_label[label].value)


def test_the_interval_of_kappa_holds_for_records_that_are_drawn_whole() -> None:
    rng, votes = np.random.default_rng(0), []
    for n in range(400):
        for who in ("ana", "ben"):
            spans = [[*WORDS[j], "PER"] for j in sorted(rng.choice(8, 3, replace=False))]
            votes.append((f"m{n}", who, spans))
    texts = {f"m{n}": TEXT for n in range(400)}
    kappa = agreement(votes, kind="span", texts=texts).pairs[0].kappa
    values = [agreement(_some(votes, rng), kind="span", texts=texts).pairs[0].kappa.value for _ in range(60)]
    assert kappa.high - kappa.low == pytest.approx(2 * 1.96 * float(np.std(values)) / np.sqrt(2), rel=0.4)


def _some(votes: list[Any], rng: np.random.Generator) -> list[Any]:
    """Return the votes on a random half of the records: its spread is that of all, times the root of one."""
    kept = {f"m{n}" for n in rng.choice(400, 200, replace=False)}
    return [vote for vote in votes if vote[0] in kept]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["m1", "m2", "m3"]), ANSWER), min_size=1), st.integers(0, 9))
def test_equal_answers_agree_and_order_plays_no_part(said: list[tuple[str, Any]], seed: int) -> None:
    votes = [(i, who, spans) for i, spans in dict(said).items() for who in ("ana", "ben")]
    found = agreement(votes, kind="span", resamples=20)
    mixed = agreement(
        [votes[j] for j in np.random.default_rng(seed).permutation(len(votes))], kind="span", resamples=20
    )
    assert found == mixed
    assert found.observed.value == 1
    if any(spans for _, _, spans in votes):
        assert found.measures["exact F1"].value == found.measures["overlapping F1"].value == 1
        assert found.alpha.value in (None, pytest.approx(1))
    else:
        assert found.measures["exact F1"].value is None


def test_nested_passages_of_one_reader_are_overlapped_by_what_lies_in_them() -> None:
    one = [{"start": 0, "end": 9, "label": "PER"}, {"start": 1, "end": 2, "label": "PER"}]
    other = [{"start": 5, "end": 6, "label": "PER"}]
    assert shared_marks([one, other]) == {"PER": (3, 0, 2)}
    assert shared_marks([other, one]) == {"PER": (3, 0, 2)}


def test_passages_that_overlap_are_a_value_of_their_own() -> None:
    both = [[0, 3, "PER"], [0, 7, "LOC"]]
    votes = [("m1", "ana", both), ("m1", "ben", both), ("m2", "ana", [[0, 2, "PER"]]), ("m2", "ben", [[0, 2, "PER"]])]
    assert agreement(votes, kind="span").alpha.value == pytest.approx(1)


def test_one_reader_each_and_settings_that_do_not_fit_are_said_in_words() -> None:
    alone = agreement([("m1", "ana", [[0, 3, "PER"]])], kind="span")
    assert alone.alpha.value is None
    assert alone.measures["exact F1"].reason == "no record has two votes"
    with pytest.raises(ValueError, match="passages have no order"):
        agreement(VOTES, kind="span", scale="ordinal")
    with pytest.raises(ValueError, match="texts= is for answers of the kind span"):
        agreement([("m1", "ana", "a")], texts=TEXTS)
    with pytest.raises(ValueError, match="texts of record 'm2': expected a text, found None"):
        agreement(VOTES, kind="span", texts={"m1": TEXTS["m1"]})
    with pytest.raises(ValueError, match="expected labels of PER, found 'LOC'"):
        agreement(VOTES, kind="span", labels=["PER"])
