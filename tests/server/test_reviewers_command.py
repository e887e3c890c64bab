"""`twofold reviewers`: passwords shown once, roles that decide what somebody sees, people who leave."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.cli import cli
from curation.embedded import Server
from curation.errors import TwofoldError
from curation.project.folder import Project

pytestmark = pytest.mark.server

Command = Callable[..., Result]


@pytest.fixture
def shop(make_project: Callable[..., Project], argilla_server: Server, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project named after the test, so that its workspaces are its own."""
    monkeypatch.setenv("TWOFOLD_HOME", str(argilla_server.home))
    project = make_project(
        [("m1", "Where is my parcel?", ""), ("m2", "It is broken.", "")], labels=["question", "complaint"]
    )
    config = project.path("twofold.toml")
    config.write_text(
        config.read_text(encoding="utf-8").replace('name = "project"', f'name = "shop-{project.folder.parent.name}"'),
        encoding="utf-8",
    )
    return Project(project.folder)


@pytest.fixture
def reviewers(shop: Project) -> Command:
    def run(command: str, *arguments: str) -> Result:
        return CliRunner().invoke(cli, ["reviewers", command, str(shop.folder), *arguments])

    return run


def password_of(name: str, result: Result) -> str:
    found = re.search(rf"^{name}\b.*password (\S+)$", result.output, flags=re.MULTILINE)
    assert found, result.output
    return found.group(1)


def test_a_password_is_shown_once_and_signs_in(reviewers: Command, argilla_server: Server) -> None:
    first = reviewers("add", "rosa")
    password = password_of("rosa", first)
    assert len(password) >= 16
    assert Session(argilla_server.url, "rosa", password).username == "rosa"
    again = reviewers("add", "rosa")
    assert "was there already" in again.output
    assert "password" not in again.output


def test_a_reset_makes_a_new_password_and_the_old_one_stops_working(reviewers: Command, argilla_server: Server) -> None:
    old = password_of("sven", reviewers("add", "sven"))
    new = password_of("sven", reviewers("reset", "sven"))
    assert Session(argilla_server.url, "sven", new).username == "sven"
    with pytest.raises(TwofoldError, match="refuses"):
        Session(argilla_server.url, "sven", old)


def test_each_role_has_its_workspaces_and_a_lead_has_all(reviewers: Command, shop: Project, argilla_server: Server):
    for name, role in (("tara", "annotator"), ("udo", "adjudicator"), ("vera", "lead")):
        assert reviewers("add", name, "--role", role).exit_code == 0
    listed = json.loads(reviewers("list", "--json").output)
    assert listed == {"annotator": ["tara"], "adjudicator": ["udo"], "lead": ["vera"]}
    owner = ArgillaClient(argilla_server.url, argilla_server.api_key)
    workspaces = [naming.workspace(shop, role) for role in naming.ROLES]
    assert [owner.reviewers(each, role="admin") for each in workspaces] == [["vera"], ["vera"]]
    assert [owner.reviewers(each) for each in workspaces] == [["tara"], ["udo"]]


def test_nobody_is_both_lead_and_annotator_with_one_account(reviewers: Command) -> None:
    reviewers("add", "wim", "--role", "lead")
    reviewers("add", "xenia")
    for name, role in (("wim", "annotator"), ("xenia", "lead"), ("owner", "annotator")):
        refused = reviewers("add", name, "--role", role)
        assert isinstance(refused.exception, TwofoldError)
        assert "needs a second account" in str(refused.exception)
    assert json.loads(reviewers("list", "--json").output)["annotator"] == ["xenia"]


def test_the_passwords_of_those_already_added_are_shown_when_the_next_one_is_refused(reviewers: Command) -> None:
    refused = reviewers("add", "yara", "owner")
    assert password_of("yara", refused)
    assert refused.exit_code != 0
    as_json = reviewers("add", "zeno", "owner", "--json")
    assert isinstance(as_json.exception, TwofoldError)
    assert [person["username"] for person in as_json.exception.found["added"]] == ["zeno"]


@pytest.mark.parametrize("role", naming.PEOPLE)
def test_who_is_removed_is_in_no_workspace_of_the_project(reviewers: Command, role: str) -> None:
    name = f"gone-{role}"
    reviewers("add", name, "--role", role)
    assert reviewers("remove", name, "--role", role).exit_code == 0
    assert name not in reviewers("list").output
    again = reviewers("remove", name, "--role", role)
    assert "is no" in str(again.exception)
