"""Looking at an Argilla server by its HTTP API, importing nothing that takes long; nothing is changed."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from curation.annotation.reach import is_here
from curation.annotation.spec import Answer, Progress, answer_of
from curation.errors import TwofoldError

PATIENCE = 10.0
"""Seconds to wait for an answer: somebody is waiting for it."""
PAGE = 500


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key would go along to wherever an answer points."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Onlooker:
    """Reads as an owner; the same names and results as in :class:`curation.annotation.client.ArgillaClient`."""

    def __init__(self, url: str, api_key: str) -> None:
        self.url = url.rstrip("/")
        self._headers = {"X-Argilla-Api-Key": api_key}
        proxies = [urllib.request.ProxyHandler({})] if is_here(url) else []
        self._open = urllib.request.build_opener(*proxies, _NoRedirect).open

    def reviewers(self, workspace: str, *, role: str = "annotator") -> list[str]:
        """Return the names of people of one of Argilla's roles in a workspace, sorted; none without a workspace."""
        found = self._workspace(workspace)
        people = self._get(f"/workspaces/{found}/users")["items"] if found else []
        return sorted(person["username"] for person in people if person["role"] == role)

    def dataset(self, name: str, workspace: str) -> str | None:
        """Return the id of a data set, or None."""
        found = self._workspace(workspace)
        listed = self._get("/me/datasets", workspace_id=found)["items"] if found else []
        return next((str(each["id"]) for each in listed if each["name"] == name), None)

    def progress(self, dataset: str) -> Progress:
        """Say where a data set stands."""
        counts = self._get(f"/datasets/{dataset}/progress")
        people = self._get(f"/datasets/{dataset}/users/progress")["users"]
        done = {each["username"]: sum(each[part]["submitted"] for part in ("completed", "pending")) for each in people}
        return Progress(total=counts["total"], completed=counts["completed"], by_reviewer=done)

    def answers(self, dataset: str) -> Iterator[Answer]:
        """Return every answer in a data set, in the order in which records were sent."""
        names = {user["id"]: user["username"] for user in self._get("/users")["items"]}
        for record in self._records(dataset):
            for response in record.get("responses") or ():
                yield answer_of(response, record["external_id"], names)

    def _records(self, dataset: str) -> Iterator[dict[str, Any]]:
        path, offset = f"/datasets/{dataset}/records", 0
        while items := self._get(path, include="responses", limit=PAGE, offset=offset)["items"]:
            yield from items
            offset += PAGE

    def _workspace(self, name: str) -> str | None:
        listed = self._get("/me/workspaces")["items"]
        return next((str(each["id"]) for each in listed if each["name"] == name), None)

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        text = f"?{urllib.parse.urlencode(query)}" if query else ""
        request = urllib.request.Request(f"{self.url}/api/v1{path}{text}", headers=self._headers)  # noqa: S310
        try:
            with self._open(request, timeout=PATIENCE) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code in (401, 403):
                raise TwofoldError(f"Argilla at {self.url} refuses the API key, or its user may not do this") from None
            raise TwofoldError(f"Argilla at {self.url}: {error.code} at {path}") from None
        except (OSError, http.client.HTTPException) as error:
            kind = type(getattr(error, "reason", error)).__name__
            raise TwofoldError(f"Argilla at {self.url} does not answer ({kind}); is `twofold serve` running?") from None
        except (ValueError, RecursionError):  # not JSON
            found = None
        if not isinstance(found, dict):
            raise TwofoldError(f"{self.url} does not answer as an Argilla does; is the address right?")
        return found
