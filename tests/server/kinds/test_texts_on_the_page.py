"""Texts that people correct on Argilla's page: each reader, and then a third person who sees where two differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.project.folder import Project
from curation.project.records import by_id
from curation.rounds import loop
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest
from curation.tasks.kinds import kind_named
from tests.server.watched_page import sign_in, watch

pytestmark = [pytest.mark.server, pytest.mark.browser]

GIVEN = {"m1": "Were is my <b>parcel</b>?", "m2": "It came to late &amp; open."}
RIGHT = {"m1": "Where is my <b>parcel</b>?", "m2": "It came too late &amp; open."}
BOX = "[contenteditable=true]"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    data = tmp_path / "texts.csv"
    rows = "".join(f'{i},"Recording {i}","{text}"\n' for i, text in GIVEN.items())
    data.write_text(f"id,text,heard\n{rows}", encoding="utf-8")
    columns = Columns(fields={"text": "text"}, record_id="id", label="heard")
    name = f"texts-{uuid4().hex[:8]}"
    return ingest(Intake(folder=tmp_path / "project", data=data, columns=columns, kind=kind_named("text"), name=name))


class Desk:
    """The people of a project, at their pages."""

    def __init__(self, project: Project, argilla: ArgillaClient, browser: Any) -> None:
        self.project, self.argilla, self.browser = project, argilla, browser

    def go(self) -> None:
        list(loop.advance(self.project, lambda: self.argilla, lambda name: lambda done, total: None))

    def account(self, name: str, role: str) -> tuple[str, str]:
        username = f"{name}-{self.project.config.name}"
        person = self.argilla.add_reviewer(username, naming.workspace(self.project, role))
        assert person is not None
        return username, person.password

    def page(self, name: str, role: str) -> tuple[Any, list[str]]:
        page = self.browser.new_page(viewport={"width": 1400, "height": 900})
        problems = watch(page, self.argilla.url)
        sign_in(page, self.argilla.url, *self.account(name, role))
        page.get_by_text(naming.dataset(self.project, self.project.round(1), role), exact=True).click()
        return page, problems

    def by_api(self, name: str, texts: dict[str, str]) -> None:
        dataset = naming.dataset(self.project, self.project.round(1), "annotator")
        session = Session(self.argilla.url, *self.account(name, "annotator"))
        assert len(list(session.answer(dataset, texts, question=self.project.config.task.question))) == len(texts)


def submit(page: Any, text: str) -> None:
    page.locator(BOX).first.fill(text)
    with page.expect_response(lambda got: "/responses" in got.url and got.request.method in ("POST", "PUT")):
        page.get_by_role("button", name="Submit").click()


def test_texts_are_corrected_by_readers_and_what_differs_by_a_third_person(
    project: Project, argilla_server: Any, browser: Any
) -> None:
    desk = Desk(project, ArgillaClient(argilla_server.url, argilla_server.api_key), browser)
    desk.go()
    page, problems = desk.page("ana", "annotator")
    for place in (1, 2):
        page.get_by_text(f"{place} of 2", exact=True).wait_for()
        page.locator(BOX).first.wait_for()
        offered = page.locator(BOX).first.inner_text().strip()
        assert offered in GIVEN.values()  # what came with the file is there to be corrected, sign by sign
        submit(page, next(RIGHT[i] for i, text in GIVEN.items() if text == offered))
    page.close()
    desk.by_api("ben", {"m1": RIGHT["m1"] + " ", "m2": "It came too late &amp; broken."})
    desk.go()
    votes = {
        (row["record_id"], row["reviewer"].split("-")[0]): row["value"] for row in project.round(1).votes().to_pylist()
    }
    assert votes["m1", "ana"] == RIGHT["m1"]
    decided = by_id(project.round(1).table("decisions.parquet"), "method")
    assert decided == {"m1": "agreed", "m2": "disputed"}

    page, more = desk.page("eva", "adjudicator")
    page.get_by_text("1 of 1", exact=True).wait_for()
    shown = page.locator("body").inner_text()
    assert "It came too late &amp; ⟦open⟧." in shown or "It came too late &amp; ⟦open.⟧" in shown
    assert "It came too late &amp; ⟦broken.⟧" in shown
    assert "ana" not in shown
    assert "ben" not in shown
    merged = by_id(project.round(1).table("consensus.parquet"), "value")["m2"]
    assert page.locator(BOX).first.inner_text().strip() == merged
    submit(page, "It came too late, and open.")
    page.close()
    desk.go()
    assert by_id(project.round(1).table("decisions.parquet"), "value")["m2"] == "It came too late, and open."
    assert by_id(project.round(1).table("decisions.parquet"), "confidence")["m2"] > 0.5
    assert problems == more == []


def test_an_empty_text_counts_as_no_answer_fits(project: Project, argilla_server: Any, browser: Any) -> None:
    desk = Desk(project, ArgillaClient(argilla_server.url, argilla_server.api_key), browser)
    desk.go()
    desk.by_api("ana", {"m1": "  ", "m2": RIGHT["m2"]})
    desk.by_api("ben", {"m1": RIGHT["m1"], "m2": RIGHT["m2"]})
    desk.go()
    votes = {(row["record_id"], row["reviewer"].split("-")[0]): row for row in project.round(1).votes().to_pylist()}
    assert (votes["m1", "ana"]["status"], votes["m1", "ana"]["value"]) == ("discarded", None)
    assert by_id(project.round(1).table("decisions.parquet"), "method")["m2"] == "agreed"
