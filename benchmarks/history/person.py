"""Somebody in front of Argilla's page: the four tabs of a data set, and what can be done in each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

TABS = ("pending", "draft", "discarded", "submitted")
PATIENCE = 60.0
"""Seconds in which somebody tries again while the server is away."""


def meaning(text: str) -> str:
    """Return the label that an option stands for: one that was merged into another shows "INTO (was OLD)"."""
    return text.split(" (was ")[0]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A record on the page, and the own answer to it, if there is one."""

    record: str
    id: str
    response: dict[str, Any] | None


class Person:
    """Somebody signed in by name and password."""

    def __init__(self, url: str, name: str, password: str) -> None:
        self.name = name
        self._http = httpx.Client(base_url=f"{url}/api/v1", timeout=60, trust_env=False, verify=False)
        token = self._send("POST", "/token", data={"username": name, "password": password})
        self._http.headers["Authorization"] = f"Bearer {token['access_token']}"

    def datasets(self) -> dict[str, str]:
        """Name and id of every data set that this person may answer in."""
        return {each["name"]: each["id"] for each in self._send("GET", "/me/datasets")["items"]}

    def options(self, dataset: str) -> dict[str, str]:
        """Value and meaning of every answer that is offered."""
        question = self._send("GET", f"/datasets/{dataset}/questions")["items"][0]
        return {option["value"]: meaning(option["text"]) for option in question["settings"]["options"]}

    def tab(self, dataset: str, name: str) -> list[Seen]:
        """Return the records of a tab; a pending one is neither answered by this person nor complete."""
        return sorted(self._tab(dataset, name), key=lambda seen: seen.record)

    def _tab(self, dataset: str, name: str) -> Iterator[Seen]:
        entities = ("response", "record") if name == "pending" else ("response",)
        filters = [
            {"type": "terms", "scope": {"entity": entity, "property": "status"}, "values": [name]}
            for entity in entities
        ]
        path = f"/me/datasets/{dataset}/records/search?include=responses&limit=500&offset=0"
        for item in self._send("POST", path, json={"query": {}, "filters": {"and": filters}})["items"]:
            record = item["record"]
            response = (record.get("responses") or [None])[0]
            yield Seen(record=record["external_id"], id=record["id"], response=response)

    def answer(self, seen: Seen, status: str, question: str, value: str | None) -> None:
        """Submit, save as a draft or discard; come back only when the server has acknowledged it."""
        body: dict[str, Any] = {"status": status, "values": {question: {"value": value}} if value else None}
        if seen.response is None:
            self._send("POST", f"/records/{seen.id}/responses", again=(httpx.codes.CONFLICT,), json=body)
        else:
            self._send("PUT", f"/responses/{seen.response['id']}", json=body)

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def _send(self, method: str, path: str, again: tuple[int, ...] = (), **request: Any) -> Any:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                response = self._http.request(method, path, **request)
            except httpx.TransportError:
                response = None
            if response is not None and response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                break
            if time.monotonic() > deadline:
                raise Refused(f"{self.name}: {method} {path}: no answer in {PATIENCE:.0f} s")
            time.sleep(0.1)
        if response.is_error and response.status_code not in again:
            raise Refused(f"{self.name}: {method} {path}: {response.status_code} {response.text[:200]}")
        return response.json()


class Refused(AssertionError):
    """The server does not take what the page offered."""
