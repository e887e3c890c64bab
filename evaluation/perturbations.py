"""Changes of texts that leave their answers as they are: what a robust model does not mind."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import regex

from evaluation.places import Change, in_gaps, in_matches, in_words, of_whole, one_of
from evaluation.rewriting import (
    CONTRACTION,
    FULL_WIDTH,
    LOOK_ALIKES,
    NAME,
    NUMBER,
    other_contraction,
    other_name,
    other_number,
    slip,
    without_accents,
)
from evaluation.settings import check_number

_SAID = "any answer about what a text says; not one about how it is written"
_NOT_THE_END = "answers that do not depend on what stands last"
_NOT_NAMES = "answers that do not depend on who is named"

_RISING = (0.05, 0.1, 0.2, 0.4)
_MARK = regex.compile(r"[.,;:!?\u2026]+(?=[\s\"'\u201d\u00bb)]|$)|[\"\u201c\u201d\u00ab\u00bb()]")
_SENTENCES = (
    "It was a mild day.",
    "The train was on time.",
    "There are seven days in a week.",
    "The door is on the left.",
    "A friend of mine lives nearby.",
    "The tree stands behind the house.",
)
_ADDRESSES = ("https://www.example.org/", "https://example.com/a?id=4711", "www.example.net/page")


@dataclass(frozen=True, kw_only=True)
class Perturbation:
    """A change of texts, and how it is measured.

    Attributes:
        change: Makes another text of a text, a strength in [0, 1] and a generator: same state, same text.
        said: What it does, in words.
        place: What the strength is a share of.
        keeps: The answers that it leaves as they are.
        strengths: At which it is tried, rising.
        usual: The strength in a behavioural test that says none.
    """

    change: Change
    said: str
    place: str
    keeps: str = _SAID
    strengths: tuple[float, ...] = (1.0,)
    usual: float = 1.0


def _rising(change: Change, said: str, place: str, *, keeps: str = _SAID) -> Perturbation:
    return Perturbation(change=change, said=said, place=place, keeps=keeps, strengths=_RISING, usual=0.1)


def _cut(text: str, strength: float, _: np.random.Generator) -> str:
    words = list(regex.finditer(r"\S+", text))
    if not words:
        return text
    return text[: words[max(1, math.ceil(len(words) * (1 - strength))) - 1].end()] if strength else text


PERTURBATIONS: Mapping[str, Perturbation] = {
    "typos": _rising(in_words(slip), "one slip of the keyboard in a word", "the words"),
    "upper_case": Perturbation(
        change=in_words(lambda word, *_: word.upper(), also_negations=True),
        said="words in capital letters",
        place="the words",
        strengths=(0.1, 0.4, 1.0),
    ),
    "lower_case": Perturbation(
        change=in_words(lambda word, *_: word.lower(), also_negations=True),
        said="no capital letters",
        place="the words",
    ),
    "punctuation_dropped": Perturbation(
        change=in_matches(_MARK, lambda *_: ""),
        said="marks left out",
        place="the marks",
        strengths=(0.4, 1.0),
    ),
    "punctuation_added": _rising(
        in_gaps(lambda gap, draw: one_of((",", ";", "...", " -"), draw) + gap),
        "marks put between words",
        "the gaps between words",
    ),
    "blanks": _rising(
        in_gaps(lambda _, draw: one_of(("  ", "\t", "\n", " \n\n"), draw)),
        "wider blanks, tabs and line breaks between words",
        "the gaps between words",
    ),
    "look_alikes": _rising(
        in_words(lambda word, *_: word.translate(LOOK_ALIKES), also_negations=True),
        "letters of another alphabet that look the same",
        "the words",
    ),
    "accents_stripped": Perturbation(
        change=in_words(lambda word, *_: without_accents(word), also_negations=True),
        said="letters without their accents",
        place="the words",
    ),
    "full_width": _rising(
        in_words(lambda word, *_: word.translate(FULL_WIDTH), also_negations=True),
        "letters as wide as Chinese ones",
        "the words",
    ),
    "appended_sentence": Perturbation(
        change=of_whole(lambda text, draw: f"{text} {one_of(_SENTENCES, draw)}"),
        said="a sentence at the end that has nothing to do with the text",
        place="the texts",
        keeps=_NOT_THE_END,
    ),
    "appended_address": Perturbation(
        change=of_whole(lambda text, draw: f"{text} {one_of(_ADDRESSES, draw)}"),
        said="a web address at the end",
        place="the texts",
        keeps=_NOT_THE_END,
    ),
    "cut": _rising(_cut, "the last words left out", "the words", keeps=_NOT_THE_END),
    "numbers": Perturbation(
        change=in_matches(NUMBER, other_number),
        said="dates and numbers written another way",
        place="the dates and numbers",
    ),
    "contractions": Perturbation(
        change=in_matches(CONTRACTION, other_contraction),
        said='"don\'t" for "do not", and the other way round',
        place="the contractions",
    ),
    "names": Perturbation(
        change=in_matches(NAME, other_name),
        said="other first names",
        place="the names",
        keeps=_NOT_NAMES,
    ),
}
"""Every perturbation by its name; `numbers`, `contractions`, `names` and `appended_sentence` are of English."""


def perturb(text: str, name: str, strength: float, *, seed: int = 0) -> str:
    """Change a text by one of `PERTURBATIONS`.

    The places that change are drawn from the seed and the text: the order in which texts come plays no part, and what
    changes at one strength is among what changes at a greater one.

    Args:
        text: Any text.
        name: Of the perturbation.
        strength: Share of the places that are changed, in [0, 1].
        seed: Same seed, same text.

    Raises:
        ValueError: There is no such perturbation, or the strength is out of range.

    Example:
        >>> perturb("My parcel isn't here.", "upper_case", 1)
        "MY PARCEL ISN'T HERE."
        >>> perturb("My parcel isn't here.", "contractions", 1)
        'My parcel is not here.'
    """
    check_perturbations([name])
    check_number(strength, "strength", "a share of the places, in [0, 1]", above=math.nextafter(0, -1), most=1)
    rng = np.random.default_rng([seed, crc32(name.encode()), crc32(text.encode("utf-8", "surrogatepass"))])
    return PERTURBATIONS[name].change(text, float(strength), rng)


def check_perturbations(names: Sequence[str]) -> None:
    """Raise a ValueError unless all are names of perturbations."""
    for name in names:
        if name not in PERTURBATIONS:
            raise ValueError(f"perturbation: expected one of {', '.join(PERTURBATIONS)}, got {name!r}")
