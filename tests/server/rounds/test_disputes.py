"""What adjudicators have is a set of records; whoever read a record does not settle it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from office import Office

from curation.annotation.people import refuse_second_role
from curation.errors import TwofoldError

pytestmark = pytest.mark.server

Opened = Callable[..., Office]
ALL = {f"m{i}": "question" for i in range(8)}


def test_a_settled_record_is_withdrawn_while_another_is_sent(opened: Opened) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.answer("ben", {**ALL, "m0": "complaint"})
    assert "1 disputed records sent" in office.take()
    assert office.pending("carla", "adjudicator") == {"m0"}
    office.answer("ben", {"m0": "question", "m1": "complaint"})
    said = office.take()
    assert "1 disputed records sent" in said
    assert "1 were settled, and are withdrawn" in said
    assert office.pending("carla", "adjudicator") == {"m1"}
    office.answer("carla", {"m1": "complaint"}, role="adjudicator")
    office.take()
    assert office.decisions()["m1"] == ("adjudicated", "complaint")
    assert office.waits() == []


def test_a_ruling_does_not_override_what_readers_meanwhile_agree_on(opened: Opened) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.answer("ben", {**ALL, "m0": "complaint"})
    office.take()
    office.answer("carla", {"m0": "question"}, role="adjudicator")
    office.take()
    assert office.decisions()["m0"] == ("adjudicated", "question")
    office.answer("ana", {"m0": "complaint"})
    office.take()
    assert office.decisions()["m0"] == ("agreed", "complaint")
    assert office.votes()["carla", "m0"] == "question"
    (row,) = [r for r in office.round.table("decisions.parquet").to_pylist() if r["record_id"] == "m0"]
    assert "an adjudicator had said 'question'" in row["reason"]


def test_a_discard_and_a_label_wait_for_the_third_reader_where_there_is_one(opened: Opened) -> None:
    office = opened("ana", "ben", "dan")
    office.answer("ana", {"m0": "question"})
    office.answer("ben", {"m0": ""})
    office.take()
    assert office.decisions()["m0"] == ("undecided", None)
    office.answer("dan", {"m0": "question"})
    office.take()
    assert office.decisions()["m0"] == ("agreed", "question")


def test_a_discard_and_a_label_are_disputed_where_nobody_else_can_read_it(opened: Opened) -> None:
    office = opened()
    office.answer("ana", {"m0": "question"})
    office.answer("ben", {"m0": ""})
    office.take()
    assert office.decisions()["m0"] == ("disputed", None)
    office.join("dan")
    assert "1 were settled, and are withdrawn" in office.take()
    assert office.decisions()["m0"] == ("undecided", None)


def test_two_discards_take_a_record_out(opened: Opened) -> None:
    office = opened("ana", "ben", "dan")
    for name in ("ana", "ben"):
        office.answer(name, {"m0": ""})
    office.answer("dan", {"m0": "question"})
    office.take()
    assert office.decisions()["m0"] == ("discarded", None)


def test_a_record_that_two_discarded_waits_for_nobody_from_the_pull_on(opened: Opened) -> None:
    office = opened("ana", "ben", "dan")
    office.take()
    for name in ("ana", "ben"):
        office.answer(name, {"m0": "", "m1": "question"})
    office.pull()
    (wait,) = office.waits()
    assert wait.records == 6


def test_nobody_is_both_reader_and_adjudicator(opened: Opened) -> None:
    office = opened()
    office.answer("ana", {"m0": "question"})
    office.pull()
    with pytest.raises(TwofoldError, match=r"reads records in shop.* as annotator"):
        refuse_second_role(office.project, office.argilla, office.username("ana"), "adjudicator")
    with pytest.raises(TwofoldError, match=r"settles disputes in shop.* as adjudicator"):
        refuse_second_role(office.project, office.argilla, office.username("carla"), "annotator")
    office.leave("ana")
    with pytest.raises(TwofoldError, match="as annotator"):
        refuse_second_role(office.project, office.argilla, office.username("ana"), "adjudicator")


def test_too_few_people_is_said_and_one_more_helps(opened: Opened) -> None:
    office = opened("ana", adjudicators=())
    office.answer("ana", ALL)
    office.take()
    (wait,) = office.waits()
    assert "8 of them cannot be settled by the people there are: add another annotator" in str(wait)
    office.join("ben")
    office.answer("ben", {**ALL, "m7": "complaint"})
    office.take()
    (wait,) = office.waits()
    assert wait.role == "adjudicator"
    assert wait.owing.lacking == 1
    office.join("carla", role="adjudicator")
    (wait,) = office.waits()
    assert str(wait).endswith(f"(adjudicators: {office.username('carla')} 1)")


def test_going_on_with_nothing_is_refused(opened: Opened) -> None:
    office = opened()
    with pytest.raises(TwofoldError, match="round 001 has nothing to go on with"):
        office.go(go_on=True)
    office.answer("ana", ALL)
    with pytest.raises(TwofoldError, match="nothing to go on with"):
        office.go(go_on=True)
    assert office.round.number == 1
