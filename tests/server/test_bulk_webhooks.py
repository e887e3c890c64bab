"""Whoever listens to Argilla's webhooks hears of records that our route takes, as of Argilla's own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from one_question import one_question
from webhook_listener import all_is_told, listening, subscribed

from curation import embedded
from curation.annotation.client import ArgillaClient

pytestmark = pytest.mark.server


@pytest.fixture
def heard() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    with listening() as found:
        yield found


def test_webhooks_hear_the_same_from_both_routes(
    argilla_server: embedded.Server, heard: tuple[str, list[dict[str, Any]]]
) -> None:
    url, events = heard
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    http = argilla._client.http_client
    name = f"heard-{uuid.uuid4().hex[:8]}"
    dataset = argilla.ensure_dataset(one_question(name))
    paths = {"stock": f"datasets/{dataset.id}/records/bulk", "ours": f"twofold/datasets/{dataset.id}/records"}
    with subscribed(http, url, ["record.created", "record.updated"]):
        for side, path in paths.items():
            for text in ("Where is my parcel?", "Where is my other parcel?"):
                items = [{"external_id": f"{side}-{number}", "fields": {"text": text}} for number in range(2)]
                http.put(f"/api/v1/{path}", json={"items": items}).raise_for_status()
        assert all_is_told(argilla_server.home)
    told = {
        side: sorted(of_side(event) for event in events if event["data"]["external_id"].startswith(side))
        for side in paths
    }
    assert told["ours"] == told["stock"]
    assert [kind for kind, *_ in told["ours"]] == ["record.created"] * 2 + ["record.updated"] * 2


def of_side(event: dict[str, Any]) -> tuple[str, str, list[str]]:
    return event["type"], event["data"]["external_id"].split("-")[1], sorted(event["data"])


def test_a_record_is_created_once_however_often_it_is_pushed(
    argilla_server: embedded.Server, heard: tuple[str, list[dict[str, Any]]]
) -> None:
    url, events = heard
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    http = argilla._client.http_client
    dataset = argilla.ensure_dataset(one_question(f"once-{uuid.uuid4().hex[:8]}"))
    question = http.get(f"/api/v1/datasets/{dataset.id}/questions").json()["items"][0]["id"]
    suggestions = [{"question_id": question, "value": "complaint"}]
    pushes = [{"fields": {"text": "Where is it?"}}, {"fields": {"text": "Where is it?"}}, {"suggestions": suggestions}]
    with subscribed(http, url, ["record.created", "record.updated"]):
        for push in pushes:
            items = {"items": [{"external_id": "m1", **push}]}
            http.put(f"/api/v1/twofold/datasets/{dataset.id}/records", json=items).raise_for_status()
        assert all_is_told(argilla_server.home)
    assert [event["type"] for event in events] == ["record.created", "record.updated", "record.updated"]
