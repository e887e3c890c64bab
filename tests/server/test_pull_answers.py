"""Answers come back page by page: each once, in the order of the records, from our route as from Argilla's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from one_question import one_question

from curation import embedded
from curation.annotation import pulling
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.annotation.spec import Answer, Outgoing

pytestmark = pytest.mark.server

PAGE = 7


@pytest.fixture(scope="module")
def name() -> str:
    return f"shop-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def argilla(argilla_server: embedded.Server) -> ArgillaClient:
    return ArgillaClient(argilla_server.url, argilla_server.api_key)


@pytest.fixture(scope="module")
def given(argilla: ArgillaClient, name: str) -> list[tuple[str, str, str, str | None]]:
    """Thirty records: two people answer every third, one discards another third, the rest is left."""
    records = [Outgoing(record_id=f"m{i}", fields={"text": f"Parcel {i} has not come."}) for i in range(30)]
    dataset = argilla.ensure_dataset(one_question(name))
    for start in (0, 15):
        assert list(argilla.upload(dataset, records[start : start + 15])) == [15]
    first, second = (argilla.add_reviewer(f"{person}-{name}", name) for person in ("ana", "ben"))
    labels = {f"m{i}": ("question", "")[i % 3] for i in range(30) if i % 3 < 2}
    list(Session(argilla.url, first.username, first.password).answer(name, labels))
    agreed = {record: "complaint" for record, label in labels.items() if label}
    list(Session(argilla.url, second.username, second.password).answer(name, agreed))
    answers = []
    for record, label in labels.items():
        answers.append((record, first.username, "submitted" if label else "discarded", label or None))
        if label:
            answers.append((record, second.username, "submitted", "complaint"))
    return answers


def parts(answers: list[Answer]) -> list[tuple[str, str, str, str | None]]:
    return [(answer.record_id, answer.reviewer, answer.status, answer.values.get("label")) for answer in answers]


@pytest.mark.parametrize("page", [1, PAGE, 15, 30, 5000])
def test_every_answer_comes_once_in_the_order_of_the_records(
    argilla: ArgillaClient,
    name: str,
    given: list[tuple[str, str, str, str | None]],
    page: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulling, "PAGE", page)
    answers = list(argilla.answers(argilla.dataset(name, name)))
    assert parts(answers) == given
    assert all(datetime(2020, 1, 1, tzinfo=UTC) < answer.submitted_at <= datetime.now(UTC) for answer in answers)


def test_a_server_without_our_route_gives_the_same(
    argilla: ArgillaClient,
    name: str,
    given: list[tuple[str, str, str, str | None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = list(argilla.answers(argilla.dataset(name, name)))
    http = argilla._client.http_client
    asked: list[str] = []
    monkeypatch.setattr(http, "request", elsewhere(http.request, asked))
    monkeypatch.setattr(pulling, "ARGILLA_PAGE", PAGE)
    assert list(argilla.answers(argilla.dataset(name, name))) == ours
    assert sum(path.endswith("/records") for path in asked) == 30 // PAGE + 2


def elsewhere(request: Callable[..., httpx.Response], asked: list[str]) -> Callable[..., httpx.Response]:
    """The same client, to a server that does not know our routes."""

    def ask(method: str, path: str, **arguments: object) -> httpx.Response:
        asked.append(path)
        return request(method, path.replace("/api/v1/twofold/", "/api/v1/unknown/"), **arguments)

    return ask


def test_a_page_that_is_none_is_refused(argilla: ArgillaClient, name: str, given: object) -> None:
    path = f"/api/v1/twofold/datasets/{argilla.dataset(name, name).id}/answers"
    for after in ("yesterday", "2020-01-01,x", ","):
        assert argilla._client.http_client.get(path, params={"after": after}).status_code == 422
    for limit in (0, 100_000):
        assert argilla._client.http_client.get(path, params={"limit": limit}).status_code == 422
