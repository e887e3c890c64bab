"""Answering as a person would: signed in with a name and a password, through the web UI's API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from curation.annotation.reach import is_here
from curation.errors import TwofoldError

PAGE = 500


class Session:
    """Somebody signed in.

    Args:
        url: The Argilla server.
        username: Who.
        password: Their password.

    Raises:
        TwofoldError: The server does not answer, or refuses the password.
    """

    def __init__(self, url: str, username: str, password: str) -> None:
        self.username = username
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=not is_here(url))
        try:
            token = self._http.post("/api/v1/token", data={"username": username, "password": password})
        except httpx.HTTPError as error:
            raise TwofoldError(f"Argilla at {url} does not answer ({type(error).__name__})") from error
        if token.status_code != httpx.codes.CREATED:
            raise TwofoldError(f"Argilla at {url} refuses {username}'s password")
        self._http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"

    def answer(self, dataset: str, answers: Mapping[str, Any], *, question: str = "label") -> Iterator[str]:
        """Answer the records that wait for this person; an empty text discards the record.

        Records without an answer in `answers` are left waiting.

        Yields:
            The id of every record answered.
        """
        dataset_id = self._dataset(dataset)
        for record in list(self._pending(dataset_id)):  # all of them first: an answered one moves the others up
            answer = answers.get(record["external_id"])
            if answer is None:
                continue
            body: dict[str, Any] = {"status": "discarded"}
            if answer != "":
                body = {"status": "submitted", "values": {question: {"value": answer}}}
            self._post(f"/api/v1/records/{record['id']}/responses", body)
            yield record["external_id"]

    def _dataset(self, name: str) -> str:
        found = self._checked(self._http.get("/api/v1/me/datasets"))["items"]
        for dataset in found:
            if dataset["name"] == name:
                return str(dataset["id"])
        raise TwofoldError(f"{self.username} does not see a data set {name!r}")

    def _pending(self, dataset_id: str) -> Iterator[dict[str, str]]:
        query = {
            "filters": {
                "and": [
                    {
                        "type": "terms",
                        "scope": {"entity": "response", "property": "status"},
                        "values": ["pending"],
                    },
                    {
                        "type": "terms",
                        "scope": {"entity": "record", "property": "status"},
                        "values": ["pending"],
                    },
                ]
            }
        }
        offset = 0
        while True:
            page = self._post(f"/api/v1/me/datasets/{dataset_id}/records/search?limit={PAGE}&offset={offset}", query)
            yield from ({name: item["record"][name] for name in ("id", "external_id")} for item in page["items"])
            offset += PAGE
            if offset >= page["total"]:
                return

    def _post(self, path: str, body: Any) -> Any:
        try:
            return self._checked(self._http.post(path, json=body))
        except httpx.HTTPError as error:
            raise TwofoldError(f"Argilla does not answer {self.username} ({type(error).__name__})") from error

    def _checked(self, response: httpx.Response) -> Any:
        if response.is_error:
            raise TwofoldError(f"Argilla answered {response.status_code} to {self.username}: {response.text[:200]}")
        return response.json()
