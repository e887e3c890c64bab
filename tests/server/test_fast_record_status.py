"""The status of a record follows its submitted answers, and changes nothing where it stays the same."""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from one_question import one_question

from curation import embedded
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.annotation.spec import Outgoing

pytestmark = pytest.mark.server


def test_the_status_of_a_record_follows_its_answers(argilla_server: embedded.Server) -> None:
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    name = f"counted-{uuid.uuid4().hex[:8]}"
    dataset = argilla.ensure_dataset(one_question(name))
    assert list(argilla.upload(dataset, [Outgoing(record_id="m1", fields={"text": "Where is my parcel?"})])) == [1]
    people = [argilla.add_reviewer(f"{person}-{name}", name) for person in ("ana", "ben")]
    ana, ben = (Session(argilla_server.url, person.username, person.password) for person in people if person)
    owner = argilla._client.http_client

    def record() -> dict[str, Any]:
        (found,) = owner.get(f"/api/v1/datasets/{dataset.id}/records").json()["items"]
        return dict(found)

    answers = f"/api/v1/records/{record()['id']}/responses"
    submitted = {"status": "submitted", "values": {"label": {"value": "question"}}}
    first = ana._http.post(answers, json=submitted).raise_for_status().json()["id"]
    assert record()["status"] == "pending"
    unchanged = record()
    ana._http.put(f"/api/v1/responses/{first}", json={"status": "draft", "values": None}).raise_for_status()
    assert record() == unchanged
    ana._http.put(f"/api/v1/responses/{first}", json=submitted).raise_for_status()
    ben._http.post(answers, json=submitted).raise_for_status()
    completed = record()
    assert completed["status"] == "completed"
    assert completed["updated_at"] > unchanged["updated_at"]
    ana._http.put(f"/api/v1/responses/{first}", json={"status": "discarded", "values": None}).raise_for_status()
    assert record()["status"] == "pending"
    ana._http.put(f"/api/v1/responses/{first}", json=submitted).raise_for_status()
    assert record()["status"] == "completed"
    ana._http.delete(f"/api/v1/responses/{first}").raise_for_status()
    assert record()["status"] == "pending"


def test_one_answer_of_many_that_somebody_sends_at_once_is_stored(argilla_server: embedded.Server) -> None:
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    name = f"at-once-{uuid.uuid4().hex[:8]}"
    dataset = argilla.ensure_dataset(one_question(name))
    assert list(argilla.upload(dataset, [Outgoing(record_id="m1", fields={"text": "Where is my parcel?"})])) == [1]
    person = argilla.add_reviewer(f"ana-{name}", name)
    assert person is not None
    sessions = [Session(argilla_server.url, person.username, person.password) for _ in range(6)]
    owner = argilla._client.http_client
    (record,) = owner.get(f"/api/v1/datasets/{dataset.id}/records").json()["items"]

    def send(session: Session) -> int:
        body = {"status": "submitted", "values": {"label": {"value": "question"}}}
        return session._http.post(f"/api/v1/records/{record['id']}/responses", json=body).status_code

    with ThreadPoolExecutor(6) as pool:
        assert Counter(pool.map(send, sessions)) == {201: 1, 409: 5}
    assert len(list(argilla.answers(dataset))) == 1


def test_a_record_is_open_again_when_an_account_takes_its_answer_along(argilla_server: embedded.Server) -> None:
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    name = f"gone-{uuid.uuid4().hex[:8]}"
    dataset = argilla.ensure_dataset(one_question(name))
    assert list(argilla.upload(dataset, [Outgoing(record_id="m1", fields={"text": "Where is my parcel?"})])) == [1]
    for person in ("ana", "ben"):
        added = argilla.add_reviewer(f"{person}-{name}", name)
        assert added is not None
        assert len(list(Session(argilla_server.url, added.username, added.password).answer(name, {"m1": "question"})))
    assert argilla.progress(dataset).completed == 1
    owner = argilla._client.http_client
    users = {user["username"]: user["id"] for user in owner.get("/api/v1/users").json()["items"]}
    owner.delete(f"/api/v1/users/{users[f'ana-{name}']}").raise_for_status()
    assert argilla.progress(dataset).completed == 0


def test_a_record_is_deleted_whole_with_the_answers_that_completed_it(argilla_server: embedded.Server) -> None:
    """The answers go first, which would open the record again that is being deleted."""
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    name = f"deleted-{uuid.uuid4().hex[:8]}"
    dataset = argilla.ensure_dataset(one_question(name))
    texts = {f"m{number}": f"Where is parcel {number}?" for number in range(6)}
    outgoing = [Outgoing(record_id=record, fields={"text": text}) for record, text in texts.items()]
    assert list(argilla.upload(dataset, outgoing))[-1] == len(texts)
    for person in ("ana", "ben"):
        added = argilla.add_reviewer(f"{person}-{name}", name)
        assert added is not None
        session = Session(argilla_server.url, added.username, added.password)
        assert len(list(session.answer(name, dict.fromkeys(texts, "question")))) == len(texts)
    owner = argilla._client.http_client
    held = owner.get(f"/api/v1/datasets/{dataset.id}/records?limit=10").json()["items"]
    deleted = ",".join(record["id"] for record in held if record["external_id"] in ("m0", "m3"))
    owner.delete(f"/api/v1/datasets/{dataset.id}/records?ids={deleted}").raise_for_status()
    assert argilla.progress(dataset).completed == 4
    assert {answer.record_id for answer in argilla.answers(dataset)} == texts.keys() - {"m0", "m3"}
    with contextlib.closing(sqlite3.connect(argilla_server.home / "argilla.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
