"""The page can be read without seeing its colours, without a mouse, and by a screen reader."""

import itertools
import re

import pytest
from parsed_page import Page, parsed
from sample_reports import banking77_labels, empty_report, full_report, hostile_report

from curation.report import render

REPORTS = {
    "full": full_report,
    "empty": empty_report,
    "hostile": hostile_report,
    "77 labels": lambda: full_report(labels=banking77_labels()),
}


@pytest.fixture(params=REPORTS, name="page")
def rendered(request: pytest.FixtureRequest) -> Page:
    return parsed(render(REPORTS[request.param]()))


def test_headings_go_down_one_level_at_a_time(page: Page) -> None:
    levels = [int(tag[1]) for tag in page.tags() if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_table_has_a_caption_and_every_heading_cell_a_scope(page: Page) -> None:
    tags = page.tags()
    after_tables = [tags[i + 1] for i, tag in enumerate(tags) if tag == "table"]
    assert set(after_tables) <= {"caption"}
    assert all(attrs.get("scope") in {"row", "col"} for tag, attrs in page.elements if tag == "th")


def test_every_picture_is_named_and_described_or_hidden_beside_its_number(page: Page) -> None:
    ids = set(page.values("id"))
    hidden = 0
    for i, (tag, attrs) in enumerate(page.elements):
        if tag != "svg":
            continue
        if attrs.get("role") == "img":
            assert set(attrs["aria-labelledby"].split()) <= ids
            assert [name for name, _ in page.elements[i + 1 : i + 3]] == ["title", "desc"]
        else:
            hidden += 1
    legend = sum("legend" in value for value in page.values("class"))
    assert hidden == page.values("aria-hidden").count("true") + legend


def test_ids_are_unique_and_every_entry_of_the_contents_leads_somewhere(page: Page) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    targets = {address[1:] for address in page.values("href") if address.startswith("#")}
    assert targets <= set(ids)
    assert set(page.values("aria-labelledby")[0].split()) <= set(ids)


def test_the_language_is_named(page: Page) -> None:
    assert ("html", {"lang": "en"}) in page.elements


def _luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _through(mark: tuple[str, ...], ground: str) -> str:
    """The colour of a mark that lets its ground through."""
    share = float(mark[3])
    below = [int(ground[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * int(c) + (1 - share) * b):02x}" for c, b in zip(mark, below, strict=False))


def test_text_stands_out_from_its_ground_in_light_dark_and_print() -> None:
    """WCAG 2.2 asks for a contrast of 4.5 (level AA) for text, and 3 for the parts of a chart."""
    style = re.search(r"<style>(.*?)</style>", render(empty_report()), re.DOTALL)
    assert style
    palettes = [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", rule))
        for rule in re.findall(r":root \{(.*?)\}", style[1], re.DOTALL)
    ]
    assert len(palettes) == 3
    marks = re.findall(r"\.(?:for|against)\d \{ background: rgba\((\d+), (\d+), (\d+), (\.\d+)\)", style[1])
    assert len(marks) == 6

    def contrast(one: str, other: str) -> float:
        low, high = sorted((_luminance(one), _luminance(other)))
        return (high + 0.05) / (low + 0.05)

    for palette in palettes:
        for ground in (palette["page"], palette["soft"]):
            assert min(contrast(palette[name], ground) for name in ("ink", "muted", "accent", "flag")) >= 4.5
            for mark in marks:
                assert contrast(palette["ink"], _through(mark, ground)) >= 4.5, mark
        assert contrast(palette["old"], palette["page"]) >= 3
