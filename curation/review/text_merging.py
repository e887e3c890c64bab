"""Several texts of one thing, made one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from curation.review.votes import Floats, Votes
from evaluation.edit_distance import edit_distance
from evaluation.words import words


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What the texts of one record make.

    Attributes:
        text: The merged text.
        best: The one of them that is expected to be nearest to the right text.
        confidence: How likely the merged text is right, to the word, in [0, 1].
        word_error: The share of its words that are expected to be wrong.
        given: How likely each text that somebody wrote is right, to the word.
    """

    text: str
    best: str
    confidence: float
    word_error: float
    given: Mapping[str, float]


def merge(votes: Votes) -> tuple[list[Merged], Floats]:
    """Return what the texts of every record make, and the share of wrong words of every reviewer, shape (R,)."""
    of: list[list[str]] = [[] for _ in votes.records]
    for record, label in zip(votes.record, votes.label, strict=True):
        of[record].append(votes.labels[label])
    return [_medoid(texts) for texts in of], np.zeros(len(votes.reviewers))


def _medoid(texts: list[str]) -> Merged:
    split = [words(text) for text in texts]
    apart = [sum(edit_distance(one, other) for other in split) for one in split]
    best = texts[int(np.argmin(apart))]
    share = sum(text == best for text in texts) / len(texts)
    given = {text: texts.count(text) / len(texts) for text in texts}
    return Merged(text=best, best=best, confidence=share, word_error=1 - share, given=given)
