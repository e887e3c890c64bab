"""Ratings from people who are strict, mild, bold and careless."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vote_tables import by_reviewer

from curation.review import RatingConsensus, consensus, decide
from curation.review.answers import CONSENSUS

STEPS = [1, 2, 3, 4, 5]


def rated(votes: pd.DataFrame, **known: object) -> RatingConsensus:
    found = consensus(votes, kind="rating", labels=STEPS, **known)  # type: ignore[arg-type]
    assert isinstance(found, RatingConsensus)
    return found


def crowd(
    offsets: dict[str, float], *, records: int, votes: int, noise: float = 0.5, seed: int = 0
) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw true values, and ratings of people who are as far off as `offsets` says."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(1.5, 4.5, records)
    rows = [
        (f"r{i:03}", name, int(np.clip(round(value + offsets[name] + noise * rng.normal()), 1, 5)))
        for i, value in enumerate(truth)
        for name in rng.choice(list(offsets), votes, replace=False)
    ]
    return pd.DataFrame(rows, columns=["record_id", "reviewer", "label"]), truth


def means(found: RatingConsensus) -> np.ndarray:
    return np.array([found.mean[i] for i in sorted(found.mean)])


def test_a_strict_rater_is_found_and_their_offset_taken_out() -> None:
    votes, truth = crowd({"ann": -1.2, "ben": 0.4, "cem": 0.4, "dot": 0.4}, records=200, votes=2)
    found = rated(votes)
    raw = votes.groupby("record_id").label.mean().to_numpy()
    assert np.abs(means(found) - truth).mean() < 0.75 * np.abs(raw - truth).mean()
    ann, *others = found.reviewers.to_pylist()
    assert ann["offset"] == pytest.approx(-1.2, abs=0.3)
    assert "lower than the others" in ann["habit"]
    assert {"offset", "scale", "noise", "n_votes"} <= ann.keys()
    assert all(0 < one["offset"] < 0.8 for one in others)


def test_what_a_text_tells_of_its_rating_fills_in_for_votes() -> None:
    votes, truth = crowd(dict.fromkeys(("ann", "ben", "cem"), 0.0), records=300, votes=2, noise=1.5)
    rng = np.random.default_rng(1)
    telling = {f"r{i:03}": [value, *rng.normal(size=5)] for i, value in enumerate(truth)}
    idle = {i: rng.normal(size=6) for i in telling}
    alone, told, not_told = (
        np.abs(means(rated(votes, **known)) - truth).mean()
        for known in ({}, {"embeddings": telling}, {"embeddings": idle})
    )
    assert told < 0.6 * alone
    assert not_told < 1.05 * alone


def test_the_interval_of_the_mean_holds_the_truth_as_often_as_it_says() -> None:
    votes, truth = crowd({"ann": -0.5, "ben": 0.5, "cem": 0.0, "dot": 0.0}, records=400, votes=3)
    found = rated(votes)
    ends = np.array([found.interval[i] for i in sorted(found.interval)])
    assert 0.88 < np.mean((ends[:, 0] <= truth) & (truth <= ends[:, 1])) <= 1.0


def test_the_step_is_right_as_often_as_the_confidence_says_or_a_little_more_so() -> None:
    votes, truth = crowd({"ann": -0.5, "ben": 0.5, "cem": 0.0, "dot": 0.0}, records=800, votes=2)
    found = rated(votes)
    right = [found.value[f"r{i:03}"] == round(value) for i, value in enumerate(truth)]
    assert -0.02 < np.mean(right) - np.mean(list(found.confidence.values())) < 0.08


def test_readers_who_agree_are_believed_more_than_readers_who_do_not() -> None:
    votes, _ = crowd(dict.fromkeys(("ann", "ben", "cem"), 0.0), records=200, votes=2, noise=0.4)
    found = rated(votes)
    spread = votes.groupby("record_id").label.agg(np.ptp)
    agreed = spread.index[spread == 0]
    said = votes.drop_duplicates("record_id").set_index("record_id").label
    assert np.mean([found.value[i] == said[i] for i in agreed]) > 0.97
    sure = pd.Series(dict(found.confidence))
    assert sure[agreed].mean() > sure.drop(agreed).mean() + 0.1


ratings = st.lists(st.text("12345.", min_size=4, max_size=4), min_size=1, max_size=12).filter(
    lambda x: set("".join(x)) != {"."}
)


def _table(rows: list[str]) -> pd.DataFrame:
    names = ("ann", "ben", "cem", "dot")
    return by_reviewer(**{name: "".join(row[i] for row in rows) for i, name in enumerate(names)})


@given(ratings, st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_order_of_rows_plays_no_part_and_every_number_is_in_its_range(rows: list[str], seed: int) -> None:
    votes = _table(rows)
    one, two = rated(votes), rated(votes.sample(frac=1, random_state=seed))
    assert one.mean == two.mean
    assert one.confidence == two.confidence
    for record_id, sure in one.confidence.items():
        low, high = one.interval[record_id]
        assert 0 <= sure <= 1
        assert 1 <= low <= one.mean[record_id] <= high <= 5
        assert one.posteriors[record_id].sum() == pytest.approx(1)


@given(st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_one_rater_who_turns_milder_moves_values_less_than_the_raw_mean(seed: int) -> None:
    votes, _ = crowd(dict.fromkeys(("ann", "ben", "cem"), 0.0), records=60, votes=2, seed=seed)
    moved = votes.assign(label=votes.label + (votes.reviewer == "ann"))
    before, after = (means(consensus(each, kind="rating", labels=range(1, 7))) for each in (votes, moved))  # type: ignore[arg-type]
    raw = (moved.groupby("record_id").label.mean() - votes.groupby("record_id").label.mean()).to_numpy()
    assert np.abs(after - before).max() < raw.max()
    assert np.std(after - before) < 0.25 * np.std(raw)


def test_all_alike_one_reader_and_no_votes_are_no_trouble() -> None:
    same = rated(by_reviewer(ann="444", ben="444"))
    assert set(same.value.values()) == {4.0}
    assert min(same.confidence.values()) > 0.9
    alone = rated(by_reviewer(ann="1245"))
    assert list(alone.value.values()) == [1.0, 2.0, 4.0, 5.0]
    assert max(alone.confidence.values()) < 0.9
    nothing = rated(by_reviewer(ann="..."))
    assert (nothing.value, nothing.reviewers.num_rows) == ({}, 0)


@pytest.mark.parametrize(
    ("labels", "message"),
    [(None, "ratings are numbers, or words"), ([3, 2, 1], "from the lowest step to the highest")],
)
def test_a_scale_that_is_none_is_named(labels: list[object] | None, message: str) -> None:
    votes = pd.DataFrame({"record_id": ["m1"], "reviewer": ["ann"], "label": [str(labels[0]) if labels else "low"]})
    with pytest.raises(ValueError, match=message):
        consensus(votes, kind="rating", labels=labels)


def test_ten_comes_after_nine_and_decisions_take_it() -> None:
    votes = pd.DataFrame(
        {"record_id": ["m1", "m1", "m2", "m2"], "reviewer": ["ann", "ben"] * 2, "label": [10, 9, 2, 2]}
    )
    found = consensus(votes, kind="rating")
    assert list(found.labels) == ["2", "9", "10"]
    assert decide(votes, consensus=found)["method"].to_pylist() == ["disputed", "agreed"]


def test_words_in_an_order_are_steps_too() -> None:
    votes = by_reviewer(ann="abcabc", ben="abcabc")
    found = consensus(votes, kind="rating", labels=["a", "b", "c"])
    assert list(found.label.values()) == list("abcabc")


def test_labels_without_an_order_stay_with_the_consensus_of_labels() -> None:
    votes = by_reviewer(ann="aab", ben="abb")
    assert consensus(votes, kind="single_label").confidence == consensus(votes).confidence
    assert CONSENSUS["nominal"] is consensus
