"""CoNLL: a word and its tag in every line, a blank line behind every text, tags in the IOB2 scheme.

Tjong Kim Sang and De Meulder, "Introduction to the CoNLL-2003 Shared Task" (2003), section 2.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from curation.exports.layouts.form import Form
from curation.exports.layouts.layout import Entry, Layout
from curation.exports.layouts.words import Word, borders_inside, words


def _sentence(entry: Entry) -> str:
    """Return the lines of a text. A tab stands before the tag, as a label may have blanks."""
    text, passages = entry.text, _apart(entry)
    borders = [at for passage in passages for at in (passage["start"], passage["end"])]
    for _ in range(borders_inside(words(text), borders)):
        entry.say("ends of passages inside a word, which is cut there")
    if entry.others:
        entry.say("records of which only the marked text is written")
    found = words(text, borders)
    tags = _tags(entry, passages, found)
    return "".join(f"{text[word.start : word.end]}\t{tag}\n" for word, tag in zip(found, tags, strict=True))


def _apart(entry: Entry) -> list[dict[str, Any]]:
    """Return the passages that do not overlap: of two that do, the longer one, as a word has one tag."""
    kept: list[dict[str, Any]] = []
    for passage in sorted(entry.value, key=lambda p: (p["start"] - p["end"], p["start"])):
        at = bisect_left(kept, passage["start"], key=lambda p: p["start"])
        beside = kept[max(at - 1, 0) : at + 1]
        if all(passage["end"] <= other["start"] or other["end"] <= passage["start"] for other in beside):
            kept.insert(at, passage)
        else:
            entry.say("passages that overlap a longer one, which are left out")
    return kept


def _tags(entry: Entry, passages: Sequence[dict[str, Any]], found: Sequence[Word]) -> list[str]:
    tags = ["O"] * len(found)
    place = 0
    for passage in passages:
        while place < len(found) and found[place].start < passage["start"]:
            place += 1
        first = place
        while place < len(found) and found[place].end <= passage["end"]:
            tags[place] = f"{'B' if place == first else 'I'}-{passage['label']}"
            place += 1
        if place == first:
            entry.say("passages of blanks alone, which have no word")
    return tags


LAYOUT = Layout(
    name="conll",
    says="words and IOB2 tags",
    writes={Form.PASSAGES: _sentence},
    unanswered=False,
    text=str,
    around=("", "\n", ""),
)
