"""A third reader looks at what two left in doubt: blind, in a data set of its own, before anybody has to settle it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from office import Office, quiet

from curation.annotation import client, naming, pulling
from curation.annotation.client import ArgillaClient
from curation.errors import TwofoldError
from curation.project.folder import open_project
from curation.project.label_names import rename_label
from curation.rounds import loop
from curation.rounds.overview import overview

pytestmark = pytest.mark.server

Opened = Callable[..., Office]
LABELS = {"q": "question", "c": "complaint", "p": "praise"}

SAID = {"ana": ".qqc.qqq", "ben": "qq..qq.q", "dan": "c.ccc.q."}
"""m0, m2 and m4 are disputed: ana has not read m0 and m4, and ben has not read m2."""


def answers(row: str) -> dict[str, str]:
    return {f"m{i}": LABELS[letter] for i, letter in enumerate(row) if letter != "."}


def three(opened: Opened, *names: str, share: float = 0.4, said: Mapping[str, str] = SAID) -> Office:
    """Let people read the batch, two of them each record, in a round that may ask for third looks."""
    office = opened(*(names or said))
    office.edit(third_looks=share)
    office.push()
    for name, row in said.items():
        office.answer(name, answers(row))
    return office


def offered(office: Office, *, gone: frozenset[str] = frozenset()) -> dict[str, set[str]]:
    """What the page of the third looks offers everybody."""
    name = naming.dataset(office.project, office.round, third_look=True)
    found = {}
    for who in set(office.passwords) - gone:
        session = office.session(who)
        listed = {
            each["name"]: each["id"] for each in session._checked(session._http.get("/api/v1/me/datasets"))["items"]
        }
        found[who] = {r["external_id"] for r in session._pending(listed[name])} if name in listed else set()
    return found


def seen_by(office: Office, who: str, record_id: str) -> list[Any]:
    """What somebody is told of the answers to a record of the third looks."""
    session, name = office.session(who), naming.dataset(office.project, office.round, third_look=True)
    record = office.record(session._dataset(name), record_id)
    found = session._checked(session._http.get(f"/api/v1/records/{record}?include=responses"))
    return list(found.get("responses") or ())


def test_who_has_not_read_a_record_is_asked_and_the_majority_decides(opened: Opened) -> None:
    office = three(opened)
    said = office.take()
    assert "3 records sent to one more reader in" in said
    assert {i: method for i, (method, _) in office.decisions().items() if method != "agreed"} == {
        "m0": "undecided", "m2": "undecided", "m4": "undecided",
    }  # fmt: skip
    assert offered(office) == {"ana": {"m0", "m4"}, "ben": {"m2"}, "dan": set(), "carla": set()}
    (third,) = office.waits()
    assert (third.dataset, third.role) == (naming.dataset(office.project, office.round, third_look=True), "annotator")
    assert [str(owes) for owes in third.owing.people] == [f"{office.username('ana')} 2", f"{office.username('ben')} 1"]
    assert seen_by(office, "ben", "m2") == []
    office.answer("ana", {"m0": "question", "m4": "complaint"}, third_look=True)
    office.answer("ben", {"m2": "complaint"}, third_look=True)
    office.take()
    decided = office.decisions()
    assert (decided["m0"], decided["m4"]) == (("majority", "question"), ("majority", "complaint"))
    assert decided["m2"] == ("majority", "complaint")
    assert len(office.votes()) == 16 + 3
    assert office.waits() == []
    assert offered(office)["ana"] == set()


def test_three_answers_that_all_differ_go_to_the_adjudicator(opened: Opened) -> None:
    office = opened("ana", "ben", "dan")
    office.edit(third_looks=0.4, labels=["question", "complaint", "praise"])
    office.push()
    for name, row in {"ana": "qqccppqc", "ben": "cqccppqc"}.items():
        office.answer(name, answers(row))
    office.take()
    assert offered(office)["dan"] == {"m0"}
    office.answer("dan", {"m0": "praise"}, third_look=True)
    assert "sent to a third person" in office.take()
    assert office.decisions()["m0"] == ("disputed", None)
    assert "m0" in office.pending("carla", "adjudicator")
    office.answer("carla", {"m0": "question"}, role="adjudicator")
    office.take()
    assert office.decisions()["m0"] == ("adjudicated", "question")


@pytest.mark.parametrize("read", [pulling.responses, pulling.argilla_responses], ids=["own route", "Argilla's"])
def test_what_was_sent_along_is_no_answer_of_its_own(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, read: Callable[..., Any]
) -> None:
    monkeypatch.setattr(client, "responses", read)
    office = three(opened)
    office.take()
    before = office.round.votes()
    assert office.pull().startswith("pull: nothing new")
    office.answer("ben", {"m0": "complaint"})  # where it was read first, after the copy
    office.take()
    assert office.votes()["ben", "m0"] == "complaint"
    assert office.decisions()["m0"] == ("undecided", None)
    assert office.round.votes().num_rows == before.num_rows
    office.answer("ben", {"m0": "question"}, third_look=True)  # and back again, where the third look is given
    office.take()
    assert office.votes()["ben", "m0"] == "question"
    office.answer("ben", {"m0": "complaint"}, third_look=True)
    office.answer("ben", {"m0": "question"}, third_look=True)  # as it was sent along, and yet given anew
    assert "nothing new" not in office.pull()
    assert office.votes()["ben", "m0"] == "question"
    assert set(office.round.votes()["gone"].to_pylist()) == {False}


def test_a_review_that_is_run_again_asks_for_the_same(opened: Opened) -> None:
    office = three(opened)
    office.take()
    asked, sent = office.round.table("third_looks.parquet"), office.round.json("third_look.json")
    offers = offered(office)
    (office.round.folder / "decisions.parquet").unlink()
    office.review()
    office.go()
    assert office.round.table("third_looks.parquet").equals(asked)
    assert office.round.json("third_look.json") == sent
    assert offered(office) == offers


def test_with_two_readers_nothing_changes(opened: Opened) -> None:
    office = three(opened, said={"ana": "qqqcqqcq", "ben": "cqqcqqcc"}, share=1.0)
    office.take()
    assert not office.round.has("third_looks.parquet")
    assert {office.decisions()[i][0] for i in ("m0", "m7")} == {"disputed"}
    assert [wait.role for wait in office.waits()] == ["adjudicator"]


def test_where_the_one_who_could_has_left_the_round_goes_on(opened: Opened) -> None:
    office = three(opened)
    office.take()
    assert office.decisions()["m0"] == ("undecided", None)
    office.leave("ana")
    assert "2 disputed records sent to a third person" in office.take()
    assert [office.decisions()[i][0] for i in ("m0", "m4")] == ["disputed", "disputed"]
    office.leave("ben")
    office.take()
    assert office.decisions()["m2"] == ("disputed", None)
    assert [(wait.role, wait.owing.lacking) for wait in office.waits()] == [("adjudicator", 0)]


def test_guidelines_labels_and_names_reach_the_third_looks(opened: Opened) -> None:
    office = three(opened)
    office.take()
    (office.folder / "guidelines.md").write_text("# New rules\n", encoding="utf-8")
    office.edit(labels=["question", "complaint", "praise"])
    office.push()
    name = naming.dataset(office.project, office.round, third_look=True)
    shown = office.argilla.dataset(name, naming.workspace(office.project))
    assert shown.settings.guidelines == "# New rules"
    assert {option for question in shown.settings.questions for option in question.labels} == {
        "question", "complaint", "praise",
    }  # fmt: skip


def test_a_share_that_changes_holds_from_the_next_round_on_or_from_a_push(opened: Opened) -> None:
    office = three(opened, share=0.0)
    office.take()
    assert not office.round.has("third_looks.parquet")
    office.edit(third_looks=0.25)
    assert "third looks 0 -> 0.25: from round 002 on" in office.go()
    assert "changed in this open round: third looks 0 -> 0.25" in office.push()
    assert "2 records sent to one more reader in" in office.take()


def test_a_data_set_of_third_looks_that_is_lost_is_made_again(opened: Opened) -> None:
    office = three(opened)
    office.take()
    office.answer("ben", {"m2": "question"}, third_look=True)
    office.take()
    name = naming.dataset(office.project, office.round, third_look=True)
    office.argilla.dataset(name, naming.workspace(office.project)).delete()
    office.go()
    assert office.votes()["ben", "m2"] == "question"
    assert office.decisions()["m2"] == ("majority", "question")
    assert offered(office) == {"ana": {"m0", "m4"}, "ben": set(), "dan": set(), "carla": set()}


def test_an_account_that_is_deleted_leaves_its_answers_and_room_for_others(opened: Opened) -> None:
    office = three(opened, "ana", "ben", "dan", "eve")
    office.take()
    office.delete_account("dan")
    office.take()
    assert office.votes()["dan", "m0"] == "complaint"
    assert "m0" in offered(office, gone=frozenset({"dan"}))["eve"]
    office.answer("eve", {"m0": "complaint"}, third_look=True)
    office.take()
    assert office.decisions()["m0"] == ("majority", "complaint")


def test_a_late_answer_where_it_was_read_first_is_the_third_look(opened: Opened) -> None:
    office = three(opened, "ana", "ben", "dan", "eve")
    office.take()
    assert "m2" in offered(office)["eve"]
    office.answer("ben", {"m2": "question"})
    office.take()
    assert office.decisions()["m2"] == ("majority", "question")
    assert offered(office)["eve"] == {"m0", "m4"}


def test_a_renamed_label_is_shown_for_the_third_looks_and_in_what_is_sent_along(opened: Opened) -> None:
    office = three(opened)
    office.take()
    rename_label(open_project(office.folder, contradicted=True), "question", "enquiry")
    office.do(loop.show_labels(office.project, lambda: office.argilla, quiet))
    name = naming.dataset(office.project, office.round, third_look=True)
    dataset = office.argilla.dataset(name, naming.workspace(office.project))
    http = office.argilla._client.http_client
    (question,) = http.get(f"/api/v1/datasets/{dataset.id}/questions").json()["items"]
    assert {option["text"] for option in question["settings"]["options"]} == {"enquiry", "complaint"}
    office.answer("ana", {"m0": "question"}, third_look=True)
    office.take()
    assert office.decisions()["m0"] == ("majority", "enquiry")


def test_killed_before_its_records_arrive_it_sends_the_same(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    office = three(opened)
    with monkeypatch.context() as patch:
        patch.setattr(ArgillaClient, "upload_answered", lambda *_: (_ for _ in ()).throw(TwofoldError("killed")))
        with pytest.raises(TwofoldError, match="killed"):
            office.take()
    assert offered(office) == {"ana": set(), "ben": set(), "dan": set(), "carla": set()}
    office.go()
    assert offered(office) == {"ana": {"m0", "m4"}, "ben": {"m2"}, "dan": set(), "carla": set()}
    assert len(office.votes()) == 16


def test_a_status_page_counts_third_looks_as_news_and_copies_not(opened: Opened) -> None:
    office = three(opened)
    office.take()
    now = overview(office.project, lambda: office.argilla)
    assert (now.new_answers, [wait.records for wait in now.waits]) == (0, [3])
    office.answer("ana", {"m0": "question"}, third_look=True)
    now = overview(office.project, lambda: office.argilla)
    assert (now.new_answers, [wait.records for wait in now.waits]) == (1, [2])


def test_a_discard_is_sent_along_too_and_a_draft_is_not(opened: Opened) -> None:
    office = opened("ana", "ben", "dan", "eve")
    office.edit(third_looks=0.4)
    office.push()
    for name, row in {"ana": "qqccqqqc", "ben": "cqccqqqc"}.items():
        office.answer(name, answers(row))
    office.answer("dan", {"m0": ""})
    office.answer("eve", {"m0": "question"}, status="draft")
    office.take()
    assert offered(office) == {"ana": set(), "ben": set(), "dan": set(), "eve": {"m0"}, "carla": set()}
    assert office.votes()["dan", "m0"] is None
    office.answer("eve", {"m0": "complaint"}, third_look=True)
    office.take()
    assert office.votes()["eve", "m0"] == "complaint"
    assert office.decisions()["m0"] == ("majority", "complaint")
