"""Labels from reviewers of unequal quality."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vote_tables import by_record, by_reviewer

from curation.review import ask_third, consensus

REVIEWS = ["the soup was cold", "a warm and friendly place", "never again", "we loved the cake"] * 20


def simulated(*, accuracy: dict[str, float], records: int, votes: int, seed: int) -> tuple[pd.DataFrame, list[str]]:
    """Draw labels yes or no and votes of reviewers who are right as often as `accuracy` says."""
    rng = np.random.default_rng(seed)
    truth = [str(label) for label in rng.choice(["no", "yes"], records)]
    rows = []
    for i, label in enumerate(truth):
        for name in rng.choice(list(accuracy), votes, replace=False):
            other = "no" if label == "yes" else "yes"
            said = label if rng.random() < accuracy[name] else other
            rows.append({"record_id": f"r{i:03}", "reviewer": str(name), "label": said})
    return pd.DataFrame(rows), truth


def test_what_everybody_says_is_the_label() -> None:
    result = consensus(by_reviewer(ann="aabb", ben="aabb", cem="aabb"))
    assert result.label == {"r000": "a", "r001": "a", "r002": "b", "r003": "b"}
    assert min(result.confidence.values()) > 0.9
    assert result.table.column_names == ["record_id", "label", "confidence", "method", "votes", "posterior"]
    assert result.table["votes"].to_pylist() == [3, 3, 3, 3]


def test_two_reliable_reviewers_outweigh_three_who_guess() -> None:
    good = dict.fromkeys(("ann", "ben"), 0.97)
    votes, truth = simulated(accuracy={**good, "cem": 0.5, "dot": 0.5, "eli": 0.5}, records=300, votes=5, seed=1)
    result = consensus(votes)
    right = np.mean([result.label[f"r{i:03}"] == label for i, label in enumerate(truth)])
    counted = votes.groupby("record_id").label.agg(lambda said: said.mode().iloc[0])
    assert right > np.mean(counted.to_numpy() == np.array(truth)) + 0.05
    assert right > 0.95


def test_a_reviewer_who_always_says_yes_is_found_out_and_named() -> None:
    votes, truth = simulated(accuracy={"ann": 0.95, "ben": 0.9, "cem": 0.92}, records=200, votes=3, seed=2)
    lazy = pd.DataFrame({"record_id": sorted(votes.record_id.unique()), "reviewer": "dot", "label": "yes"})
    reviewers = consensus(pd.concat([votes, lazy])).reviewers.to_pandas().set_index("reviewer")
    assert reviewers.habit["dot"] == "gives yes to 100% of the records that are no by consensus"
    assert reviewers.accuracy["dot"] == pytest.approx(0.5, abs=0.1)
    assert reviewers.accuracy["ann"] == pytest.approx(0.95, abs=0.05)
    right = votes.label == votes.record_id.map({f"r{i:03}": label for i, label in enumerate(truth)})
    for name, share in right.groupby(votes.reviewer).mean().items():
        assert reviewers.low[name] < share < reviewers.high[name]
    assert reviewers.n_votes.to_dict() == {"ann": 200, "ben": 200, "cem": 200, "dot": 200}


def test_texts_settle_what_votes_leave_open() -> None:
    gold = {f"r{i:02}": label for i, label in enumerate(["bad", "good", "bad", "good"] * 20)}
    texts = {f"r{i:02}": text for i, text in enumerate(REVIEWS)}
    gained = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        rows = [
            {"record_id": record, "reviewer": name, "label": label if rng.random() < 0.75 else other}
            for record, label in gold.items()
            for other in ["good" if label == "bad" else "bad"]
            for name in ("ann", "ben")
        ]
        alone, read = consensus(pd.DataFrame(rows)), consensus(pd.DataFrame(rows), texts=texts)
        assert set(read.table["method"].to_pylist()) == {"votes and model"}
        gained.append(sum((read.label[i] == gold[i]) - (alone.label[i] == gold[i]) for i in gold))
    assert min(gained) >= 0
    assert np.mean(gained) >= 4


def test_features_that_tell_nothing_change_next_to_nothing() -> None:
    votes, _ = simulated(accuracy={"ann": 0.9, "ben": 0.8, "cem": 0.85}, records=150, votes=2, seed=5)
    rng = np.random.default_rng(0)
    noise = {f"r{i:03}": rng.normal(size=30) for i in range(150)}
    alone, noisy = consensus(votes), consensus(votes, embeddings=noise)
    assert np.mean([alone.label[i] == noisy.label[i] for i in alone.label]) > 0.95


def test_predictions_of_a_good_model_help() -> None:
    votes, truth = simulated(accuracy={"ann": 0.7, "ben": 0.7, "cem": 0.7}, records=200, votes=2, seed=6)
    rng = np.random.default_rng(0)
    known = {
        f"r{i:03}": [0.8, 0.2] if (label == "no") == (rng.random() < 0.9) else [0.2, 0.8]
        for i, label in enumerate(truth)
    }
    result = consensus(votes, pred_probs=known)
    assert np.mean([result.label[f"r{i:03}"] == label for i, label in enumerate(truth)]) > 0.85


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"r1": [1.0, 0.0]}, "embeddings has nothing for record 'r2'"),
        ({"r1": [1.0, 0.0], "r2": [1.0]}, r"of record 'r2': expected shape \(2,\) as for record 'r1', found"),
        ({"r1": [1.0, 0.0], "r2": [1.0, float("nan")]}, "of record 'r2': expected finite numbers"),
    ],
)
def test_bad_embeddings_are_named(known: dict[str, list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        consensus(by_record({"r1": "ab", "r2": "bb"}), embeddings=known)


def test_labels_nobody_used_have_a_probability_too() -> None:
    result = consensus(by_record({"r1": "aa", "r2": "ab"}), labels=["a", "b", "c"])
    assert len(result.posteriors["r1"]) == 3
    assert 0 < result.posteriors["r1"][2] < 0.2


def test_no_votes_and_one_label_are_no_trouble() -> None:
    nothing = consensus(by_reviewer(ann="..."), labels=["a", "b"])
    assert (nothing.label, nothing.table.num_rows, nothing.reviewers.num_rows) == ({}, 0, 0)
    same = consensus(by_reviewer(ann="aa", ben="aa"))
    assert (same.label, same.confidence) == ({"r000": "a", "r001": "a"}, {"r000": 1.0, "r001": 1.0})


def test_the_last_answer_of_a_reviewer_counts_and_drafts_do_not() -> None:
    votes = pd.DataFrame(
        {
            "record_id": ["r1"] * 4,
            "reviewer": ["ann", "ann", "ben", "cem"],
            "label": ["b", "a", "a", "b"],
            "submitted_at": pd.to_datetime(["2024-05-02", "2024-05-03", "2024-05-01", None], utc=True),
            "status": ["submitted", "submitted", "submitted", "draft"],
        }
    )
    result = consensus(votes.iloc[::-1], labels=["a", "b"])
    assert result.label == {"r1": "a"}
    assert result.table["votes"].to_pylist() == [2]


letters = st.lists(st.text("abc.", min_size=4, max_size=4), min_size=1, max_size=15)


def _table(rows: list[str]) -> pd.DataFrame:
    names = ("ann", "ben", "cem", "dot")
    return by_reviewer(**{name: "".join(row[i] for row in rows) for i, name in enumerate(names)})


@given(letters, st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_order_of_rows_and_names_of_reviewers_do_not_matter(rows: list[str], seed: int) -> None:
    votes = _table(rows)
    mixed = votes.iloc[random.Random(seed).sample(range(len(votes)), len(votes))]
    renamed = mixed.assign(reviewer=mixed.reviewer.map({"ann": "zoe", "ben": "ben", "cem": "abe", "dot": "kim"}))
    one, two, three = (consensus(table, labels=["a", "b", "c"]) for table in (votes, mixed, renamed))
    assert one.table.equals(two.table)
    for record, posterior in one.posteriors.items():
        assert posterior == pytest.approx(three.posteriors[record], abs=1e-12)


@given(letters)
@settings(max_examples=25, deadline=None)
def test_confidences_are_probabilities_and_counts_are_kept(rows: list[str]) -> None:
    votes = _table(rows)
    result = consensus(votes)
    assert all(0 <= value <= 1 for value in result.confidence.values())
    assert all(p.sum() == pytest.approx(1) for p in result.posteriors.values())
    assert sum(result.table["votes"].to_pylist()) == len(votes)
    assert sum(result.reviewers["n_votes"].to_pylist()) == len(votes)
    assert set(result.label) == set(votes.record_id)


def test_a_third_vote_is_asked_for_where_two_disagree_first() -> None:
    votes = by_record({"r1": "aa", "r2": "ab", "r3": "bb", "r4": "aa", "r5": "bb", "r6": "aab"})
    queue = ask_third(votes, consensus(votes))
    assert queue["record_id"].to_pylist()[0] == "r2"
    assert "r6" not in queue["record_id"].to_pylist()
    assert queue["reason"].to_pylist()[0].startswith("2 votes that disagree, ")
    assert queue["gain"].to_pylist() == sorted(queue["gain"].to_pylist(), reverse=True)
    assert ask_third(votes, consensus(votes), limit=2).num_rows == 2


def test_ask_third_wants_the_votes_of_the_consensus() -> None:
    agreed = consensus(by_record({"r1": "ab", "r2": "bb"}))
    with pytest.raises(ValueError, match="found other records"):
        ask_third(by_record({"r1": "ab"}), agreed)


@pytest.mark.parametrize(("k", "at_least"), [(2, 0.80), (3, 0.84), (5, 0.885), (10, 0.92)])
def test_real_raters_of_entailment(shared_data: Path, k: int, at_least: float) -> None:
    folder = shared_data / "rte_raters"
    votes, gold = (pd.read_csv(folder / name, dtype=str) for name in ("votes.csv", "gold.csv"))
    votes.columns = pd.Index(["record_id", "reviewer", "label"])
    turn = votes.assign(at=np.random.default_rng(0).random(len(votes))).groupby("record_id")["at"].rank()
    label = consensus(votes[turn <= k]).label
    assert np.mean([label[i] == said for i, said in zip(gold.id, gold.label, strict=True)]) >= at_least
