"""Sending many records: in batches by count and by bytes, few at once, and only what the server does not hold yet.

Records are known by their external ids, so a batch that is sent twice changes nothing, and a push that was cut off
goes on where it stopped when it is run again: what arrived is recognised by its digests. A server that lacks the
route of this package's own launcher gets the same records by Argilla's bulk upsert.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import httpx
from pydantic_core import to_json

from curation.annotation.resending import send
from curation.embedded.digests import KnownRecord, digest, suggestion_digest
from curation.errors import TwofoldError

BATCH_RECORDS = 500
"""Records of a request. Argilla takes no more, and on SQLite annotators wait while a batch is written."""

BATCH_BYTES = 8 * 2**20
"""Bytes of a request; a single record may be larger."""

Item = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a push goes.

    Attributes:
        records: The address that takes records.
        known: The address that tells what is there, or None if there is no such address or nothing there.
        at_once: Requests under way together.
    """

    records: str
    known: str | None
    at_once: int


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A request's worth of records.

    Attributes:
        bodies: Those that are sent, each as JSON.
        ids: Their external ids.
        through: Records that are through with this batch, those that need not be sent included.
    """

    bodies: Sequence[bytes]
    ids: Sequence[str]
    through: int


def push(http: httpx.Client, dataset_id: str, items: Iterable[Item], *, with_answers: bool = False) -> Iterator[int]:
    """Send records to a data set; one that is there is brought up to date, and no answer is ever touched.

    Args:
        http: A client of the server, with an owner's or admin's key.
        dataset_id: The data set.
        items: Records as Argilla's bulk upsert takes them, each with an `external_id`.
        with_answers: Whether they have responses; Argilla's own route alone takes these.

    Yields:
        How many records are through, after each batch.

    Raises:
        TwofoldError: The server refuses a batch; those before it have arrived.
        httpx.TransportError: The server is not to be reached any more.
    """
    target = _argillas(dataset_id) if with_answers else _target(http, dataset_id)
    through = 0
    pool = ThreadPoolExecutor(max_workers=target.at_once, thread_name_prefix="push")
    under_way: deque[Future[int]] = deque()
    try:
        for batch in _batches(http, target, items):
            under_way.append(pool.submit(_put, http, target, batch))
            if len(under_way) > target.at_once:  # one more than is sent at once lies ready
                through += under_way.popleft().result()
                yield through
        while under_way:
            through += under_way.popleft().result()
            yield through
    finally:
        pool.shutdown(cancel_futures=True)


def _target(http: httpx.Client, dataset_id: str) -> Target:
    own = f"/api/v1/twofold/datasets/{dataset_id}"
    answer = send(http, "GET", own)
    if answer.status_code == httpx.codes.NOT_FOUND:
        return _argillas(dataset_id)
    facts = answer.raise_for_status().json()
    known = f"{own}/known" if facts["records"] else None
    return Target(records=f"{own}/records", known=known, at_once=facts["requests_at_once"])


def _argillas(dataset_id: str) -> Target:
    return Target(records=f"/api/v1/datasets/{dataset_id}/records/bulk", known=None, at_once=1)


def _batches(http: httpx.Client, target: Target, items: Iterable[Item]) -> Iterator[Batch]:
    remaining = iter(items)
    while chunk := list(islice(remaining, BATCH_RECORDS)):
        known = _known(http, target, chunk)
        changes = [change for item in chunk if (change := difference(item, known.get(item["external_id"])))]
        unsent = len(chunk) - len(changes)
        for batch in _by_bytes(changes) if changes else [Batch(bodies=(), ids=(), through=0)]:
            yield Batch(bodies=batch.bodies, ids=batch.ids, through=batch.through + unsent)
            unsent = 0


def _known(http: httpx.Client, target: Target, items: Sequence[Item]) -> dict[str, KnownRecord]:
    if target.known is None:
        return {}
    answer = send(http, "POST", target.known, json={"external_ids": [item["external_id"] for item in items]})
    return answer.raise_for_status().json()  # type: ignore[no-any-return]


def difference(item: Item, known: KnownRecord | None) -> Item | None:
    """Return what of a record the server does not hold yet; None if it holds everything."""
    if known is None:
        return item
    change: dict[str, Any] = {
        name: item[name]
        for name, held in (("fields", known["fields"]), ("metadata", known["metadata"]))
        if name in item and digest(item[name]) != held
    }
    suggestions = [
        suggestion
        for suggestion in item.get("suggestions") or ()
        if suggestion_digest(suggestion) != known["suggestions"].get(suggestion["question_id"])
    ]
    vectors = {
        name: value
        for name, value in (item.get("vectors") or {}).items()
        if digest(value) != known["vectors"].get(name)
    }
    change |= {"suggestions": suggestions} if suggestions else {}
    change |= {"vectors": vectors} if vectors else {}
    return {"external_id": item["external_id"], **change} if change else None


def _by_bytes(items: Iterable[Item]) -> Iterator[Batch]:
    bodies: list[bytes] = []
    ids: list[str] = []
    size = 0
    for item in items:
        body = to_json(item, inf_nan_mode="constants")
        if bodies and size + len(body) > BATCH_BYTES:
            yield Batch(bodies=bodies, ids=ids, through=len(bodies))
            bodies, ids, size = [], [], 0
        bodies.append(body)
        ids.append(item["external_id"])
        size += len(body) + 1
    yield Batch(bodies=bodies, ids=ids, through=len(bodies))


def _put(http: httpx.Client, target: Target, batch: Batch) -> int:
    if batch.bodies:
        body = b'{"items":[' + b",".join(batch.bodies) + b"]}"
        answer = send(http, "PUT", target.records, content=body, headers={"Content-Type": "application/json"})
        if answer.is_error:
            raise TwofoldError(
                f"Argilla refuses the records {batch.ids[0]!r} to {batch.ids[-1]!r}: "
                f"{answer.status_code}, {answer.text[:300]}"
            )
    return batch.through
