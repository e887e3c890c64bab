"""Reviewers answer in the real Argilla, and the answers come back."""

from __future__ import annotations

import uuid

import pytest
from one_question import one_question

from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.annotation.spec import Outgoing, Suggested
from curation.errors import TwofoldError

pytestmark = pytest.mark.server


@pytest.fixture
def argilla(argilla_server):
    return ArgillaClient(argilla_server.url, argilla_server.api_key)


@pytest.fixture
def spec():
    return one_question(
        f"shop-{uuid.uuid4().hex[:8]}",
        guidelines="# Read, then choose",
        vector_size=3,
        metadata={"round": "integer", "reason": "terms", "why": "terms", "priority": "float"},
    )


def messages(n):
    texts = ["Where is my parcel?", "The box was empty.", "Do you ship to Malta?", "It broke on day one."]
    return [
        Outgoing(
            record_id=f"m{i}",
            fields={"text": texts[i % 4]},
            metadata={"round": 1, "reason": "unlabelled", "why": "nobody has read it", "priority": 0.5},
            suggestions={"label": Suggested(value="question", score=0.8)},
            vector=[1.0, float(i), 2.0],
        )
        for i in range(n)
    ]


def send(argilla, spec, n=4):
    dataset = argilla.ensure_dataset(spec)
    assert list(argilla.upload(dataset, messages(n)))[-1] == n
    return dataset


def session(argilla, spec, name):
    username = f"{name}-{spec.workspace}"
    new = argilla.add_reviewer(username, spec.workspace)
    return Session(argilla.url, username, new.password)


def test_sending_twice_changes_nothing_and_keeps_the_answers(argilla, spec):
    dataset = send(argilla, spec)
    ana = session(argilla, spec, "ana")
    assert sorted(ana.answer(spec.name, {"m0": "question", "m1": "complaint"})) == ["m0", "m1"]
    again = send(argilla, spec)
    assert again.id == dataset.id
    assert argilla.progress(dataset).total == 4
    assert {(a.record_id, a.values["label"]) for a in argilla.answers(dataset)} == {
        ("m0", "question"),
        ("m1", "complaint"),
    }


def test_a_record_is_complete_after_two_people_answered_it_and_leaves_the_third_alone(argilla, spec):
    dataset = send(argilla, spec)
    everything = {f"m{i}": "question" for i in range(4)}
    for name in ("ana", "ben"):
        assert len(list(session(argilla, spec, name).answer(spec.name, everything))) == 4
    progress = argilla.progress(dataset)
    assert (progress.completed, progress.pending) == (4, 0)
    assert list(session(argilla, spec, "carla").answer(spec.name, everything)) == []


def test_a_discarded_record_comes_back_as_discarded_and_still_needs_answers(argilla, spec):
    dataset = send(argilla, spec)
    list(session(argilla, spec, "ana").answer(spec.name, {"m0": ""}))
    (answer,) = argilla.answers(dataset)
    assert (answer.status, answer.values) == ("discarded", {})
    assert answer.reviewer == f"ana-{spec.workspace}"
    assert answer.submitted_at.tzinfo is not None
    assert argilla.progress(dataset).pending == 4


def test_reviewers_do_not_see_each_others_answers(argilla, spec):
    dataset = send(argilla, spec)
    list(session(argilla, spec, "ana").answer(spec.name, {"m0": "complaint"}))
    ben = session(argilla, spec, "ben")
    seen = ben._checked(ben._http.post(f"/api/v1/me/datasets/{dataset.id}/records/search?include=responses", json={}))
    assert [item["record"].get("responses") for item in seen["items"]] == [[], [], [], []]
    assert ben._http.get(f"/api/v1/datasets/{dataset.id}/records?include=responses").status_code == 403


def test_annotators_are_not_told_why_a_record_was_chosen(argilla, spec):
    dataset = send(argilla, spec)
    ana = session(argilla, spec, "ana")
    properties = ana._checked(ana._http.get(f"/api/v1/me/datasets/{dataset.id}/metadata-properties"))
    assert properties["items"] == []
    seen = ana._checked(ana._http.post(f"/api/v1/me/datasets/{dataset.id}/records/search", json={}))
    assert all(not item["record"]["metadata"] for item in seen["items"])


def test_a_data_set_left_half_made_by_a_kill_is_made_again(argilla, spec):
    workspace = argilla._workspace(spec.workspace)
    argilla._client.http_client.post(
        "/api/v1/datasets", json={"name": spec.name, "workspace_id": str(workspace.id)}
    ).raise_for_status()
    send(argilla, spec)
    assert argilla.progress(argilla.dataset(spec.name, spec.workspace)).total == 4


def test_a_reset_password_works_and_the_old_one_does_not(argilla, spec):
    send(argilla, spec)
    username = f"ana-{spec.workspace}"
    old = argilla.add_reviewer(username, spec.workspace)
    new = argilla.reset_password(username)
    assert Session(argilla.url, username, new.password).username == username
    with pytest.raises(TwofoldError, match="refuses"):
        Session(argilla.url, username, old.password)


def test_a_removed_reviewer_no_longer_sees_the_data_set(argilla, spec):
    send(argilla, spec)
    ana = session(argilla, spec, "ana")
    assert argilla.remove_reviewer(ana.username, spec.workspace)
    with pytest.raises(TwofoldError, match="does not see a data set"):
        list(ana.answer(spec.name, {"m0": "question"}))


def test_a_wrong_key_and_a_silent_server_get_one_line_each(argilla_server):
    with pytest.raises(TwofoldError, match="refuses the API key"):
        ArgillaClient(argilla_server.url, "wrong")
    with pytest.raises(TwofoldError, match="does not answer"):
        ArgillaClient("http://127.0.0.1:9", "any")
