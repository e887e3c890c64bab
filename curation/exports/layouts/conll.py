"""CoNLL: a word and its tag in every line, a blank line behind every text, tags in the IOB2 scheme.

Tjong Kim Sang and De Meulder, "Introduction to the CoNLL-2003 Shared Task" (2003), section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from curation.exports.layouts.form import Form
from curation.exports.layouts.layout import Entry, Layout
from curation.exports.layouts.words import Word, borders_inside, words


def _sentence(entry: Entry) -> str:
    """Return the lines of a text. A tab stands before the tag, as a label may have blanks.

    Raises:
        ValueError: Two passages overlap.
    """
    text, passages = entry.text, entry.value
    _check_apart(passages)
    borders = [at for passage in passages for at in (passage["start"], passage["end"])]
    for _ in range(borders_inside(words(text), borders)):
        entry.say("ends of passages inside a word, which is cut there")
    if entry.others:
        entry.say("records of which only the marked text is written")
    found = words(text, borders)
    tags = _tags(entry, found)
    return "".join(f"{text[word.start : word.end]}\t{tag}\n" for word, tag in zip(found, tags, strict=True))


def _check_apart(passages: Sequence[dict[str, Any]]) -> None:
    for one, other in pairwise(passages):
        if other["start"] < one["end"]:
            shown = " and ".join(f"{p['start']}-{p['end']} {p['label']}" for p in (one, other))
            raise ValueError(f"passages {shown} overlap, and a word has one tag; doccano and labelstudio hold both")


def _tags(entry: Entry, found: Sequence[Word]) -> list[str]:
    tags = ["O"] * len(found)
    place = 0
    for passage in entry.value:
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
