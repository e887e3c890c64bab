"""Taking answers out of Argilla, a page at a time: never more than a page of them in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from curation.annotation.resending import send

PAGE = 2_000
ARGILLA_PAGE = 500
# Packing a page takes the server longer than sending it.
UNPACKED = {"Accept-Encoding": "identity"}


def responses(http: httpx.Client, dataset_id: str) -> Iterator[dict[str, Any]]:
    """Return every response in a data set.

    Args:
        http: A client of the server, with an owner's or admin's key.
        dataset_id: The data set.

    Yields:
        `external_id` of the record, `user_id`, `status`, `values`, `inserted_at` and `updated_at`, in the order in
        which the records came.

    Raises:
        httpx.HTTPError: The server refuses, or is not to be reached any more.
    """
    query: dict[str, Any] = {"limit": PAGE}
    while True:
        answer = send(http, "GET", f"/api/v1/twofold/datasets/{dataset_id}/answers", params=query, headers=UNPACKED)
        if answer.status_code == httpx.codes.NOT_FOUND and "after" not in query:
            yield from argilla_responses(http, dataset_id)
            return
        page = answer.raise_for_status().json()
        yield from page["items"]
        if page["next"] is None:
            return
        query["after"] = page["next"]


def argilla_responses(http: httpx.Client, dataset_id: str) -> Iterator[dict[str, Any]]:
    """Return the same from a server that has Argilla's own routes only; there each page takes longer than the last."""
    offset = 0
    while True:
        query = {"include": "responses", "limit": ARGILLA_PAGE, "offset": offset}
        page = send(http, "GET", f"/api/v1/datasets/{dataset_id}/records", params=query, headers=UNPACKED)
        items = page.raise_for_status().json()["items"]
        for record in items:
            for response in record.get("responses") or ():
                yield {"external_id": record["external_id"], **response}
        if not items:
            return
        offset += ARGILLA_PAGE
