"""Passages that people mark on Argilla's page are the passages of the text, whatever characters stand in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.project.folder import Project
from curation.project.records import by_id
from curation.rounds import loop
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest
from curation.tasks.kinds import kind_named
from tests.server.watched_page import sign_in, watch

pytestmark = [pytest.mark.server, pytest.mark.browser]

TEXTS = {
    "plain": "Yesterday John left.",
    "markup": "Tom &amp; Ann &copy=2 <b>bold</b> met John here",
    "emoji": "So \U0001f600\U0001f600 glad that John came \U0001f44d",
    "at the end": "\U0001f600\U0001f600\U0001f600\U0001f600 hello John",
    "combined": "Cafe\u0301 \u0928\u092e\u0938\u094d\u0924\u0947 John",
}
PLACE = """word => {
  const walker = document.createTreeWalker(document.querySelector('.span-annotation__field'), NodeFilter.SHOW_TEXT)
  for (let node; node = walker.nextNode();) {
    const at = node.data.indexOf(word)
    if (at < 0) continue
    const range = document.createRange()
    range.setStart(node, at); range.setEnd(node, at + word.length)
    const box = range.getBoundingClientRect()
    return [box.x, box.y + box.height / 2, box.width]
  }
}"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    data = tmp_path / "texts.csv"
    data.write_text("id,text\n" + "".join(f'{i},"{text}"\n' for i, text in TEXTS.items()), encoding="utf-8")
    return ingest(
        Intake(
            folder=tmp_path / "project",
            data=data,
            columns=Columns(fields={"text": "text"}, record_id="id"),
            kind=kind_named("span"),
            labels=["PER", "LOC"],
            name=f"passages-{uuid4().hex[:8]}",
        )
    )


def test_what_is_marked_is_what_is_pulled(project: Project, argilla_server: Any, browser: Any) -> None:
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)

    def go() -> None:
        list(loop.advance(project, lambda: argilla, lambda name: lambda done, total: None))

    go()
    username = f"ana-{project.config.name}"
    person = argilla.add_reviewer(username, naming.workspace(project, "annotator"))
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    problems = watch(page, argilla_server.url)
    sign_in(page, argilla_server.url, username, person.password)
    page.get_by_text(naming.dataset(project, project.round(1), "annotator"), exact=True).click()
    seen = set()
    for place in range(1, len(TEXTS) + 1):
        page.get_by_text(f"{place} of {len(TEXTS)}", exact=True).wait_for()
        seen.add(page.locator(".span-annotation__field").first.inner_text().rstrip())
        page.get_by_text("PER", exact=True).first.click()
        x, y, width = page.evaluate(PLACE, "John")
        page.mouse.move(x + 1, y)
        page.mouse.down()
        page.mouse.move(x + width - 1, y, steps=5)
        page.mouse.up()
        with page.expect_response(lambda got: "/responses" in got.url and got.request.method in ("POST", "PUT")):
            page.get_by_role("button", name="Submit").click()
    page.close()
    assert problems == []
    texts = {i: fields["text"] for i, fields in by_id(project.records, "fields").items()}
    assert seen == set(texts.values())
    go()
    votes = {row["record_id"]: row["value"] for row in project.round(1).votes().to_pylist()}
    assert {i: [texts[i][s["start"] : s["end"]] for s in spans] for i, spans in votes.items()} == {
        i: ["John"] for i in TEXTS
    }
