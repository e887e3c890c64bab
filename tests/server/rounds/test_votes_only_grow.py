"""An answer that was pulled stays: whatever becomes of accounts, data sets and the server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from office import Office
from waiting import eventually

from curation.annotation import naming

pytestmark = pytest.mark.server

Opened = Callable[..., Office]
ALL = {f"m{i}": "question" for i in range(8)}


def gone(office: Office, number: int = 0) -> int:
    return sum(office.project.round(number or office.round.number).votes()["gone"].to_pylist())


def test_answers_of_a_deleted_account_stay_and_still_count(opened: Opened) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.answer("ben", ALL)
    office.take()
    office.delete_account("ana")
    said = office.take()
    assert "8 of them are not on the server any more, and are kept" in said
    assert len(office.votes()) == 16
    assert set(office.decisions().values()) == {("agreed", "question")}
    assert gone(office) == 8
    assert "nothing new: 16 answers" in office.pull()


def test_giving_missing_answers_up_has_to_be_asked_for(opened: Opened) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.pull()
    office.delete_account("ana")
    assert "8 were given up" in office.pull(give_up_missing=True)
    assert office.votes() == {}


def test_somebody_who_comes_back_under_the_same_name_can_change_what_they_said(opened: Opened) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.take()
    office.delete_account("ana")
    office.join("ana")
    office.answer("ana", {"m0": "complaint"})
    office.take()
    assert office.votes()["ana", "m0"] == "complaint"
    assert office.votes()["ana", "m1"] == "question"
    assert len(office.votes()) == 8
    assert gone(office) == 7


def test_a_data_set_that_was_deleted_is_sent_anew_and_its_answers_stay(opened: Opened) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.answer("ben", {"m0": "question"})
    office.take()
    office.argilla.dataset(naming.dataset(office.project, office.round), naming.workspace(office.project)).delete()
    said = office.go()
    assert "9 of them are not on the server any more" in said
    assert office.progress().total == 8
    assert len(office.votes()) == 9
    office.answer("ben", {f"m{i}": "question" for i in range(1, 8)})
    office.take()
    assert set(office.decisions().values()) == {("agreed", "question")}


def test_records_whose_answers_went_with_an_account_are_offered_again(opened: Opened) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.answer("ben", ALL)
    assert office.progress().pending == 0
    office.delete_account("ben")
    office.take()
    (wait,) = office.waits()
    assert wait.owing.lacking == 8
    office.join("ben")
    assert eventually(lambda: office.pending("ben") == set(ALL))


def test_what_was_told_of_a_decision_stays_told(opened: Opened) -> None:
    office = opened("ana", "ben", "dan")
    for name in ("ana", "ben"):
        office.answer(name, {"m0": "question"})
    office.take()
    for required in (3, 2, 3):
        office.edit(required=required)
        office.push()
        office.review()
    changes = office.round.table("decision_changes.parquet").to_pylist()
    assert [(c["before"], c["after"]) for c in changes] == [("question", None)] * len(changes)
    assert changes


def test_a_draft_that_was_thrown_away_is_no_lost_answer(opened: Opened) -> None:
    office = opened()
    office.answer("ana", {"m0": "question"}, status="draft")
    office.pull()
    office.delete_account("ana")
    office.pull()
    assert office.round.votes().num_rows == 0


def test_an_answer_taken_back_to_a_draft_counts_no_more_and_the_decision_says_why(opened: Opened) -> None:
    office = opened()
    office.answer("ana", {"m0": "question"})
    office.answer("ben", {"m0": "question"})
    office.take()
    assert office.decisions()["m0"] == ("agreed", "question")
    office.answer("ben", {"m0": "question"}, status="draft")
    office.take()
    assert office.decisions()["m0"] == ("undecided", None)
    (change,) = office.round.table("decision_changes.parquet").to_pylist()
    assert (change["record_id"], change["before"], change["after"]) == ("m0", "question", None)
    assert change["reason"] == "1 of 2 votes are in"
    (ben,) = [owes for wait in office.waits() for owes in wait.owing.people if owes.person.startswith("ben")]
    assert (ben.open, ben.drafts) == (8, 1)


def test_answers_that_come_late_to_an_earlier_round_count(opened: Opened) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.answer("ben", {**ALL, "m1": "complaint"})
    office.take()
    assert office.decisions()["m1"] == ("disputed", None)
    office.go(go_on=True)
    assert office.round.number == 2
    office.answer("ben", {"m0": "complaint"}, number=1)
    office.answer("ana", {"m1": "complaint"}, number=1)
    said = office.take()
    assert "round 001: " in said
    assert office.decisions(1)["m0"] == ("disputed", None)
    assert office.decisions(1)["m1"] == ("agreed", "complaint")
    changes = office.project.round(1).table("decision_changes.parquet").to_pylist()
    assert [(c["record_id"], c["before"], c["after"]) for c in changes] == [("m0", "question", None)]
    assert office.labels(2)["m1"] == "complaint"
    assert office.progress("adjudicator", number=1).total == 1
    assert "open: round 001: waiting for answers to 1 records" in office.go()
