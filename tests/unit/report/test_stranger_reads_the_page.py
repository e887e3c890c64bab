"""The page read by somebody who knows nothing of the tool: how long lists are, and that a heading means one thing."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from sample_reports import banking77_labels, empty_report, full_report

from curation.report import render

EXTENT = re.compile(r": ([\d,]+) of ([\d,]+) [a-z ]+$")

# What every heading says, wherever it stands.
MEANINGS = {
    "Text": "the text of a record",
    "Label": "the label that a record has, or that a row is about",
    "Records": "how many records",
    "Share of the largest": "a bar",
    "Reason": "why, in words",
    "Model said": "the label that the model gives",
    "Suggestion": "the label that a check or the model suggests",
    "Probability of being wrong": "of a label, by the label check",
    "By cleanlab": "how far cleanlab doubts the same label",
    "Probability of the suggestion": "by the label check",
    "Round": "number of a round",
    "From 0 to 1": "the number left of it as a picture",
    "Words, and a typical text": "of a region",
    "Group": "records that have something in common: what, and its value",
    "Elsewhere": "the same share in all other records",
    "Difference from the rest": "of the share in a group and elsewhere",
    "q": "a p-value corrected for how many were tried",
}


@dataclass
class Table:
    caption: str = ""
    headings: list[str] = field(default_factory=list)
    rows: int = 0


class Tables(HTMLParser):
    """Read every table: its caption, column headings and how many rows its body has."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self._into: list[str] | None = None
        self._body = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append(Table())
        elif tag == "tbody":
            self._body = True
        elif tag == "tr" and self._body:
            self.tables[-1].rows += 1
        elif tag == "caption" or (tag == "th" and not self._body):
            self._into = []

    def handle_endtag(self, tag: str) -> None:
        if tag == "tbody":
            self._body = False
        if tag not in ("caption", "th") or self._into is None:
            return
        said, self._into = " ".join("".join(self._into).split()), None
        if tag == "caption":
            self.tables[-1].caption = said
        else:
            self.tables[-1].headings.append(said)

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)


def tables(report: dict[str, Any]) -> list[Table]:
    reader = Tables()
    reader.feed(render(report))
    return reader.tables


def number(text: str) -> int:
    return int(text.replace(",", ""))


def long_list_of(report: dict[str, Any], *path: str) -> dict[str, Any]:
    """Make one list of the report longer than any table shows."""
    part = report
    for step in path[:-1]:
        part = part[step]
    row = part[path[-1]][0]
    part[path[-1]] = [row] * 261
    return report


REPORTS = {
    "full": full_report,
    "empty": empty_report,
    "77 labels": lambda: full_report(labels=banking77_labels(), points=1500),
    "many reviewers": lambda: long_list_of(full_report(), "review", "reviewers"),
    "many pairs": lambda: long_list_of(full_report(), "review", "agreement", "pairs"),
    "many changes": lambda: long_list_of(full_report(), "review", "changed"),
    "many cues": lambda: long_list_of(full_report(), "checks", "cues"),
    "many regions": lambda: long_list_of(full_report(), "checks", "regions"),
    "many rounds": lambda: long_list_of(full_report(), "rounds"),
    "many epochs": lambda: long_list_of(full_report(), "model", "training", "history"),
}


@pytest.mark.parametrize("name", REPORTS)
def test_every_table_says_how_many_of_how_many_it_shows_and_shows_as_many(name: str) -> None:
    found = tables(REPORTS[name]())
    assert bool(found) == (name != "empty")
    for table in found:
        extent = EXTENT.search(table.caption)
        assert extent, table.caption
        shown, total = map(number, extent.groups())
        assert table.rows == shown, table.caption
        assert shown <= total, table.caption


@pytest.mark.parametrize("name", REPORTS)
def test_what_is_cut_says_where_the_rest_is(name: str) -> None:
    report = REPORTS[name]()
    in_all: dict[str, list[int]] = {}
    for table in tables(report):
        extent = EXTENT.search(table.caption)
        assert extent
        key = EXTENT.sub("", table.caption).removesuffix(", continued")
        in_all.setdefault(key, [0, number(extent[2])])[0] += number(extent[1])
    cut = {caption: (shown, total) for caption, (shown, total) in in_all.items() if shown < total}
    html = render(report)
    for shown, total in cut.values():
        assert re.search(rf"Shown: the (first|last) {shown:,} of {total:,} [a-z ]+\. All are in ", html)


@pytest.mark.parametrize("name", ["full", "77 labels"])
def test_a_heading_that_stands_over_two_tables_means_the_same_in_both(name: str) -> None:
    captions: dict[str, set[str]] = {}
    for table in tables(REPORTS[name]()):
        assert len(set(table.headings)) == len(table.headings)
        if "by label and prediction" in table.caption:
            continue  # its headings are the labels
        for heading in table.headings:
            captions.setdefault(heading, set()).add(EXTENT.sub("", table.caption).removesuffix(", continued"))
    shared = {heading for heading, over in captions.items() if len(over) > 1}
    assert shared <= MEANINGS.keys()


def test_reviewers_agreement_and_their_estimated_accuracy_stand_apart() -> None:
    report = full_report()
    report["review"]["reviewers"] = report["review"]["reviewers"][:1]
    row = report["review"]["reviewers"][0]
    row["with_others"] = {"value": 0.25, "low": 0.1, "high": 0.4}
    row["estimated_accuracy"] = {"value": 0.75, "low": 0.6, "high": 0.9}
    html = render(report)
    start = html.index('<th scope="row"><bdi>amira</bdi>')
    cells = re.sub(r"<[^>]+>", " ", html[start : html.index("</tr>", start)]).split()
    headings = next(table.headings for table in tables(report) if "Estimated accuracy" in table.headings)
    assert headings[3:5] == ["Same as the others", "Estimated accuracy"]
    assert cells.index("0.250") < cells.index("0.750")


def test_a_scale_that_goes_below_zero_says_so() -> None:
    report = full_report()
    report["review"]["agreement"]["pairs"][0]["kappa"] = {"value": -0.2, "low": -0.5, "high": 0.1}
    pairs = next(table for table in tables(report) if table.caption.startswith("Cohen's kappa"))
    assert pairs.headings[-1] == "From -0.5 to 1"


def test_labels_that_people_settled_stand_apart_from_those_that_look_wrong_and_both_are_counted() -> None:
    captions = [table.caption for table in tables(full_report())]
    said = Counter(caption.split(",")[0] for caption in captions)
    assert said["Labels that look wrong"] == 2  # shown, and folded
    assert any(c.startswith("Labels that look wrong") and c.endswith("10 of 52 labels") for c in captions)
    assert any(c.startswith("Labels that people settled and the check doubts") and "of 7 labels" in c for c in captions)
    assert "The first 50 of 52".lower() in render(full_report()).lower()


def test_scores_say_on_which_records_and_whose_labels_they_are_measured() -> None:
    html = re.sub(r"<[^>]+>", "", render(full_report()))
    said = "126 records of the test part with the labels of round 3, of which people settled 40"
    assert html.count(said) == 2  # over the scores, and over the table of rounds
    assert "same held-out records" not in html
