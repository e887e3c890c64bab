"""What the checks say of the data set as a whole, JSON-ready."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from curation.quality.diversity_scores import diversity
from curation.quality.input_checks import FloatArray
from curation.quality.label_cues import cue_words
from curation.quality.region_map import Part, with_labels


def diversity_per_label(embeddings: FloatArray, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Return the number of records of each label, and its Vendi score."""
    counts = Counter(labels)
    found = diversity(embeddings, labels).by_label
    return [{"label": label, "n": counts[label], "vendi": vendi} for label, vendi in found.items()]


def cues(texts: Sequence[str], labels: Sequence[str]) -> list[dict[str, Any]]:
    """Return the words that give a label away."""
    return [
        {
            "label": cue.label,
            "word": cue.word,
            "n": cue.records,
            "lift": cue.share / cue.expected,
            "p_value": cue.p_value,
            "q_value": cue.q_value,
        }
        for cue in cue_words(texts, labels)
    ]


def labels_of_regions(
    parts: Sequence[Part], ids: Sequence[str], labelled: Collection[str], doubted: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Say what the records are about: how many have a label, and how many of the `doubted` ones are there."""
    for found in with_labels(parts, np.array([i in labelled for i in ids])):
        members = [ids[i] for i in found.members]
        yield {
            "words": list(found.words),
            "n": len(members),
            "share": found.share,
            "labelled": found.labelled,
            "likely_wrong": sum(i in doubted for i in members),
            "is_thin": found.is_thin,
            "reason": found.reason,
            "typical": members[0],
        }
