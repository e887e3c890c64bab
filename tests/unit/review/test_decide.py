"""Decisions, and what goes to a third person."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vote_tables import by_record, by_reviewer

from curation.review import adjudication_queue, consensus, decide

SPAM = {"win a free phone": ("spam", "spam"), "lunch at noon?": ("ham", "spam"), "see you at six": ("ham",)}


def decided(*args: object, **options: object) -> dict[str, dict[str, object]]:
    """Decide, and return the rows by record id."""
    return {row["record_id"]: row for row in decide(*args, **options).to_pylist()}  # type: ignore[arg-type]


def ruling(record: str, label: str, by: str = "olga", at: str = "2024-05-01") -> pd.DataFrame:
    """Build one adjudication."""
    when = pd.to_datetime([at], utc=True)
    return pd.DataFrame({"record_id": [record], "reviewer": [by], "label": [label], "submitted_at": when})


def test_agreed_disputed_and_undecided() -> None:
    rows = decided(by_record(SPAM))
    assert [(row["label"], row["method"], row["confidence"], row["votes"]) for row in rows.values()] == [
        (None, "disputed", None, 2),
        (None, "undecided", None, 1),
        ("spam", "agreed", 1.0, 2),
    ]
    assert rows["see you at six"]["reason"] == "1 of 2 votes are in"


def test_the_adjudicator_wins() -> None:
    row = decided(by_record(SPAM), ruling("lunch at noon?", "ham"))["lunch at noon?"]
    assert (row["label"], row["method"], row["votes"]) == ("ham", "adjudicated", 3)
    assert row["confidence"] == pytest.approx(0.9)


def test_who_reviewed_a_record_cannot_adjudicate_it() -> None:
    row = decided(by_record(SPAM), ruling("lunch at noon?", "ham", by="ann"))["lunch at noon?"]
    assert (row["label"], row["method"], row["votes"]) == (None, "disputed", 2)
    assert "the adjudication by ann is ignored" in str(row["reason"])


def test_a_third_person_counts_although_a_reviewer_ruled_later() -> None:
    rulings = pd.concat(
        [
            ruling("lunch at noon?", "spam", by="zoe", at="2024-05-01"),
            ruling("lunch at noon?", "ham", by="abe", at="2024-05-02"),
            ruling("lunch at noon?", "spam", by="ben", at="2024-05-03"),
        ]
    )
    row = decided(by_record(SPAM), rulings)["lunch at noon?"]
    assert (row["label"], row["method"]) == ("ham", "adjudicated")


def test_the_last_vote_of_a_reviewer_counts_never_both() -> None:
    votes = pd.DataFrame(
        {
            "record_id": ["r1"] * 3,
            "reviewer": ["ann", "ben", "ann"],
            "label": ["a", "b", "b"],
            "submitted_at": pd.to_datetime(["2024-05-01", "2024-05-02", "2024-05-03"], utc=True),
        }
    )
    assert decided(votes)["r1"]["method"] == "agreed"
    assert decided(votes)["r1"]["votes"] == 2
    alone = votes[votes.reviewer == "ann"]
    assert decided(alone)["r1"]["method"] == "undecided"


def test_without_an_adjudicator_majority_or_consensus_can_settle() -> None:
    votes = by_record({"r1": "aab", "r2": "ab", "r3": "aa", "r4": "bb", "r5": "aa"})
    by_majority = decided(votes, settle="majority")
    assert (by_majority["r1"]["label"], by_majority["r1"]["method"]) == ("a", "majority")
    assert by_majority["r1"]["confidence"] == pytest.approx(2 / 3)
    assert by_majority["r2"]["method"] == "disputed"
    agreed = consensus(votes)
    by_consensus = decided(votes, settle="consensus", consensus=agreed)
    assert by_consensus["r2"]["method"] == "consensus"
    assert by_consensus["r2"]["label"] == agreed.label["r2"]
    assert by_consensus["r2"]["confidence"] == pytest.approx(agreed.confidence["r2"])
    strict = decided(votes, settle="consensus", consensus=agreed, min_confidence=1.0)
    assert strict["r2"]["method"] == "disputed"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"settle": "vote"}, "expected settle of adjudication, majority, consensus, found 'vote'"),
        ({"settle": "consensus"}, 'settle="consensus" needs consensus='),
    ],
)
def test_bad_settings_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decided(by_record(SPAM), **options)


def test_an_adjudication_table_without_reviewers_is_named_as_such() -> None:
    with pytest.raises(ValueError, match="adjudications: expected a column 'reviewer'"):
        decided(by_record(SPAM), pd.DataFrame({"record_id": ["r1"], "label": ["a"]}))


def test_the_queue_holds_disputed_records_only_and_no_names() -> None:
    queue = adjudication_queue(by_record(SPAM))
    assert queue["record_id"].to_pylist() == ["lunch at noon?"]
    assert sorted(queue["answers"].to_pylist()[0]) == ["ham", "spam"]
    assert queue["reason"].to_pylist() == ["2 reviewers gave 2 different answers"]
    assert adjudication_queue(by_record(SPAM), required=3).num_rows == 0
    with pytest.raises(ValueError, match="expected required of at least 2, found 1"):
        adjudication_queue(by_record(SPAM), required=1)


def test_the_order_of_answers_tells_nothing_of_who_gave_them() -> None:
    one = adjudication_queue(by_reviewer(ann="a" * 200, ben="b" * 200))["answers"].to_pylist()
    other = adjudication_queue(by_reviewer(ann="b" * 200, ben="a" * 200))["answers"].to_pylist()
    assert one == other
    first = [answers[0] for answers in one]
    assert 70 < first.count("a") < 130


letters = st.lists(st.text("ab.", min_size=3, max_size=3), min_size=1, max_size=15)


@given(letters, letters)
@settings(max_examples=60, deadline=None)
def test_every_record_gets_one_row_and_every_vote_is_counted_once(rows: list[str], rulings: list[str]) -> None:
    names = ("ann", "ben", "cem")
    votes = by_reviewer(**{name: "".join(row[i] for row in rows) for i, name in enumerate(names)})
    ruled = by_reviewer(ann="".join(r[0] for r in rulings), olga="".join(r[1] for r in rulings))
    table = decide(votes, ruled).to_pandas()
    assert sorted(table.record_id) == sorted(set(votes.record_id) | set(ruled.record_id))
    assert (table.label.notna() == table.method.isin(["agreed", "adjudicated"])).all()
    assert table.votes.sum() == len(votes) + (table.method == "adjudicated").sum()
    assert table.confidence.dropna().between(0, 1).all()
    disputed = set(table.record_id[table.method == "disputed"])
    assert disputed <= set(adjudication_queue(votes)["record_id"].to_pylist())
