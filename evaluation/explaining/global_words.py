"""Which words speak for a label over many texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.explaining.explanation import Explanation
from evaluation.settings import check_whole
from evaluation.shown import Listed, Shown
from evaluation.words import bare


@dataclass(frozen=True, kw_only=True, repr=False)
class GlobalWord(Shown):
    """A word and what it is worth to a label over many texts.

    Attributes:
        label: The label.
        word: In small letters and without punctuation.
        weight: Its weights for the label, summed over all texts, in nats; below 0 it speaks against the label.
        records: Texts that it stands in.
        times: How often it stands there.
    """

    label: str
    word: str
    weight: float
    records: int
    times: int

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**vars(self), "weight": round(self.weight, 4)}


def global_words(found: Sequence[Explanation], *, most: int = 10, least: int = 2) -> Listed[GlobalWord]:
    """Return for every label the words that speak most for and against it, by label, the strongest for it first.

    Of one label in two, what speaks against it speaks for the other. Weights are summed, so a word counts that is
    strong or frequent.

    Args:
        found: Explanations of n texts.
        most: Words of each label in either direction, at least 1.
        least: Texts that a word has to stand in, at least 1; a word of one text tells of that text.

    Example:
        >>> import numpy as np
        >>> from evaluation.explaining.occlusion import occlusion
        >>> late = lambda texts: np.array([[0.9, 0.1] if "late" in text.lower() else [0.2, 0.8] for text in texts])
        >>> found = occlusion(["Late!", "so late", "here today", "sent today"], late, label_names=["late", "fine"])
        >>> [(one.label, one.word, round(one.weight, 1), one.records) for one in global_words(found)]
        [('late', 'late', 7.2, 2), ('fine', 'late', -7.2, 2)]
    """
    check_whole(most, "most", least=1)
    check_whole(least, "least", least=1)
    sums: dict[tuple[str, str], list[float]] = defaultdict(list)
    places: dict[tuple[str, str], set[int]] = defaultdict(set)
    for at, each in enumerate(found):
        for word, row in zip(map(bare, each.words), each.weights.tolist(), strict=True):
            for label, weight in zip(each.label_names if word else (), row, strict=bool(word)):
                sums[label, word].append(weight)
                places[label, word].add(at)
    rows = [
        GlobalWord(label=label, word=word, weight=sum(weights), records=len(places[label, word]), times=len(weights))
        for (label, word), weights in sums.items()
        if len(places[label, word]) >= least
    ]
    labels = dict.fromkeys(label for each in found for label in each.label_names)
    return Listed(one for label in labels for one in _first([row for row in rows if row.label == label], most))


def _first(rows: Sequence[GlobalWord], most: int) -> list[GlobalWord]:
    ranked = sorted((row for row in rows if row.weight), key=lambda row: (-row.weight, row.word))
    positive = [row for row in ranked if row.weight > 0][:most]
    return positive + [row for row in ranked if row.weight < 0][-most:]
