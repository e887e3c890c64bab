"""A proxy that the environment names: no key and no password goes there for a server on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from chairs import Chairs

from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.annotation.onlooker import Onlooker
from curation.annotation.reach import is_here
from curation.errors import TwofoldError
from curation.project.folder import Project

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
ROWS = [("1", "Where?", "question"), ("2", "Broke.", "complaint"), ("3", "When?", "question")]


class Listener(ThreadingHTTPServer):
    """Notes everything that it is sent, as `heard`."""

    heard: list[str]


class Note(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.heard.append(f"{self.requestline} {self.headers} {body!r}")  # type: ignore[attr-defined]
        self.send_response(*self.answer())
        self.end_headers()

    def answer(self) -> tuple[int, str]:
        return 502, "Bad Gateway"

    def do_POST(self) -> None:
        self.do_GET()

    def do_CONNECT(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def listening(kind: type[Note]) -> Iterator[Listener]:
    server = Listener(("127.0.0.1", 0), kind)
    server.heard = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    for server in listening(Note):
        for name in NAMES:
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
            monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{server.server_port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        yield server


def signs_in(chairs: Chairs) -> object:
    return Session(chairs.target.url, chairs.ana.name, chairs.ana.password)


def uses_the_sdk(chairs: Chairs) -> object:
    return ArgillaClient(chairs.target.url, chairs.target.key).reviewers("nobody")


def looks(chairs: Chairs) -> object:
    return Onlooker(chairs.target.url, chairs.target.key).reviewers("nobody")


@pytest.mark.parametrize("client", [signs_in, uses_the_sdk, looks])
@pytest.mark.parametrize("kind", ["http", "socks5"])
def test_a_client_asks_a_server_on_this_machine_directly(
    kind: str, client: Callable[[Chairs], object], chairs: Chairs, proxy: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*NAMES, *map(str.lower, NAMES)):
        monkeypatch.setenv(name, f"{kind}://127.0.0.1:{proxy.server_port}")
    client(chairs)
    assert proxy.heard == []


@pytest.mark.parametrize("command", [("reviewers", "list"), ("status",), ("push",)], ids=" ".join)
def test_a_command_does_too(
    command: tuple[str, ...], chairs: Chairs, proxy: Listener, make_project: Callable[..., Project]
) -> None:
    project = make_project(ROWS)
    toml = project.path("twofold.toml")
    toml.write_text(toml.read_text().replace('url = ""', f'url = "{chairs.target.url}"'))
    environment = {"TWOFOLD_ARGILLA_URL": chairs.target.url, "TWOFOLD_ARGILLA_API_KEY": chairs.target.key}
    program = [sys.executable, "-c", "from curation.cli import main; main()", *command, str(project.folder)]
    done = subprocess.run(program, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert "does not answer" not in done.stderr
    assert proxy.heard == []


class Points(Note):
    """Sends whoever asks to another address."""

    there = ""

    def answer(self) -> tuple[int, str]:
        return 302, "Found"

    def end_headers(self) -> None:
        self.send_header("Location", self.there)
        super().end_headers()


def test_the_key_does_not_follow_an_answer_that_points_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for there in listening(Note):
        monkeypatch.setattr(Points, "there", f"http://127.0.0.1:{there.server_port}/api/v1/me/workspaces")
        for here in listening(Points):
            with pytest.raises(TwofoldError):
                Onlooker(f"http://127.0.0.1:{here.server_port}", "a-key").reviewers("any")
            assert there.heard == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:6900", "http://127.8.8.8", "http://localhost:1/x", "http://[::1]:6900"]
)
def test_these_addresses_are_here(url: str) -> None:
    assert is_here(url)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1.evil.example", "http://localhost.evil.example", "http://me@10.0.0.1", "http://127.0.0.1@evil"],
)
def test_these_are_not(url: str) -> None:
    assert not is_here(url)
