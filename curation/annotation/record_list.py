"""The records that a data set holds, by Argilla's own routes, and taking out what nobody has answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from curation.annotation.resending import send

PAGE = 500
AT_ONCE = 100
"""Records that Argilla deletes in one request."""


def list_records(http: httpx.Client, dataset_id: str, *, include: str | None = None) -> Iterator[dict[str, Any]]:
    """Return every record of a data set, with its responses or suggestions where asked for."""
    offset = 0
    while True:
        query: dict[str, Any] = {"limit": PAGE, "offset": offset, **({"include": include} if include else {})}
        page = send(http, "GET", f"/api/v1/datasets/{dataset_id}/records", params=query).raise_for_status().json()
        yield from page["items"]
        if len(page["items"]) < PAGE:
            return
        offset += PAGE


def take_back_suggestions(http: httpx.Client, dataset_id: str) -> None:
    """Delete every suggestion in a data set."""
    for record in list(list_records(http, dataset_id, include="suggestions")):
        ids = ",".join(suggestion["id"] for suggestion in record.get("suggestions") or ())
        if ids:
            path = f"/api/v1/records/{record['id']}/suggestions"
            send(http, "DELETE", path, params={"ids": ids}).raise_for_status()


def delete_unanswered(http: httpx.Client, dataset_id: str, external_ids: Sequence[str]) -> int:
    """Delete those of some records that have no response of any status, and return how many.

    The launcher's own route looks and deletes in one transaction, so that an answer given in between is never lost;
    another server is asked first and told second.
    """
    deleted = 0
    for part in _batched(external_ids, AT_ONCE):
        own = f"/api/v1/twofold/datasets/{dataset_id}/withdraw"
        answer = send(http, "POST", own, json={"external_ids": part})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return _delete_by_argilla(http, dataset_id, set(external_ids))
        deleted += answer.raise_for_status().json()["deleted"]
    return deleted


def _delete_by_argilla(http: httpx.Client, dataset_id: str, external_ids: set[str]) -> int:
    found = list(list_records(http, dataset_id, include="responses"))
    ids = [r["id"] for r in found if r["external_id"] in external_ids and not r.get("responses")]
    for part in _batched(ids, AT_ONCE):
        query = {"ids": ",".join(part)}
        send(http, "DELETE", f"/api/v1/datasets/{dataset_id}/records", params=query).raise_for_status()
    return len(ids)


def _batched(items: Sequence[str], size: int) -> Iterator[list[str]]:
    return (list(items[i : i + size]) for i in range(0, len(items), size))
