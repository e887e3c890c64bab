"""Events of answers are made where somebody listens, and routes answer the same where nobody does."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

import pytest
from one_question import one_question
from webhook_listener import all_is_told, listening, subscribed

from curation import embedded
from curation.annotation.client import ArgillaClient
from curation.annotation.spec import Outgoing

pytestmark = pytest.mark.server

EVENTS = Counter(
    {
        "response.created": 1,
        "response.updated": 1,
        "response.deleted": 1,
        "record.completed": 2,
        "record.updated": 4,
    }
)


@pytest.fixture(scope="module")
def http(argilla_server: embedded.Server) -> Any:
    return ArgillaClient(argilla_server.url, argilla_server.api_key)._client.http_client


@pytest.fixture(scope="module")
def records(argilla_server: embedded.Server) -> list[str]:
    """The ids of two records that one answer completes."""
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    name = f"events-{uuid.uuid4().hex[:8]}"
    dataset = argilla.ensure_dataset(one_question(name, required=1))
    sent = [Outgoing(record_id=f"m{n}", fields={"text": f"Where is parcel {n}?"}) for n in range(2)]
    assert list(argilla.upload(dataset, sent))[-1] == 2
    found = argilla._client.http_client.get(f"/api/v1/datasets/{dataset.id}/records").json()["items"]
    return [record["id"] for record in found]


def work(http: Any, record: str) -> list[set[str]]:
    """Answer a record, change the answer, change the record, take the answer back; what each route's answer holds."""
    given = [{"status": "submitted", "values": {"label": {"value": label}}} for label in ("question", "complaint")]
    first = http.post(f"/api/v1/records/{record}/responses", json=given[0])
    response = f"/api/v1/responses/{first.raise_for_status().json()['id']}"
    second = http.put(response, json=given[1])
    changed = http.patch(f"/api/v1/records/{record}", json={"metadata": {}})
    last = http.delete(response)
    return [set(each.raise_for_status().json()) for each in (first, second, changed, last)]


def about(record: str, heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events of one record: a listener hears of every data set, and a worker may still be busy with another one."""
    return [event for event in heard if event["data"].get("record", event["data"])["id"] == record]


def test_a_listener_hears_everything_once_and_routes_answer_the_same_without_one(
    argilla_server: embedded.Server, http: Any, records: list[str]
) -> None:
    with listening() as (url, heard):
        with subscribed(http, url, EVENTS):
            with_listener = work(http, records[0])
            assert all_is_told(argilla_server.home)
        assert Counter(event["type"] for event in about(records[0], heard)) == EVENTS
        assert work(http, records[1]) == with_listener
        assert all_is_told(argilla_server.home)
        assert len(about(records[0], heard)) == EVENTS.total()
        assert about(records[1], heard) == []


def test_an_event_that_no_webhook_asked_for_is_not_told(
    argilla_server: embedded.Server, http: Any, records: list[str]
) -> None:
    with listening() as (url, heard):
        with subscribed(http, url, ["response.created"]):
            work(http, records[1])
            assert all_is_told(argilla_server.home)
        assert [event["type"] for event in about(records[1], heard)] == ["response.created"]


def test_a_data_set_that_is_counted_anew_tells_of_what_changed_alone(
    argilla_server: embedded.Server, http: Any, records: list[str]
) -> None:
    dataset = http.get(f"/api/v1/records/{records[1]}").raise_for_status().json()["dataset_id"]
    answer = {"status": "submitted", "values": {"label": {"value": "question"}}}
    http.post(f"/api/v1/records/{records[1]}/responses", json=answer).raise_for_status()
    with listening() as (url, heard), subscribed(http, url, ["record.updated", "record.completed"]):
        for required, told in ((1, []), (2, ["record.updated"])):
            settings = {"distribution": {"strategy": "overlap", "min_submitted": required}}
            http.patch(f"/api/v1/datasets/{dataset}", json=settings).raise_for_status()
            assert all_is_told(argilla_server.home)
            assert [event["type"] for event in about(records[1], heard)] == told
