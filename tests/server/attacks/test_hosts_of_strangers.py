"""A page of a stranger whose name leads to this machine: it is not answered, and its name is in no answer."""

from __future__ import annotations

import socket
from itertools import product
from urllib.parse import urlsplit

import pytest
from chairs import Chairs, Target

from curation.embedded.patches.door.known_hosts import _is_known, known_hosts

pytestmark = pytest.mark.server

STRANGE = [
    "evil.com",
    "evil.com:6900",
    "localhost.evil.com",
    "127.0.0.1.evil.com",
    "127.0.0.1@evil.com",
    "localhost@evil.com:80",
    "evil.com/127.0.0.1",
    "[evil.com]",
    "0x7f000001",
    "2130706433",
    "",
    "localhost evil.com",
    "127.1",
]


PATHS = ("/", "/api/v1/me/", "/share-your-progress?dataset_name=a&dataset_id=b&user_name=c", "/docs")


def test_a_host_that_nobody_has_named_is_refused(chairs: Chairs, subtests: pytest.Subtests) -> None:
    for host, path in product(STRANGE, PATHS):
        with subtests.test(f"{path} at {host}"):
            answer = chairs.owner.http.get(path, headers={"Host": host})
            assert answer.status_code == 400
            assert "evil" not in answer.text + str(answer.headers)


def answer_to(target: Target, address: str) -> bytes:
    host = urlsplit(target.url)
    with socket.create_connection((host.hostname, host.port), timeout=20) as connection:
        connection.sendall(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_an_address_that_names_a_host_is_not_believed(target: Target, subtests: pytest.Subtests) -> None:
    for address in ("@evil.com", "evil.com", "@evil.com/docs", "*", "http://evil.com/docs"):
        with subtests.test(address):
            answer = answer_to(target, address)
            assert not answer.startswith(b"HTTP/1.1 5")
            assert b"evil.com" not in answer


def test_the_machines_own_names_are_known(target: Target) -> None:
    with target.client() as http:
        for host in ("127.0.0.1", "localhost:6900", "LOCALHOST", "[::1]:6900", "192.0.2.7", "localhost."):
            assert http.get("/api/v1/version", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("host", "named", "expected"),
    [
        ("label.example.org", "label.example.org", True),
        ("Label.Example.org:443", "a.example.org, label.example.org.", True),
        ("other.example.org", "label.example.org", False),
        ("xlabel.example.org", "label.example.org", False),
    ],
)
def test_the_operator_names_the_hosts(host: str, named: str, expected: bool) -> None:
    assert _is_known(host, known_hosts(named)) is expected
