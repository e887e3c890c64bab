"""Texts from outside stay text, wherever they stand; the page asks nothing of any network."""

import base64
import hashlib
import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parsed_page import parsed
from sample_reports import (
    HOSTILE,
    LONG_WORD,
    SCRIPT,
    banking77_labels,
    empty_report,
    full_report,
    hostile_report,
)

from curation.report import render

KNOWN_TAGS = set(parsed(render(full_report())).tags())


@pytest.fixture(scope="module", name="pages")
def rendered_pages() -> dict[str, str]:
    return {
        "full": render(full_report()),
        "empty": render(empty_report()),
        "hostile": render(hostile_report()),
        "77 labels": render(full_report(labels=banking77_labels(), points=1500)),
    }


def test_hostile_strings_add_no_element_and_no_attribute(pages: dict[str, str]) -> None:
    known = parsed(pages["full"])
    hostile = parsed(pages["hostile"])
    assert set(hostile.tags()) <= set(known.tags())
    assert hostile.attributes() <= known.attributes()


def test_hostile_strings_are_readable_as_text(pages: dict[str, str]) -> None:
    text = parsed(pages["hostile"]).text
    assert SCRIPT in text
    assert "{{ 7 * 7 }}{% raw %}" in text


def test_no_script_and_no_inline_style_or_handler_is_on_any_page(pages: dict[str, str]) -> None:
    for html in pages.values():
        page = parsed(html)
        assert not {"script", "iframe", "object", "embed", "img", "form", "base"} & set(page.tags())
        assert not [name for _, name in page.attributes() if name == "style" or name.startswith("on")]


def test_every_address_points_into_the_page_itself(pages: dict[str, str]) -> None:
    for html in pages.values():
        page = parsed(html)
        addresses = page.values("href") + page.values("src") + page.values("srcset")
        assert addresses
        assert [address for address in addresses if not address.startswith("#") and address != "data:,"] == []
        assert not re.search(r"url\(|@import|@font-face", html)


def test_the_policy_forbids_everything_but_the_style_sheet_it_names(pages: dict[str, str]) -> None:
    for html in pages.values():
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
        style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
        assert policy
        assert style
        digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        directives = policy[1].split("; ")
        assert directives == [
            "default-src 'none'",
            f"style-src 'sha256-{digest}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]


def test_full_lists_and_77_labels_stay_under_two_megabytes(pages: dict[str, str]) -> None:
    assert all(len(html.encode()) < 2_000_000 for html in pages.values())


def test_texts_of_a_hundred_thousand_characters_are_cut_to_keep_the_page_light() -> None:
    html = render(full_report(labels=banking77_labels(), texts=["<\U0001f643" * 50_000], points=1500))
    assert len(html.encode()) < 2_000_000
    assert "Cut here after" in html


def test_a_long_text_folds_open_and_is_whole_inside(pages: dict[str, str]) -> None:
    assert "Show all 2,000 characters" in pages["hostile"]
    assert f'<div class="text" dir="auto">{LONG_WORD}</div>' in pages["hostile"]


def test_characters_that_no_page_can_hold_are_replaced(pages: dict[str, str]) -> None:
    html = pages["hostile"]
    assert html.encode().decode() == html
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", html)
    assert "null � bell � lone � end" in html


def test_texts_that_run_right_to_left_cannot_turn_what_stands_around_them(pages: dict[str, str]) -> None:
    page = parsed(pages["hostile"])
    turned = [around for data, around in page.texts if "\u202e" in data]
    assert len(turned) > 100
    isolating = {"bdi", "dir=auto", "title", "desc", "text"}  # an SVG text is a paragraph of its own
    assert [around for around in turned if not isolating & set(around)] == []


@settings(max_examples=20, deadline=None)
@given(texts=st.lists(st.text(st.characters(codec=None), max_size=300), min_size=1, max_size=4))
def test_no_text_whatsoever_changes_the_elements_of_the_page(texts: list[str]) -> None:
    html = render(full_report(texts=[*texts, *HOSTILE]))
    assert set(parsed(html).tags()) <= KNOWN_TAGS
    html.encode()


def test_without_jinja2_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ImportError, match=r'pip install "twofold\[report\]"'):
        render(full_report())
