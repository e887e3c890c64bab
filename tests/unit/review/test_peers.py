"""How often the others agree, counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vote_tables import by_record, by_reviewer

from curation.review.peers import agreement_with_others


def rows(votes: object) -> dict[str, dict[str, object]]:
    return {row["reviewer"]: row for row in agreement_with_others(votes)}  # type: ignore[arg-type]


def test_every_answer_of_another_person_on_the_same_record_counts_once() -> None:
    #                          ann   ben   cem
    votes = by_reviewer(ann="aab", ben="aba", cem="ab.")
    found = rows(votes)
    # ann: a|a,a  a|b,b  b|a  -> 2 of 5; ben: a|a,a  b|a,b  a|b -> 3 of 5; cem: a|a,a  b|a,b -> 3 of 4
    assert [(r["same"], r["answers"], r["records"]) for r in found.values()] == [(2, 5, 3), (3, 5, 3), (3, 4, 2)]
    assert [r["value"] for r in found.values()] == [0.4, 0.6, 0.75]


def test_the_interval_is_wilsons() -> None:
    # 8 of 10 records, z = 1.96: (.8 + .19207) / 1.38415 -+ .28256 (Wilson 1927); tables give [.490, .943].
    found = rows(by_reviewer(ann="a" * 10, ben="a" * 8 + "bb"))["ann"]
    assert (found["low"], found["high"]) == (pytest.approx(0.4902, abs=5e-4), pytest.approx(0.9433, abs=5e-4))


def test_who_read_alone_was_compared_with_nobody() -> None:
    found = rows(by_record({"r1": "a", "r2": "b"}))
    assert {(r["answers"], r["value"], r["low"], r["high"]) for r in found.values()} == {(0, None, None, None)}


letters = st.lists(st.text("ab.", min_size=3, max_size=3), min_size=1, max_size=12)


@given(letters)
def test_what_one_shares_with_another_the_other_shares_with_the_one(records: list[str]) -> None:
    votes = by_reviewer(**{name: "".join(r[i] for r in records) for i, name in enumerate(("ann", "ben", "cem"))})
    found = agreement_with_others(votes)
    assert sum(row["same"] for row in found) % 2 == 0
    assert all(row["low"] <= row["value"] <= row["high"] for row in found if row["value"] is not None)
