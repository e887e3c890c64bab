"""Items in an order by comparisons of two: known orders come back, and readers are seen through."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import kendalltau

from curation.review import rank_items

Row = tuple[str, str, str, str]


def crowd(
    rng: np.random.Generator,
    scores: dict[str, float],
    pairs: int,
    *,
    care: dict[str, float],
    lean: dict[str, float] | None = None,
) -> list[Row]:
    """Comparisons of pairs at random by readers who follow the order at a rate of their own, and lean to the first."""
    names, rows = sorted(scores), []
    for _ in range(pairs):
        first, second = rng.choice(names, 2, replace=False)
        for reader, follows in care.items():
            ahead = (scores[first] - scores[second]) * (1 if rng.random() < follows else -1)
            wins = rng.random() < 1 / (1 + np.exp(-ahead - (lean or {}).get(reader, 0.0)))
            rows.append((str(first), str(second), reader, str(first if wins else second)))
    return rows


def known(n: int, spread: float = 2.0, seed: int = 0) -> dict[str, float]:
    return {f"i{i:02}": float(s) for i, s in enumerate(spread * np.random.default_rng(seed).standard_normal(n))}


def agreement(found: dict[str, float], truth: dict[str, float]) -> float:
    return float(kendalltau(list(found.values()), [truth[name] for name in found]).statistic)


def test_the_order_of_many_votes_comes_back_with_its_distances() -> None:
    truth = known(12)
    found = rank_items(crowd(np.random.default_rng(1), truth, 1500, care={"ana": 1.0, "ben": 1.0}))
    assert agreement(found.score, truth) > 0.9
    middle = np.mean(list(truth.values()))
    assert max(abs(found.score[name] - (truth[name] - middle)) for name in truth) < 0.6
    assert found.order == sorted(truth, key=lambda name: -found.score[name])
    assert found.table["rank"].to_pylist() == list(range(1, 13))


def test_intervals_hold_the_true_score_about_as_often_as_they_say() -> None:
    held = []
    for draw in range(12):
        truth = known(15, seed=draw)
        middle = np.mean(list(truth.values()))
        found = rank_items(crowd(np.random.default_rng(draw), truth, 150, care={"ana": 1.0}))
        held += [low <= truth[name] - middle <= high for name, (low, high) in found.interval.items()]
    assert 0.9 <= np.mean(held) <= 0.99  # of 180, that say 95%


def test_readers_who_say_the_opposite_are_found_and_do_no_harm() -> None:
    truth, care = known(20), {"ana": 0.98, "ben": 0.98, "cem": 0.98, "eve": 0.05}
    votes = crowd(np.random.default_rng(2), truth, 120, care=care)
    found = rank_items(votes)
    said = dict(zip(found.reviewers["reviewer"].to_pylist(), found.reviewers["care"].to_pylist(), strict=True))
    assert said["eve"] < 0.5 < min(said["ana"], said["ben"], said["cem"])
    blind = rank_items([(first, second, "everybody", winner) for first, second, _, winner in votes])
    assert agreement(found.score, truth) > agreement(blind.score, truth)


def test_a_reader_who_likes_what_comes_first_is_seen_and_seen_through() -> None:
    truth = known(10)
    votes = crowd(np.random.default_rng(3), truth, 200, care={"ana": 1.0, "ben": 1.0}, lean={"ben": 2.0})
    rows = {row["reviewer"]: row for row in rank_items(votes).reviewers.to_pylist()}
    assert rows["ana"]["first_low"] < 0.5 < rows["ana"]["first_high"]
    assert rows["ben"]["first_low"] > 0.6
    assert rows["ben"]["first_low"] < 1 / (1 + np.exp(-2)) < rows["ben"]["first_high"]


def test_texts_tell_of_items_that_few_have_compared() -> None:
    rng = np.random.default_rng(4)
    vectors = {f"i{i:03}": rng.standard_normal(5) for i in range(150)}
    slope = rng.standard_normal(5)
    truth = {name: float(vector @ slope + 0.3 * rng.standard_normal()) for name, vector in vectors.items()}
    votes = crowd(rng, truth, 300, care={"ana": 1.0})
    plain, told = rank_items(votes), rank_items(votes, embeddings=vectors)
    assert agreement(told.score, truth) > agreement(plain.score, truth) + 0.1


@pytest.mark.parametrize(
    "table", [pa.Table.from_pylist, pd.DataFrame, lambda rows: {k: [r[k] for r in rows] for k in rows[0]}]
)
def test_any_table_in_any_order_gives_the_same(table) -> None:  # type: ignore[no-untyped-def]
    votes = crowd(np.random.default_rng(5), known(6), 40, care={"ana": 0.9, "ben": 0.9})
    found = rank_items(votes)
    rows = [dict(zip(("first", "second", "reviewer", "winner"), row, strict=True)) for row in votes[::-1]]
    again = rank_items(table(rows))
    assert again.order == found.order
    assert again.score == pytest.approx(found.score, abs=1e-4)


def test_what_was_never_compared_stays_apart_and_equals_share_a_rank() -> None:
    votes = [("a", "b", "ana", "a"), ("x", "y", "cem", "equal"), ("y", "x", "cem", "tie"), ("a", "b", "ben", None)]
    found = rank_items(votes)
    assert found.components == 2
    rows = {row["item"]: row for row in found.table.to_pylist()}
    assert (rows["a"]["rank"], rows["b"]["rank"], rows["x"]["rank"], rows["y"]["rank"]) == (1, 2, 1, 1)
    assert rows["a"]["score"] == pytest.approx(-rows["b"]["score"], abs=1e-5)
    assert rows["x"]["score"] == rows["y"]["score"] == 0
    assert (rows["a"]["wins"], rows["x"]["wins"], rows["a"]["comparisons"], rows["x"]["comparisons"]) == (1, 1, 1, 2)
    low, high = found.interval["a"]
    assert low < rows["a"]["score"] < high


def test_cycles_are_counted_and_shown() -> None:
    circle = [("a", "b", "ana", "a"), ("b", "c", "ana", "b"), ("c", "a", "ana", "c"), ("a", "d", "ana", "a")]
    found = rank_items(circle)
    assert found.cycles == 1
    assert {tuple(sorted(each)) for each in found.cycle_examples} == {("a", "b", "c")}
    one, two, three = found.cycle_examples[0]
    assert {(one, two), (two, three), (three, one)} == {("a", "b"), ("b", "c"), ("c", "a")}
    assert found.against > 0
    assert rank_items(circle[:2]).cycles == 0


def test_only_wins_and_one_vote_give_finite_scores() -> None:
    assert rank_items([("a", "b", "ana", "first")]).score["a"] > 0
    many = rank_items([("a", "b", "ana", "a")] * 500)
    assert 1 < many.score["a"] < 20
    assert "ItemRanking: items 2" in repr(many)
    assert list(many.to_pandas()["item"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        ([("a", "a", "ana", "a")], "row 0: expected two items, found 'a' twice"),
        ([("a", "b", "ana", "a"), ("a", "b", "ana", "c")], "row 1: expected 'a', 'b' or 'equal' to win, found 'c'"),
        ([("a", "b", "a")], r"row 0: expected a dict, or a tuple \(first, second, reviewer, winner\)"),
        ([{"first": "a", "second": "b"}], "expected a column 'winner', found first, second"),
        ([("a", "", "ana", "a")], "row 0: expected a second, found none"),
        ([("a", "b", "ana", None)], "expected at least one row with a winner"),
        ([], "expected at least one row with a winner"),
        (7, "expected a table, a data frame or a list of rows"),
    ],
)
def test_bad_comparisons_are_one_line(votes: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"comparisons: .*{message}"):
        rank_items(votes)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"texts": {"a": "A."}}, "rank_items: texts has nothing for item 'b'"),
        ({"texts": {"a": "A.", "b": 3}}, "rank_items: texts of 'b': expected a text, found 3"),
        ({"texts": ["A.", "B."]}, "rank_items: texts: expected a mapping from items, found list"),
        ({"embeddings": {"a": [1.0]}}, "rank_items: embeddings has nothing for item 'b'"),
        ({"embeddings": {"a": [1.0], "b": [1.0, 2.0]}}, "expected shape"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_texts_are_one_line(more: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rank_items([("a", "b", "ana", "a")], **more)  # type: ignore[arg-type]
