"""Several labels by consensus: label by label a yes or a no, from readers who forget some and give others wrongly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation import consensus

NAMES = ["late", "money", "rude"]
SETS = st.lists(st.sampled_from(NAMES), unique=True).map(sorted)


@settings(max_examples=30, deadline=None)
@given(truth=st.dictionaries(st.sampled_from([f"m{i}" for i in range(8)]), SETS, min_size=1))
def test_readers_who_are_always_right_make_the_truth(truth: dict[str, list[str]]) -> None:
    votes = [(i, who, names) for i, names in truth.items() for who in ("ana", "ben", "cem")]
    found = consensus(votes, kind="multi_label", labels=NAMES)
    assert {i: list(names) for i, names in found.value.items()} == truth
    again = consensus(votes[::-1], kind="multi_label", labels=NAMES)
    assert again.value == found.value
    assert again.confidence == pytest.approx(found.confidence)


def test_a_label_that_one_of_three_gives_is_none_and_an_empty_answer_counts() -> None:
    votes = [("m1", "ana", ["late"]), ("m1", "ben", ["late", "rude"]), ("m1", "cem", ["late"])]
    votes += [("m2", "ana", []), ("m2", "ben", []), ("m2", "cem", ["money"])]
    found = consensus(votes, kind="multi_label")
    assert found.value == {"m1": ["late"], "m2": []}
    assert found.label == {"m1": "late", "m2": "(none of these)"}
    assert list(found.labels) == NAMES
    assert found.confidence["m1"] == pytest.approx(
        np.prod(np.maximum(found.chance_of["m1"], 1 - found.chance_of["m1"]))
    )


def test_who_is_often_wrong_counts_less() -> None:
    rng = np.random.default_rng(3)
    truth = {f"m{i}": [name for name in NAMES if rng.random() < 0.4] for i in range(150)}
    wrong = {"ana": 0.05, "ben": 0.05, "cem": 0.4, "dan": 0.4, "eva": 0.4}
    votes = [
        (i, who, [name for name in NAMES if (name in names) != (rng.random() < rate)])
        for i, names in truth.items()
        for who, rate in wrong.items()
    ]
    found = consensus(votes, kind="multi_label")
    majority = {i: [n for n in NAMES if sum(n in said for j, _, said in votes if j == i) > 2] for i in truth}

    def right(answers: dict[str, list[str]]) -> float:
        return float(np.mean([(name in answers[i]) == (name in truth[i]) for i in truth for name in NAMES]))

    assert right({i: list(found.value[i]) for i in truth}) > right(majority) + 0.03


def test_what_is_no_list_of_labels_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a list of labels for every answer, found 'late'"):
        consensus([("m1", "ana", "late")], kind="multi_label")
    with pytest.raises(ValueError, match="expected labels of late, found 'rude'"):
        consensus([("m1", "ana", ["rude"])], kind="multi_label", labels=["late"])


def test_every_consensus_has_its_answers_as_values() -> None:
    assert consensus([("m1", "ana", "late"), ("m1", "ben", "late")]).value == {"m1": "late"}
    assert consensus([("m1", "ana", "first")], kind="preference").value == {"m1": "first"}
