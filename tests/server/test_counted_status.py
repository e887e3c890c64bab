"""The status of a record follows its submitted answers, and changes nothing where it stays the same."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from one_question import one_question

from curation.annotation import server
from curation.annotation.answering import Session
from curation.annotation.client import ArgillaClient
from curation.annotation.spec import Outgoing

pytestmark = pytest.mark.server


def test_the_status_of_a_record_follows_its_answers(argilla_server: server.Server) -> None:
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
