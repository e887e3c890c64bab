"""Text on its way to a page that takes it for HTML."""

from __future__ import annotations

import html
from html.entities import html5
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.annotation.plain_text import shown_as_written

PIECES = st.sampled_from(
    [*(f"&{name}" for name in html5), "&#38", "&#x26;", "<", "</", "<b", ">", "&", ";", "=", "x", "7", " "]
)


class Tags(HTMLParser):
    """Whatever is no text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.append(tag)

    handle_endtag = handle_comment = handle_decl = handle_pi = unknown_decl = lambda self, what: self.found.append(what)


@given(st.lists(PIECES | st.text(max_size=3)).map("".join))
def test_a_browser_reads_the_text_as_it_was_written(text: str) -> None:
    sent = shown_as_written(text)
    assert html.unescape(sent) == html.unescape(html.escape(text, quote=False))
    tags = Tags()
    tags.feed(sent)
    assert tags.found == []


@pytest.mark.parametrize(
    "text", ["AT&T", "R&D & more", "a & b", "a&b", "x < 3", "<3", "1<2", "&unknown;", "&;", "&#", "fish&chips"]
)
def test_what_a_browser_leaves_alone_is_left_alone(text: str) -> None:
    assert shown_as_written(text) == text
