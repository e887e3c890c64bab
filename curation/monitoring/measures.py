"""What is measured of a log and of its reference, and what it is called."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import regex

from curation.quality import outliers
from curation.quality.input_checks import FloatArray
from evaluation.words import words

_NEIGHBOURS = 10
_NO_LETTER = regex.compile(r"[^\p{L}\p{M}\s]")


class Measure(StrEnum):
    """What is looked at, by the names that `twofold.toml` and JSON have for it."""

    TEXTS = "texts"
    LENGTH = "length"
    OTHER_CHARACTERS = "other_characters"
    UNKNOWN_WORDS = "unknown_words"
    OUT_OF_SCOPE = "out_of_scope"
    PREDICTIONS = "predictions"
    CONFIDENCE = "confidence"
    COLUMNS = "columns"
    SECONDS = "seconds"


CALLED = {
    Measure.TEXTS: "texts",
    Measure.LENGTH: "characters of a text",
    Measure.OTHER_CHARACTERS: "share of characters that are no letters",
    Measure.UNKNOWN_WORDS: "share of words that no training text has",
    Measure.OUT_OF_SCOPE: "distance from the training texts",
    Measure.PREDICTIONS: "predictions",
    Measure.CONFIDENCE: "confidence",
    Measure.SECONDS: "seconds",
}
"""What columns are called in sentences; those kept beside the records bear their own names."""

DISTANCES = (CALLED[Measure.UNKNOWN_WORDS], CALLED[Measure.OUT_OF_SCOPE])
"""Of these only more is a finding: a test part is kept free of near copies of the training part, a log is not."""


def measure_of(column: str) -> Measure:
    """Return what a column of a comparison is about."""
    return next((measure for measure, name in CALLED.items() if name == column), Measure.COLUMNS)


def text_measures(texts: Sequence[str], taught: frozenset[str]) -> dict[str, list[float]]:
    """Return what is measured of texts alone, by what it is called.

    Args:
        texts: n texts.
        taught: The words of the training texts, as `evaluation.words` has them.
    """
    return {
        CALLED[Measure.LENGTH]: [float(len(text)) for text in texts],
        CALLED[Measure.OTHER_CHARACTERS]: [_other_characters(text) for text in texts],
        CALLED[Measure.UNKNOWN_WORDS]: [_unknown(text, taught) for text in texts],
    }


def _other_characters(text: str) -> float:
    shown = sum(not character.isspace() for character in text)
    return len(_NO_LETTER.findall(text)) / max(1, shown)


def _unknown(text: str, taught: frozenset[str]) -> float:
    said = words(text)
    return sum(word not in taught for word in said) / max(1, len(said))


def distances(vectors: FloatArray, learnt: FloatArray) -> FloatArray:
    """Return (n,) how far texts lie from those that a model has learnt from, in [0, 1], as `outliers` measures it."""
    found: FloatArray = 1 - outliers(vectors, reference=learnt, k=min(_NEIGHBOURS, len(learnt) - 1)).score
    return np.asarray(found)
