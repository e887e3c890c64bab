"""One annotator in a real browser: signs in, answers by keyboard and by mouse, and the votes are in the next pull."""

from __future__ import annotations

from pathlib import Path

import pytest
from watched_page import sign_in, watch

from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.project.records import column
from curation.project.step import Context
from curation.rounds import loop
from curation.steps.pull import pull

pytestmark = [pytest.mark.server, pytest.mark.browser]

HOSTILE = 'It says <b>fragile</b> &lt;here&gt; <img src="http://127.0.0.1:9/x.png" onerror="document.title=1">'
MESSAGES = [
    ("m1", "Where is my parcel?", ""),
    ("m2", HOSTILE, ""),
    ("m3", "The box was empty.", ""),
    ("m4", "Do you ship to Malta?", ""),
]


@pytest.fixture
def pushed(make_project, argilla_server):
    """A project whose four records wait for answers."""
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    project = make_project(MESSAGES, labels=["question", "complaint"])
    list(loop.send(project, lambda: argilla, lambda name: lambda done, total: None))
    return project, argilla


def test_an_annotator_answers_by_keyboard_and_by_mouse_and_the_votes_are_pulled(pushed, browser, tmp_path: Path):
    project, argilla = pushed
    person = argilla.add_reviewer("olga", naming.workspace(project))
    password = person.password if person else argilla.reset_password("olga").password
    dataset = argilla.dataset(naming.dataset(project, project.current), naming.workspace(project))
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    problems = watch(page, argilla.url)

    sign_in(page, argilla.url, "olga", password)
    page.get_by_text(dataset.name).first.click()
    page.get_by_text("1 of 4").wait_for()

    page.keyboard.press("2")  # one question with one answer: the key answers and submits
    page.get_by_text("2 of 4").wait_for()
    page.get_by_text("question", exact=True).click()
    page.get_by_role("button", name="Submit").click()
    page.get_by_text("3 of 4").wait_for()

    shown = page.get_by_text("fragile")
    for _ in range(3):
        if shown.count():
            break
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(500)
    page.screenshot(path=str(tmp_path / "annotation.png"))

    pull(Context(project=project, round=project.current), argilla)
    votes = project.current.votes()
    assert column(votes, "reviewer") == ["olga", "olga"]
    assert sorted(column(votes, "value")) == ["complaint", "question"]
    assert set(column(votes, "status")) == {"submitted"}
    assert problems == []


def test_markup_in_a_record_is_shown_as_it_was_written(pushed, browser):
    project, argilla = pushed
    dataset = argilla.dataset(naming.dataset(project, project.current), naming.workspace(project))
    new = argilla.add_reviewer("petra", naming.workspace(project))
    password = new.password if new else argilla.reset_password("petra").password
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    sign_in(page, argilla.url, "petra", password)
    page.get_by_text(dataset.name).first.wait_for()
    page.goto(f"{argilla.url}/dataset/{dataset.id}/annotation-mode?page=1&status=pending&search=fragile")
    page.get_by_text("It says").first.wait_for()
    assert HOSTILE in page.locator("body").inner_text()
    assert page.locator("img[src*='127.0.0.1:9']").count() == 0
