"""A stranger and a lead send what is too long, comes too slowly, or never ends: it is refused, and the memory stays."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from chairs import Chairs, Target

from curation.annotation import pushing
from curation.embedded.patches.door import bodies, connections

pytestmark = pytest.mark.server

MIB = 2**20
HUGE = 200 * MIB
LARGE = 50 * MIB
SPARE = 80 * MIB
"""What all processes may grow by while they refuse."""


def memory(target: Target) -> int:
    """Bytes that the server's processes hold, those that share memory counted each."""
    total = 0
    for child in target.process.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            total += child.memory_info().rss
    return total


def parts(size: int) -> Iterator[bytes]:
    for _ in range(size // MIB):
        yield b"a" * MIB


def sent(http: httpx.Client, method: str, path: str, kind: str, size: int, *, announced: bool) -> int:
    """The status; a server may also have closed the connection on somebody who would not stop."""
    headers = {"Content-Type": kind, **({"Content-Length": str(size)} if announced else {})}
    try:
        return http.request(method, path, content=parts(size), headers=headers).status_code
    except httpx.TransportError:
        return 413


FORM = "application/x-www-form-urlencoded"
ROUTES = [
    ("POST", "/api/v1/token", FORM),
    ("POST", "/api/v1/token", "multipart/form-data; boundary=x"),
    ("POST", "/api/v1/users", "application/json"),
    ("POST", "/api/v1/datasets/{dataset_id}/records/bulk", "application/json"),
    ("PUT", "/api/v1/twofold/datasets/{dataset_id}/records", "application/json"),
    ("POST", "/api/v1/me/datasets/{dataset_id}/records/search", "application/json"),
    ("PUT", "/api/v1/records/{record_id}/suggestions", "text/plain"),
    ("POST", "/api/v1/nothing/here", "application/json"),
    ("GET", "/api/v1/me", "application/json"),
    ("POST", "/", "application/json"),
]
READ_BY_NOBODY = ("/api/v1/nothing/here", "/api/v1/me", "/")


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in-chunks"])
@pytest.mark.parametrize("who", ["stranger", "forger", "lead"])
def test_a_body_of_200_megabytes_is_refused_and_not_kept(chairs: Chairs, who: str, announced: bool) -> None:
    clients = {"stranger": chairs.stranger, "lead": chairs.lead.http}
    with contextlib.ExitStack() as stack:
        http = clients.get(who) or stack.enter_context(chairs.target.client(**{"X-Argilla-Api-Key": "x" * 64}))
        before = memory(chairs.target)
        most = before
        for number, (method, path, kind) in enumerate(ROUTES):
            size = LARGE if number else HUGE
            status = sent(http, method, path.format(**chairs.ids), kind, size, announced=announced)
            expected = {413} if who == "lead" else {401, 413}
            assert status in expected or (path in READ_BY_NOBODY and status < 500), (path, status)
            most = max(most, memory(chairs.target))
    assert most - before < SPARE


def test_a_key_is_checked_before_more_than_a_page_is_read(chairs: Chairs) -> None:
    body = {"items": [{"fields": {"text": "a" * 100_000}, "external_id": "long"}]}
    path = f"/api/v1/datasets/{chairs.ids['dataset_id']}/records/bulk"
    assert chairs.lead.http.post(path, json=body).status_code == 201
    for headers in ({}, {"X-Argilla-Api-Key": "forged"}, {"Authorization": "Bearer a.b.c"}):
        answer = chairs.stranger.post(path, json=body, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["detail"]


def test_what_our_own_client_sends_is_taken(chairs: Chairs) -> None:
    assert bodies.RECORDS >= 4 * pushing.BATCH_BYTES
    text = "a" * (pushing.BATCH_BYTES // 8)
    items = [{"fields": {"text": text}, "external_id": f"large-{number}"} for number in range(7)]
    path = f"/api/v1/twofold/datasets/{chairs.ids['dataset_id']}/records"
    assert chairs.lead.http.put(path, json={"items": items}).json() == {"inserted": 7, "updated": 0}


def test_a_refusal_says_how_long_a_body_may_be(chairs: Chairs) -> None:
    answer = chairs.stranger.post("/api/v1/token", data={"username": "a" * 10_000, "password": "b"})
    assert answer.status_code == 413
    assert answer.json() == {"detail": "The body is too long: this route takes up to 8 KiB."}


def connected(target: Target) -> socket.socket:
    address = urlsplit(target.url)
    return socket.create_connection((address.hostname, address.port), timeout=90)


def seconds_until_closed(connection: socket.socket, trickle: bytes) -> float:
    """How long a server puts up with somebody who sends a byte a second."""
    started = time.monotonic()
    connection.settimeout(1)
    while time.monotonic() - started < 80:
        with contextlib.suppress(TimeoutError):
            try:
                connection.sendall(trickle)
                if not connection.recv(4096):
                    break
            except (ConnectionError, BrokenPipeError):
                break
    return time.monotonic() - started


HEAD = b"POST /api/v1/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
BEGUN = {
    "nothing": (b"", b""),
    "a head": (HEAD, b"X"),
    "a body": (HEAD + b"Content-Length: 4000\r\n\r\n", b"a"),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
}


@pytest.mark.parametrize("target", ["sqlite"], indirect=True)  # the door is the same before either database
def test_a_request_that_does_not_end_is_given_up(chairs: Chairs) -> None:
    def given_up(first: bytes, trickle: bytes) -> float:
        with connected(chairs.target) as connection:
            connection.sendall(first)
            return seconds_until_closed(connection, trickle)

    with ThreadPoolExecutor(len(BEGUN)) as pool:
        seconds = dict(zip(BEGUN, pool.map(lambda begun: given_up(*begun), BEGUN.values()), strict=True))
    limit = max(bodies.GRACE_SECONDS, connections.HEAD_SECONDS) + 15
    assert {name: taken for name, taken in seconds.items() if taken > limit} == {}


def test_a_head_without_end_is_refused_and_not_kept(target: Target) -> None:
    before = memory(target)
    with connected(target) as connection, contextlib.suppress(ConnectionError, BrokenPipeError):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ")
        for _ in range(100):
            connection.sendall(b"a" * MIB)
    assert memory(target) - before < SPARE // 2


def test_the_server_still_answers(chairs: Chairs) -> None:
    assert chairs.ana.ask("GET", "/me").json()["username"] == chairs.ana.name
