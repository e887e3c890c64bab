"""People who answer in Argilla: each with a client of their own, signed in as themselves, as the web UI does it.

A person takes a page of the queue, submits an answer to each record on it, asks after each for the numbers that the UI
shows beside it, then takes the next page. What was sent and what came back is kept in a journal, with the times.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from curation import embedded
from curation.annotation.client import ArgillaClient
from curation.annotation.spec import DatasetSpec, Outgoing, Posed
from curation.tasks import single_label

PAGE = 10
"""Records that the UI asks for at once in its focus view."""

RETRY_SECONDS = 0.2
LABELS = ("question", "complaint", "praise")
CITIES = ("Valletta", "Tartu", "Bergen", "Ghent", "Porto", "Graz", "Cork")
NO_ANSWER = 0
PENDING = {
    "query": {},
    "filters": {
        "and": [
            {"type": "terms", "scope": {"entity": entity, "property": "status"}, "values": ["pending"]}
            for entity in ("response", "record")
        ]
    },
}


@dataclass(frozen=True, kw_only=True)
class Submit:
    """One attempt to submit an answer.

    Attributes:
        record_id: Argilla's id of the record.
        label: The answer.
        status: The HTTP status, or :data:`NO_ANSWER` where the connection broke.
        sent: When, on this process's monotonic clock (seconds).
        seconds: Until the answer came, or the connection broke.
    """

    record_id: str
    label: str
    status: int
    sent: float
    seconds: float

    @property
    def is_acknowledged(self) -> bool:
        """Whether the person was told that the answer is stored."""
        return self.status == httpx.codes.CREATED

    @property
    def heard(self) -> float:
        """When it was answered."""
        return self.sent + self.seconds


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One page of somebody's queue: when it was asked for, and the records on it."""

    asked: float
    record_ids: Sequence[str]


@dataclass(kw_only=True)
class Journal:
    """What one person did and saw; `failures` counts other calls by their HTTP status."""

    submits: list[Submit] = field(default_factory=list)
    pages: list[Shown] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)

    @property
    def acknowledged(self) -> dict[str, str]:
        """The labels of the answers known to be stored, by record."""
        return {submit.record_id: submit.label for submit in self.submits if submit.is_acknowledged}

    @property
    def attempted(self) -> dict[str, str]:
        """The labels of everything sent, by record."""
        return {submit.record_id: submit.label for submit in self.submits}


class Person:
    """Somebody signed in at `url`, who answers records of one data set at random (the seed is their name)."""

    def __init__(self, url: str, username: str, password: str, dataset_id: str) -> None:
        self.username = username
        self.journal = Journal()
        self._dataset = dataset_id
        self._chance = random.Random(username)
        self._http = httpx.Client(base_url=f"{url}/api/v1", timeout=60, trust_env=False)
        token = self._http.post("/token", data={"username": username, "password": password}).raise_for_status()
        self.token: str = token.json()["access_token"]
        self._http.headers["Authorization"] = f"Bearer {self.token}"

    def answer(self, count: int, stopped: Callable[[], bool] = lambda: False) -> None:
        """Answer until `count` answers are acknowledged, nothing waits for this person, or `stopped` says so."""
        while not stopped() and (left := count - len(self.journal.acknowledged)) > 0:
            page = self._page()
            if page is not None and not page:
                return
            for record_id in (page or [])[:left]:
                self._submit_until_stored(record_id, stopped)
                self._look_at_numbers()

    def found(self, query: Mapping[str, Any]) -> set[str]:
        """The ids of all records that a search finds for this person."""
        return search(self._http, f"/me/datasets/{self._dataset}/records/search", query)

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def _page(self) -> list[str] | None:
        """The ids on the first page of the queue; None if the server did not answer."""
        asked = time.monotonic()
        response = self._call("POST", f"/me/datasets/{self._dataset}/records/search?limit={PAGE}&offset=0", PENDING)
        if response is None:
            return None
        items = [item["record"] for item in response.json()["items"]]
        self.journal.pages.append(Shown(asked=asked, record_ids=[item["id"] for item in items]))
        return [item["id"] for item in items]

    def _submit_until_stored(self, record_id: str, stopped: Callable[[], bool]) -> None:
        label = self._chance.choice(LABELS)
        while not stopped():
            submit = self._submit(record_id, label)
            self.journal.submits.append(submit)
            if submit.status in (httpx.codes.CREATED, httpx.codes.CONFLICT):
                return
            time.sleep(RETRY_SECONDS)

    def _submit(self, record_id: str, label: str) -> Submit:
        body = {"status": "submitted", "values": {"label": {"value": label}}}
        sent = time.monotonic()
        try:
            status = self._http.post(f"/records/{record_id}/responses", json=body).status_code
        except httpx.HTTPError:
            status = NO_ANSWER
        return Submit(record_id=record_id, label=label, status=status, sent=sent, seconds=time.monotonic() - sent)

    def _look_at_numbers(self) -> None:
        self._call("GET", f"/me/datasets/{self._dataset}/metrics")
        self._call("GET", f"/datasets/{self._dataset}/progress")

    def _call(self, method: str, path: str, body: object = None) -> httpx.Response | None:
        try:
            response = self._http.request(method, path, json=body)
        except httpx.HTTPError:
            response = None
        if response is not None and response.is_success:
            return response
        self.journal.failures.append(NO_ANSWER if response is None else response.status_code)
        time.sleep(RETRY_SECONDS)
        return None


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """People in front of one data set, and the owner who sees all of it."""

    running: embedded.Server
    dataset_id: str
    people: Sequence[Person]

    def answer(self, each: int, stopped: Callable[[], bool] = lambda: False) -> None:
        """Have everybody answer at once."""
        with ThreadPoolExecutor(len(self.people)) as pool:
            for done in [pool.submit(person.answer, each, stopped) for person in self.people]:
                done.result()

    def found(self, query: Mapping[str, Any]) -> set[str]:
        """The ids of all records that a search finds for the owner."""
        headers = {"X-Argilla-Api-Key": self.running.api_key}
        with httpx.Client(base_url=f"{self.running.url}/api/v1", headers=headers, timeout=60, trust_env=False) as owner:
            return search(owner, f"/datasets/{self.dataset_id}/records/search", query)


def gather(running: embedded.Server, *, people: int, records: int, required: int = 2) -> Crowd:
    """Make a data set of `records` records that need `required` answers each, and sign so many people in."""
    argilla = ArgillaClient(running.url, running.api_key)
    spec = DatasetSpec(
        name="messages",
        workspace="messages",
        guidelines="What is it?",
        fields={"text": "Message"},
        questions={"label": Posed(settings=single_label.KIND.argilla({}, {label: label for label in LABELS}))},
        required=required,
    )
    dataset = argilla.ensure_dataset(spec)
    for _ in argilla.upload(dataset, _messages(records)):
        pass
    new = [argilla.add_reviewer(f"person-{number:02}", spec.workspace) for number in range(1, people + 1)]
    with ThreadPoolExecutor(people) as pool:
        signed_in = list(
            pool.map(
                lambda person: Person(running.url, person.username, person.password, str(dataset.id)),
                [person for person in new if person is not None],
            )
        )
    return Crowd(running=running, dataset_id=str(dataset.id), people=signed_in)


def search(http: httpx.Client, path: str, query: Mapping[str, Any]) -> set[str]:
    """All ids that a search finds, page by page.

    Raises:
        ValueError: A record was on two pages, or the total is not what came.
    """
    found: list[str] = []
    while True:
        response = http.post(f"{path}?limit=500&offset={len(found)}", json=query).raise_for_status().json()
        found += [item["record"]["id"] for item in response["items"]]
        if not response["items"]:
            break
    if len(set(found)) != len(found) or len(found) != response["total"]:
        raise ValueError(f"{len(found)} records on the pages, {len(set(found))} different, total {response['total']}")
    return set(found)


def _messages(n: int) -> Iterable[Outgoing]:
    for number in range(n):
        text = f"Parcel {number} to {CITIES[number % len(CITIES)]} has not come."
        yield Outgoing(record_id=f"m{number}", fields={"text": text})
