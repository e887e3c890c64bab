"""Marked passages as tags of the pieces of a text, and back: which begins a passage, goes on with one, or is none.

Tags are those of Ramshaw and Marcus (1995, https://aclanthology.org/W95-0107) as IOB2 has them: `O`, and for every
label `B-` and `I-`. They can say any passages that do not overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Passage: TypeAlias = Mapping[str, Any]
"""`start` (of the first character), `end` (after the last one) and `label`."""

OUTSIDE, BEGINS, INSIDE = "O", "B-", "I-"
IGNORED = -100  # the tag of what is no piece of the text; torch leaves it out of a loss
_TINY = float(np.finfo(np.float32).tiny)


def tag_names(labels: Sequence[str]) -> list[str]:
    """Return the 2 k + 1 tags of k labels, in the order of their numbers.

    Example:
        >>> tag_names(["PER"])
        ['O', 'B-PER', 'I-PER']
    """
    return [OUTSIDE, *(before + label for label in labels for before in (BEGINS, INSIDE))]


def labels_of(tags: Sequence[str]) -> tuple[str, ...]:
    """Return the labels of which these are the tags.

    Raises:
        ValueError: They are not those of `tag_names`.
    """
    labels = tuple(tag.removeprefix(BEGINS) for tag in tags if tag.startswith(BEGINS))
    if list(tags) != tag_names(labels):
        raise ValueError(f"expected a model with the tags O, B-x, I-x for every label x, got {list(tags)!r:.200}")
    return labels


def tags_of(places: IntArray, passages: Sequence[Passage], labels: Sequence[str]) -> IntArray:
    """Return (t,) the tag of every piece; of passages that overlap the longer one counts.

    Args:
        places: (t, 2) where each piece begins and ends, in characters.
        passages: What is marked.
        labels: The k labels.

    Example:
        >>> places = np.array([[0, 3], [4, 7], [8, 12]])
        >>> tags_of(places, [{"start": 0, "end": 7, "label": "PER"}], ["PER"]).tolist()
        [1, 2, 0]
    """
    tags, place = np.zeros(len(places), dtype=np.int64), {label: at for at, label in enumerate(labels)}
    for passage in sorted(passages, key=lambda p: (p["start"] - p["end"], p["start"], p["label"])):
        within = np.flatnonzero((places[:, 0] < passage["end"]) & (places[:, 1] > passage["start"]))
        if len(within) and not tags[within].any():
            tags[within] = 2 * place[passage["label"]] + 2
            tags[within[0]] -= 1
    return tags


@dataclass(frozen=True, kw_only=True)
class Tagging:
    """The likeliest tags of one text.

    Attributes:
        tags: (t,) numbers of tags; what goes on follows what begins or goes on with the same label.
        probability: Of these tags among all that can follow each other so, in [0, 1].
    """

    tags: IntArray
    probability: float


def likeliest(probs: npt.NDArray[Any]) -> Tagging:
    """Return the likeliest tags that can follow each other (Viterbi 1967), as if each piece stood by itself.

    Args:
        probs: (t, 2 k + 1) probabilities of the tags of every piece.

    Example:
        >>> likeliest(np.array([[0.4, 0.6, 0.0], [0.1, 0.0, 0.9], [0.4, 0.2, 0.4]])).tags.tolist()
        [1, 2, 0]
        >>> likeliest(np.array([[0.6, 0.4, 0.0], [0.1, 0.0, 0.9]])).tags.tolist()  # what goes on has to begin
        [1, 2]
    """
    logs = np.log(np.maximum(probs.astype(np.float64), _TINY))
    if not len(logs):
        return Tagging(tags=np.empty(0, dtype=np.int64), probability=1.0)
    came = np.zeros(logs.shape, dtype=np.int64)
    best, total = _start(logs[0]), _start(logs[0])
    for t in range(1, len(logs)):
        came[t] = best.argmax()
        goes_on = 1 + 2 * np.arange(logs.shape[1] // 2)
        goes_on = goes_on + (best[goes_on + 1] > best[goes_on])
        came[t, 2::2] = goes_on
        best = best[came[t]] + logs[t]
        before = np.full(logs.shape[1], np.logaddexp.reduce(total))
        before[2::2] = np.logaddexp(total[1::2], total[2::2])
        total = before + logs[t]
    tags = [int(best.argmax())]
    for t in range(len(logs) - 1, 0, -1):
        tags.append(int(came[t, tags[-1]]))
    return Tagging(tags=np.array(tags[::-1]), probability=float(np.exp(best.max() - np.logaddexp.reduce(total))))


def _start(logs: FloatArray) -> FloatArray:
    start = logs.copy()
    start[2::2] = -np.inf
    return start


def marked(
    text: str, places: IntArray, probs: npt.NDArray[Any], tags: IntArray, labels: Sequence[str]
) -> list[Passage]:
    """Return the passages that tags mark, each with its `confidence`: the probability of its pieces and its end.

    Args:
        text: What is marked.
        places: (t, 2) where each piece begins and ends.
        probs: (t, 2 k + 1) probabilities of the tags.
        tags: (t,) such as `likeliest` says.
        labels: The k labels.
    """
    found: list[Passage] = []
    for first in np.flatnonzero(tags % 2 == 1).tolist():
        inside, end = int(tags[first]) + 1, first + 1
        while end < len(tags) and tags[end] == inside:
            end += 1
        ends = 1 - float(probs[end, inside]) if end < len(tags) else 1.0
        sure = float(probs[first, inside - 1]) * float(probs[first + 1 : end, inside].prod()) * ends
        start, stop = int(places[first, 0]), int(places[end - 1, 1])
        start += len(text[start:stop]) - len(text[start:stop].lstrip())  # some tokenizers count blanks to a word
        stop = start + len(text[start:stop].rstrip())
        if start < stop:
            found.append({"start": start, "end": stop, "label": labels[inside // 2 - 1], "confidence": sure})
    return found
