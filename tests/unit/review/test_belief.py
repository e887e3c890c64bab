"""Consensus that can be believed: as sure as it is right, on crowds that models of reviewers go wrong on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vote_tables import by_record

from curation.review import Consensus, consensus


def simulated(truth: Sequence[str], readers: Sequence[float], each: int, seed: int) -> pd.DataFrame:
    """Draw votes of `each` readers a record, who are right as often as `readers` says and else say any other label."""
    rng, labels = np.random.default_rng(seed), sorted(set(truth))
    rows = []
    for i, true in enumerate(truth):
        for reader in rng.choice(len(readers), each, replace=False):
            other = str(rng.choice([label for label in labels if label != true]))
            rows.append((f"r{i:03}", f"w{reader}", true if rng.random() < readers[reader] else other))
    return pd.DataFrame(rows, columns=["record_id", "reviewer", "label"])


def right(found: Consensus, truth: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([found.label[f"r{i:03}"] == true for i, true in enumerate(truth)])


@pytest.mark.parametrize(
    ("labels", "readers", "each"),
    [
        ("ab", (0.85, 0.75), 2),
        ("abcd", (0.85, 0.75), 2),
        ("ab", (0.9, 0.8, 0.85, 0.25, 0.75), 3),
        ("abc", (0.9, 0.85, 0.8), 3),
        ("ab", tuple(np.linspace(0.55, 0.95, 40)), 3),
    ],
)
def test_it_is_as_sure_as_it_is_right(labels: str, readers: tuple[float, ...], each: int) -> None:
    said, was = [], []
    for seed in range(8):
        truth = list(labels) * (200 // len(labels))
        found = consensus(simulated(truth, readers, each, seed))
        said += [found.confidence[f"r{i:03}"] for i in range(len(truth))]
        was += list(right(found, truth))
    assert np.mean(said) == pytest.approx(np.mean(was), abs=0.05)
    sure = np.array(said) > 0.9
    assert np.mean(np.array(was)[sure]) > np.mean(np.array(said)[sure]) - 0.05


def test_two_readers_are_not_told_apart_by_their_votes() -> None:
    truth = list("abcd") * 50
    votes = simulated(truth, (0.85, 0.75), 2, seed=1)
    found = consensus(votes)
    differ = votes.groupby("record_id").label.nunique() == 2
    sure = pd.Series(found.confidence)
    assert sure[differ].max() < 0.8
    assert sure[~differ].min() > 0.85


def test_a_rare_label_does_not_vanish() -> None:
    truth = ["fire"] * 3 + ["water"] * 21 + ["earth"] * 21
    kept = []
    for seed in range(8):
        votes = simulated(truth, (0.9, 0.85, 0.8), 3, seed)
        found = consensus(votes)
        told = votes[votes.label == "fire"].groupby("record_id").size()
        for record in told[told >= 2].index:
            assert found.label[record] == "fire"
        kept.append(sum(found.label[f"r{i:03}"] == "fire" for i in range(3)))
    assert np.mean(kept) > 2


def test_a_label_that_people_are_unsure_of_keeps_its_share() -> None:
    rng = np.random.default_rng(0)
    truth = ["first", "second", "tie"] * 100
    says = {"first": (0.8, 0.05, 0.15), "second": (0.05, 0.8, 0.15), "tie": (0.25, 0.25, 0.5)}
    rows = [
        (f"r{i:03}", f"w{rng.integers(60)}", str(rng.choice(list(says), p=says[true])))
        for i, true in enumerate(truth)
        for _ in range(3)
    ]
    votes = pd.DataFrame(rows, columns=["record_id", "reviewer", "label"]).drop_duplicates(["record_id", "reviewer"])
    found = consensus(votes)
    ties = np.mean([label == "tie" for label in found.label.values()])
    assert 0.15 < ties < 0.45
    assert np.mean(right(found, truth)) > 0.7


def test_a_reader_who_is_mostly_wrong_counts_against_what_he_says() -> None:
    truth = list("ab") * 60
    votes = simulated(truth, (0.9, 0.9, 0.9, 0.1), 4, seed=3)
    found = consensus(votes)
    assert np.mean(right(found, truth)) > 0.95
    accuracy = dict(zip(found.reviewers["reviewer"].to_pylist(), found.reviewers["accuracy"].to_pylist(), strict=True))
    assert accuracy["w3"] < 0.25


def test_two_votes_do_not_overturn_what_readers_are_taken_to_be() -> None:
    truth = list("ab") * 40
    votes = simulated(truth, (0.9, 0.9, 0.9), 3, seed=5)
    majority = votes.groupby("record_id").label.agg(lambda said: said.mode().iloc[0])
    odd = [(record, "new", "a" if majority[record] == "b" else "b") for record in ("r000", "r001")]
    late = [("late", "new", "a"), ("late", "newer", "a"), ("later", "new", "a")]
    extra = pd.DataFrame([*odd, *late], columns=votes.columns)
    found = consensus(pd.concat([votes, extra]))
    assert [found.label[i] for i in ("r000", "r001", "late")] == [majority["r000"], majority["r001"], "a"]
    assert found.confidence["late"] > 0.5
    assert 0.25 < (found.probability("later", "a") or 0) < 0.9


rounds = st.lists(st.text("abc", min_size=2, max_size=4), min_size=2, max_size=12)


@given(rounds)
@settings(max_examples=40, deadline=None)
def test_what_all_readers_of_a_record_say_is_its_label_where_readers_agree_mostly(rows: list[str]) -> None:
    told = {f"r{i:02}": said for i, said in enumerate([*rows, *("aaa", "bbb", "ccc") * 4])}
    found = consensus(by_record(told))
    for record, said in told.items():
        if len(set(said)) == 1:
            assert found.label[record] == said[0]
            assert found.confidence[record] > 0.5


@given(rounds)
@settings(max_examples=40, deadline=None)
def test_records_with_equal_votes_are_equally_sure(rows: list[str]) -> None:
    told = {f"r{i:02}": said for i, said in enumerate([*rows, *rows])}
    found = consensus(by_record(told))
    for i in range(len(rows)):
        one, two = (found.posteriors[f"r{j:02}"] for j in (i, i + len(rows)))
        assert one == pytest.approx(two, abs=0.05)


def test_held_out_readers_agree_as_often_as_foretold() -> None:
    truth = list("abc") * 300
    bands = consensus(simulated(truth, tuple(np.linspace(0.6, 0.95, 20)), 3, seed=2)).calibration.to_pylist()
    assert sum(band["answers"] for band in bands) == len(truth)
    for band in bands:
        assert 0 <= band["from"] < band["to"] <= 1
        assert band["low"] <= band["agreed"] <= band["high"]
        assert band["answers"] < 30 or band["foretold"] == pytest.approx(band["agreed"], abs=0.1)


def test_where_no_record_has_two_readers_nothing_can_be_held_out() -> None:
    found = consensus([("m1", "ann", "late"), ("m2", "ben", "refund")])
    assert found.calibration.num_rows == 0
    assert set(found.label) == {"m1", "m2"}
