"""A push in batches: everything arrives once, whatever breaks, and what is there already is not sent again."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from one_question import one_question

from curation import embedded
from curation.annotation import pushing
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.annotation.spec import Outgoing, Suggested
from curation.embedded.home.folder import Home
from curation.embedded.home.state import read_state
from curation.errors import TwofoldError

pytestmark = pytest.mark.server

TEXTS = ["Where is my parcel?", "The box was empty.", "Do you ship to Malta?", "It broke on day one."]


def messages(n: int) -> list[Outgoing]:
    return [
        Outgoing(
            record_id=f"m{i}",
            fields={"text": TEXTS[i % 4]},
            metadata={"round": 1, "reason": "unlabelled", "priority": 0.5},
            suggestions={"label": Suggested(value="question", score=1.0)},
            vector=[1.0, float(i), 2.0],
        )
        for i in range(n)
    ]


@dataclass
class Wire:
    """What went over the wire; a request can be made to fail."""

    through: httpx.BaseTransport
    sent: list[httpx.Request] = field(default_factory=list)
    spoil: Callable[[httpx.Request], httpx.Request] = lambda request: request

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return self.through.handle_request(self.spoil(request))

    def close(self) -> None:
        self.through.close()

    @property
    def pushed(self) -> list[list[dict[str, Any]]]:
        """The records of every push, in the order of the requests."""
        return [json.loads(request.read())["items"] for request in self.sent if request.method == "PUT"]


class Annotation:
    """A client whose wire is watched, and a data set."""

    def __init__(self, running: embedded.Server) -> None:
        self.argilla = ArgillaClient(running.url, running.api_key)
        http = self.argilla._client.http_client
        self.wire = Wire(through=http._transport)
        http._transport = self.wire
        self.name = f"parcels-{uuid.uuid4().hex[:8]}"
        metadata = {"round": "integer", "reason": "terms", "priority": "float"}
        self.dataset = self.argilla.ensure_dataset(one_question(self.name, vector_size=3, metadata=metadata))
        self.wire.sent.clear()

    def upload(self, records: list[Outgoing]) -> list[int]:
        return list(self.argilla.upload(self.dataset, records))

    def stored(self) -> list[dict[str, Any]]:
        path = f"/api/v1/datasets/{self.dataset.id}/records"
        found: list[dict[str, Any]] = []
        while True:
            query = {"offset": len(found), "limit": 500, "include": "suggestions"}
            items = self.argilla._client.http_client.get(path, params=query).raise_for_status().json()["items"]
            if not items:
                return found
            found += items


@pytest.fixture
def annotation(argilla_server: embedded.Server) -> Annotation:
    return Annotation(argilla_server)


def test_every_record_arrives(annotation: Annotation) -> None:
    assert annotation.upload(messages(1200)) == [500, 1000, 1200]
    arrived = [record["external_id"] for record in annotation.stored()]
    assert sorted(arrived) == sorted(f"m{i}" for i in range(1200))
    batches = [[item["external_id"] for item in items] for items in annotation.wire.pushed]
    assert sorted(len(batch) for batch in batches) == [200, 500, 500]
    places = {record_id: place for place, record_id in enumerate(arrived)}
    assert all([places[record_id] for record_id in batch] == sorted(map(places.get, batch)) for batch in batches)


def test_nothing_is_pushed_to_an_empty_queue(annotation: Annotation) -> None:
    assert annotation.upload([]) == []
    assert annotation.wire.pushed == []


def test_a_batch_is_no_larger_than_its_bytes(annotation: Annotation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "BATCH_BYTES", 2_000)
    records = messages(20)
    records[3] = replace(records[3], fields={"text": "A very long letter. " * 200})
    assert annotation.upload(records)[-1] == 20
    sizes = [len(request.content) for request in annotation.wire.sent if request.method == "PUT"]
    assert len(sizes) > 3
    assert sorted(sizes)[-2] < 2_100 < sorted(sizes)[-1]
    assert len(annotation.stored()) == 20


def test_what_is_there_is_not_sent_again(annotation: Annotation) -> None:
    annotation.upload(messages(700))
    annotation.wire.sent.clear()
    assert annotation.upload(messages(700))[-1] == 700
    assert annotation.wire.pushed == []


def test_a_push_goes_on_where_it_stopped(annotation: Annotation) -> None:
    annotation.upload(messages(300))
    annotation.wire.sent.clear()
    assert annotation.upload(messages(800))[-1] == 800
    pushed = [item["external_id"] for items in annotation.wire.pushed for item in items]
    assert sorted(pushed) == [f"m{i}" for i in range(300, 800)]
    assert len(annotation.stored()) == 800


def test_an_update_sends_what_differs_and_leaves_answers_alone(annotation: Annotation) -> None:
    records = messages(6)
    annotation.upload(records)
    quinn = annotation.argilla.add_reviewer(f"quinn-{annotation.name}", annotation.name)
    session = Session(annotation.argilla.url, quinn.username, quinn.password)
    assert len(list(session.answer(annotation.name, {f"m{i}": "complaint" for i in range(6)}))) == 6
    answers = list(annotation.argilla.answers(annotation.dataset))
    annotation.wire.sent.clear()

    records[1] = replace(records[1], fields={"text": "Where is my other parcel?"})
    records[2] = replace(records[2], metadata={**records[2].metadata, "round": 2})
    records[3] = replace(records[3], suggestions={"label": Suggested(value="question", score=0.25)})
    records[4] = replace(records[4], vector=[0.0, 0.0, 1.0])
    assert annotation.upload(records) == [6]
    (pushed,) = annotation.wire.pushed
    parts = {item["external_id"]: set(item) - {"external_id"} for item in pushed}
    assert parts == {"m1": {"fields"}, "m2": {"metadata"}, "m3": {"suggestions"}, "m4": {"vectors"}}

    stored = {record["external_id"]: record for record in annotation.stored()}
    assert stored["m1"]["fields"]["text"] == "Where is my other parcel?"
    assert stored["m2"]["metadata"]["round"] == 2
    assert stored["m3"]["suggestions"][0]["score"] == 0.25
    assert stored["m0"]["updated_at"] == stored["m0"]["inserted_at"]
    assert list(annotation.argilla.answers(annotation.dataset)) == answers
    annotation.wire.sent.clear()
    annotation.upload(records)
    assert annotation.wire.pushed == []


def test_an_answer_that_is_lost_doubles_nothing(annotation: Annotation) -> None:
    wire, lost = annotation.wire, []
    handle = wire.through.handle_request

    def lose(request: httpx.Request) -> httpx.Response:
        response = handle(request)
        if request.method == "PUT" and not lost:
            lost.append(response.read())
            raise httpx.ReadError("the connection broke after the server had written the records")
        return response

    wire.through.handle_request = lose  # type: ignore[method-assign]
    assert annotation.upload(messages(700))[-1] == 700
    assert json.loads(lost[0]) in ({"inserted": 500, "updated": 0}, {"inserted": 200, "updated": 0})
    assert len(wire.pushed) == 3
    assert sorted(record["external_id"] for record in annotation.stored()) == sorted(f"m{i}" for i in range(700))


def test_a_server_without_our_route_gets_the_same_records(
    annotation: Annotation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stock(request: httpx.Request) -> httpx.Request:
        url = request.url.copy_with(path=request.url.path.replace("/api/v1/twofold/", "/api/v1/unknown/"))
        return httpx.Request(request.method, url, headers=request.headers, content=request.read())

    monkeypatch.setattr(pushing, "BATCH_RECORDS", 40)
    annotation.wire.spoil = stock
    for _ in range(2):
        assert annotation.upload(messages(60)) == [40, 60]
    puts = [request.url.path for request in annotation.wire.sent if request.method == "PUT"]
    assert puts == [f"/api/v1/datasets/{annotation.dataset.id}/records/bulk"] * 4
    assert len(annotation.stored()) == 60

    annotation.wire.spoil = lambda request: request
    annotation.wire.sent.clear()
    assert annotation.upload(messages(60))[-1] == 60
    assert annotation.wire.pushed == []  # by its digests, the server holds what our route would have written


def test_a_record_that_is_refused_is_named(annotation: Annotation) -> None:
    records = messages(600)
    records[550] = replace(records[550], suggestions={"label": Suggested(value="praise", score=1.0)})
    with pytest.raises(TwofoldError, match=r"'m500' to 'm599'.*position 50.*praise"):
        annotation.upload(records)
    assert len(annotation.stored()) == 500
    records[550] = replace(records[550], suggestions={"label": Suggested(value="complaint", score=1.0)})
    annotation.upload(records)
    assert len(annotation.stored()) == 600


@pytest.fixture
def fragile_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Server]:
    home = tmp_path_factory.mktemp("fragile") / "home"
    yield embedded.serve(home)
    embedded.stop(home)


def test_a_server_that_is_killed_again_and_again_gets_every_record_once(fragile_server: embedded.Server) -> None:
    annotation = Annotation(fragile_server)
    through = []
    for done in annotation.argilla.upload(annotation.dataset, messages(4000)):
        through.append(done)
        if len(through) in (2, 5):
            state = read_state(Home(root=fragile_server.home))
            assert state is not None
            for name in (name for name in state.children if name.startswith("web")):
                os.kill(state.children[name].pid, signal.SIGKILL)
    assert through[-1] == 4000
    stored = [record["external_id"] for record in annotation.stored()]
    assert sorted(stored) == sorted(f"m{i}" for i in range(4000))
