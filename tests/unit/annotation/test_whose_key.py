"""A project that somebody else made names an address: no key goes there unasked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from curation.cli import cli, exit_code

ROWS = [("1", "Where?", "question"), ("2", "Broke.", "complaint"), ("3", "When?", "question")]
COMMANDS = (("status",), ("push",), ("pull",), ("round",), ("reviewers", "list"), ("reviewers", "add"))


class Thief(HTTPServer):
    """An address in somebody's project; it notes what it is sent."""

    heard: list[str]


class Note(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.heard.append(f"{self.requestline} {self.headers}")  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"version": "2.8.0", "items": []}')

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = exit_code(lambda: cli(list(map(str, arguments)), standalone_mode=False))
        return code, "".join(capsys.readouterr())

    return run


@pytest.fixture
def thief() -> Iterator[Thief]:
    server = Thief(("127.0.0.1", 0), Note)
    server.heard = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def foreign(make_project, thief):
    project = make_project(ROWS)
    path = project.path("twofold.toml")
    path.write_text(path.read_text().replace('url = ""', f'url = "http://127.0.0.1:{thief.server_port}"'))
    return project


def called(command: tuple[str, ...], folder: Any) -> list[Any]:
    return [*command, folder, "ana"] if command[-1] == "add" else [*command, folder]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_key_of_the_environment_stays_here(command, foreign, thief, run, monkeypatch):
    monkeypatch.setenv("TWOFOLD_ARGILLA_API_KEY", "the-key-of-my-company")
    code, said = run(*called(command, foreign.folder))
    assert thief.heard == []
    assert (code, "TWOFOLD_ARGILLA_URL" in said) == (2, True) or command == ("status",)


def test_the_key_that_is_for_another_address_stays_here(foreign, thief, run, monkeypatch):
    monkeypatch.setenv("TWOFOLD_ARGILLA_API_KEY", "the-key-of-my-company")
    monkeypatch.setenv("TWOFOLD_ARGILLA_URL", "https://label.company.example")
    code, said = run("reviewers", "list", foreign.folder)
    assert (code, thief.heard) == (2, [])
    assert "is for https://label.company.example" in said


def test_the_embedded_servers_key_stays_here(foreign, thief, run, monkeypatch, tmp_path):
    monkeypatch.delenv("TWOFOLD_ARGILLA_API_KEY", raising=False)
    code, said = run("reviewers", "list", foreign.folder)
    assert (code, thief.heard) == (2, [])
    assert "set TWOFOLD_ARGILLA_API_KEY" in said


def test_what_is_said_can_be_typed_without_running_anything(make_project, run, monkeypatch):
    project = make_project(ROWS)
    path = project.path("twofold.toml")
    path.write_text(path.read_text().replace('url = ""', 'url = "http://a/$(touch${IFS}taken);b"'))
    monkeypatch.setenv("TWOFOLD_ARGILLA_API_KEY", "any")
    _, said = run("reviewers", "list", project.folder)
    assert "export TWOFOLD_ARGILLA_URL='http://a/$(touch${IFS}taken);b'" in said


def test_with_the_address_beside_it_the_key_is_sent_there(foreign, thief, run, monkeypatch):
    monkeypatch.setenv("TWOFOLD_ARGILLA_API_KEY", "the-key-of-my-company")
    monkeypatch.setenv("TWOFOLD_ARGILLA_URL", f"http://127.0.0.1:{thief.server_port}/")
    run("status", foreign.folder)
    run("reviewers", "list", foreign.folder)
    assert any("the-key-of-my-company" in each for each in thief.heard)
