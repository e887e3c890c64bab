"""What reviewers read in a real browser is what is in the record, character for character; so are labels and titles."""

from __future__ import annotations

import uuid
from html.entities import html5
from typing import Any

import pytest
from one_question import one_label, one_question
from watched_page import sign_in, watch

from curation.annotation.client import ArgillaClient
from curation.annotation.spec import Outgoing, Posed

pytestmark = [pytest.mark.server, pytest.mark.browser]

NAMES = sorted({name.rstrip(";") for name in html5})
NUMBERS = ["#38", "#60", "#x26", "#X3c", "#0", "#128", "#xD800", "#1114112", "#99999999999", "#", "#x", "#xg"]
FOLLOWED_BY = ["", ";", "=2", "x", "7", " y", "&", "<", "\t", "é"]
LABELS = ["<b>x</b>", "&copy", "&lt;b&gt;", "a & b", "<img src=x onerror=alert(1)>", 'it\'s "quoted"']
TITLE = "Text &copy=2 <i>as it came</i>"


def _references() -> list[str]:
    """Every name and number that a browser might read as another character, before all that may follow it."""
    return [f"a&{name}{after}" for name in (*NAMES, *NUMBERS) for after in FOLLOWED_BY]


MARKUP = [
    "&copy=2 &ltb&gt &times",
    "https://shop.example/?a=1&copy=2&lt=3&region=x&amp;b",
    "<b>bold</b> <B>BOLD</B> </b> </ b> < b> <3 a<b a <b <!-- x --> <!doctype> <?php ?> <![CDATA[x]]> <",
    "<script>document.title='x'</script><style>*{display:none}</style><textarea><title>",
    '<img src="http://127.0.0.1:9/x.png" onerror="document.title=1"> <svg/onload=alert(1)> <iframe src=x>',
    "&amp;lt; &amp;amp; &&amp;& &;&#;&#x; AT&T R&D",
    "**not bold** _nor this_ `nor code` # no heading [no](link) $x^2$",
    "  two blanks before,  two between,\n\n\tand a tab\tafter an empty line\n    four blanks\n   ",
    "\n\nempty lines before",
    "ends in &copy",
    "ends in &#38",
    "ends in <",
    "ends in &",
]


@pytest.fixture(scope="module")
def sent(argilla_server: Any) -> tuple[ArgillaClient, Any, list[str], str]:
    """A data set of hostile texts, as our client sends them, and its name."""
    client = ArgillaClient(argilla_server.url, argilla_server.api_key)
    name = f"shown-{uuid.uuid4().hex[:6]}"
    spec = one_question(name, questions={"label": Posed(settings=one_label(*LABELS))}, fields={"text": TITLE})
    dataset = client.ensure_dataset(spec)
    lines = _references()
    third = len(lines) // 3 + 1
    texts = ["\n".join(lines[start : start + third]) for start in range(0, len(lines), third)]
    texts += ["\n".join(MARKUP), *MARKUP[-6:]]
    records = [Outgoing(record_id=str(number), fields={"text": text}) for number, text in enumerate(texts)]
    list(client.upload(dataset, records))
    return client, dataset, texts, name


@pytest.fixture(scope="module")
def reader(sent: Any, browser: Any) -> Any:
    """A page of somebody who is signed in, and what went wrong on it."""
    client, _, _, name = sent
    person = client.add_reviewer(f"{name}-ana", name)
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    problems = watch(page, client.url)
    sign_in(page, client.url, person.username, person.password)
    yield page, problems
    page.close()


def shown(page: Any) -> str:
    """The text on the page, with the blanks and lines that one sees."""
    text = page.locator("[id^=fields-content] > div").first
    text.wait_for()
    return str(text.inner_text())


def test_every_text_is_shown_character_for_character(sent: Any, reader: Any) -> None:
    client, dataset, texts, _ = sent
    page, problems = reader
    read = set()
    for number in range(1, len(texts) + 1):
        page.goto(f"{client.url}/dataset/{dataset.id}/annotation-mode?page={number}&status=pending")
        read.add(shown(page))
    assert read == set(texts)
    assert problems == []


def test_a_text_that_was_searched_for_is_shown_so_too(sent: Any, reader: Any) -> None:
    client, dataset, _, _ = sent
    page, problems = reader
    page.goto(f"{client.url}/dataset/{dataset.id}/annotation-mode?page=1&status=pending&search=shop.example")
    assert shown(page) == "\n".join(MARKUP)
    assert page.evaluate("CSS.highlights.size") == 1
    assert problems == []


def test_labels_and_titles_are_shown_character_for_character(sent: Any, reader: Any) -> None:
    client, dataset, _, _ = sent
    page, problems = reader
    page.goto(f"{client.url}/dataset/{dataset.id}/annotation-mode?page=1&status=pending")
    shown(page)
    body = page.locator("body").inner_text()
    assert [label for label in (*LABELS, TITLE) if label not in body] == []
    assert problems == []
