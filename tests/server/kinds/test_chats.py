"""Chats, and values on a page of the project's own, are shown on Argilla's page exactly as they were written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.cli import cli
from curation.project.folder import Project, open_project
from curation.project.standing import Role
from curation.rounds import loop
from tests.server.watched_page import sign_in, watch

pytestmark = [pytest.mark.server, pytest.mark.browser]

CHATS = {
    "a": [("user", "Where is my <b>parcel</b>? Tom &amp; Ann ask."), ("assistant", "On its way 👍\nTomorrow.")],
    "b": [("system", "Be kind."), ("user", "# no heading\n*no list*"), ("assistant", "<img src=x onerror=alert(1)>")],
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    data = tmp_path / "chats.jsonl"
    rows = [
        {"id": i, "messages": [{"role": who, "content": said} for who, said in chat], "note": "as it came"}
        for i, chat in CHATS.items()
    ]
    data.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    arguments = ["--data", data, "--text", "note", "--chat", "messages", "--id", "id", "--labels", "good,bad"]
    name = f"chats-{uuid4().hex[:8]}"
    result = CliRunner().invoke(cli, ["init", *map(str, [tmp_path / "project", *arguments]), "--name", name])
    assert result.exit_code == 0, result.exception or result.output
    return open_project(tmp_path / "project")


def test_a_chat_is_a_chat_on_the_page(project: Project, argilla_server: Any, browser: Any) -> None:
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    assert project.config.task.chat == ("messages",)
    texts = {row["record_id"]: row["fields"]["messages"] for row in project.records.to_pylist()}
    assert texts["a"] == "user: Where is my <b>parcel</b>? Tom &amp; Ann ask.\nassistant: On its way 👍\nTomorrow."

    def go() -> None:
        list(loop.advance(project, lambda: argilla, lambda name: lambda done, total: None))

    go()
    people = {}
    for who, role in (("ana", "annotator"), ("ben", "annotator"), ("eve", "adjudicator")):
        username = f"{who}-{project.config.name}"
        new = argilla.add_reviewer(username, naming.workspace(project, role))
        assert new is not None
        people[who] = new
    for who, answer in (("ana", "good"), ("ben", "bad")):
        session = Session(argilla.url, people[who].username, people[who].password)
        assert len(list(session.answer(naming.dataset(project, project.round(1)), dict.fromkeys(CHATS, answer)))) == 2
    go()
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    problems = watch(page, argilla_server.url)
    sign_in(page, argilla_server.url, people["eve"].username, people["eve"].password)
    page.get_by_text(naming.dataset(project, project.round(1), Role.ADJUDICATOR), exact=True).click()
    for place in range(1, len(CHATS) + 1):
        page.get_by_text(f"{place} of {len(CHATS)}", exact=True).wait_for()
        for who, said in CHATS["a" if "parcel" in page.locator(".chat").first.inner_text() else "b"]:
            for line in said.split("\n"):
                assert line in page.locator(".chat").first.inner_text(), (who, said)
        page.get_by_text("good", exact=True).first.click()
        page.get_by_role("button", name="Submit").click()
    assert not problems


CARDS = {
    "a": {"shop": "Corner <b>shop</b> &amp; more", "price": 3, "open": True},
    "b": {"shop": "<img src=x onerror=alert(1)>", "price": None, "open": False},
}
CARD = "<style>h2 { color: red }</style><h2>{{record.fields.card.shop}}</h2><p>{{record.fields.card.price}}</p>"


def test_values_are_shown_on_a_page_of_the_projects_own(tmp_path: Path, argilla_server: Any, browser: Any) -> None:
    data, card = tmp_path / "cards.jsonl", tmp_path / "card.html"
    data.write_text("\n".join(json.dumps({"id": i, "card": card}) for i, card in CARDS.items()), encoding="utf-8")
    card.write_text(CARD, encoding="utf-8")
    arguments = ["--data", data, "--custom", f"card={card}", "--id", "id", "--labels", "good,bad"]
    name = f"cards-{uuid4().hex[:8]}"
    result = CliRunner().invoke(cli, ["init", *map(str, [tmp_path / "project", *arguments]), "--name", name])
    assert result.exit_code == 0, result.exception or result.output
    project = open_project(tmp_path / "project")
    texts = {row["record_id"]: row["fields"]["card"] for row in project.records.to_pylist()}
    assert texts["b"] == "open: False\nshop: <img src=x onerror=alert(1)>"
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    list(loop.advance(project, lambda: argilla, lambda name: lambda done, total: None))
    person = argilla.add_reviewer(f"ana-{name}", naming.workspace(project))
    assert person is not None
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    problems = watch(page, argilla_server.url)
    sign_in(page, argilla_server.url, person.username, person.password)
    page.get_by_text(naming.dataset(project, project.round(1)), exact=True).click()
    seen = set()
    for place in range(1, len(CARDS) + 1):
        page.get_by_text(f"{place} of {len(CARDS)}", exact=True).wait_for()
        page.wait_for_timeout(1500)
        seen |= {frame.locator("h2").first.inner_text() for frame in page.frames if frame.locator("h2").count()}
        page.get_by_text("good", exact=True).first.click()
        page.get_by_role("button", name="Submit").click()
    assert seen == {str(each["shop"]) for each in CARDS.values()}
    assert not problems


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("hello", "expected a list of messages, each with a role and a content, came 'hello'"),
        ([{"role": "user"}], "expected messages with a role and a content, both texts, came {'role': 'user'}"),
        ([{"role": "r" * 21, "content": "Hi"}], "expected at most 20 characters in a role, came 21"),
        ([{"role": "user", "content": "x" * 20_001}], "expected at most 20,000 characters in a message, came 20,001"),
        ([{"role": "user", "content": "Hi"}] * 501, "expected at most 500 messages in a chat, came 501"),
    ],
)
def test_what_is_no_chat_gets_one_line(tmp_path: Path, cell: Any, expected: str) -> None:
    data = tmp_path / "chats.jsonl"
    good = {"messages": [{"role": "user", "content": "Hi"}]}
    data.write_text("\n".join(map(json.dumps, [good, {"messages": cell}])), encoding="utf-8")
    arguments = ["init", str(tmp_path / "p"), "--data", str(data), "--chat", "messages", "--labels", "good,bad"]
    result = CliRunner().invoke(cli, arguments)
    assert f"chats.jsonl, row 2, column 'messages': {expected}" in str(result.exception)
    assert not (tmp_path / "p").exists()
