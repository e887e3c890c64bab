"""What a word is worth to a model: what it says of the text without it.

Erasing one word at a time and looking at the log odds is representation erasure (Li, Monroe and Jurafsky 2016,
arXiv:1612.08220, equation 1, with log odds in place of log-likelihoods). A model only has to answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column
from evaluation.columns import names as named
from evaluation.explaining.asking import FloatArray, Predict, asked, log_odds
from evaluation.explaining.explanation import Explanation, Explanations
from evaluation.explaining.worded_text import WordedText, worded
from evaluation.predictions import check_length

_PARTS = 256  # of a text that are left out one after another, so that the time grows with its length and no more
_AT_ONCE = 512  # texts that a model is asked of together


def occlusion(
    texts: Column,
    predict: Predict,
    *,
    label_names: Column,
    explained: Column | None = None,
    tick: Callable[[int], None] = lambda done: None,
) -> Explanations:
    """Say of every word by how much the log odds of each label fall without it.

    Of a text with more than 256 words, stretches of neighbouring words are left out together and share what is found.

    Args:
        texts: n strings, or n lists of the strings that a model reads together.
        predict: From such a list, of any length, to (n, k) probabilities. It is asked of empty texts, too.
        label_names: The k labels, in the order of its columns.
        explained: n labels to explain; by default the most probable of each text.
        tick: Is told how many texts are done.

    Raises:
        ValueError: A text is no string, a label is unknown, `predict` says something else than probabilities.

    Example:
        >>> import numpy as np
        >>> late = lambda texts: np.array([[0.9, 0.1] if "late" in text else [0.2, 0.8] for text in texts])
        >>> found = occlusion(["my parcel is late"], late, label_names=["late", "fine"])
        >>> found[0].label, [(word, round(weight, 1)) for word, weight in found[0].strongest()]
        ('late', [('late', 3.6)])
    """
    read, names = worded(texts), tuple(named(label_names, "label_names"))
    labels = [None] * len(read) if explained is None else checked_labels(explained, names, len(read))
    found = Explanations()
    for start, stop in _together(read):
        found += _explained(read[start:stop], predict, names, labels[start:stop])
        tick(stop)
    return found


def parts_of(words: int) -> list[npt.NDArray[np.intp]]:
    """Return the stretches of a text with so many words that are left out one after another.

    >>> len(parts_of(300)), [part.tolist() for part in parts_of(2)]
    (256, [[0], [1]])
    """
    return np.array_split(np.arange(words), min(words, _PARTS)) if words else []


def checked_labels(explained: Column, names: Sequence[str], n: int) -> list[str]:
    """Return the n labels to explain.

    Raises:
        ValueError: Not n labels, or an unknown one.
    """
    found = named(explained, "explained")
    check_length("explained", found, n)
    for row, label in enumerate(found):
        if label not in names:
            raise ValueError(f"explained: expected one of {', '.join(names)}, got {label!r} at record {row}")
    return found


def _together(read: Sequence[WordedText]) -> Iterator[tuple[int, int]]:
    """Yield from which text to which a model is asked at once, with all that is left out of them."""
    start = questions = 0
    for at, text in enumerate(read):
        own = 1 + len(parts_of(len(text.words)))
        if questions and questions + own > _AT_ONCE:
            yield start, at
            start, questions = at, 0
        questions += own
    yield start, len(read)


def _explained(
    read: Sequence[WordedText], predict: Predict, names: tuple[str, ...], labels: Sequence[str | None]
) -> list[Explanation]:
    parts = [parts_of(len(text.words)) for text in read]
    questions = [
        one
        for text, own in zip(read, parts, strict=True)
        for one in (text.whole, *(text.kept(_without(part, len(text.words))) for part in own))
    ]
    said = asked(predict, questions, len(names))
    ends = np.cumsum([1 + len(own) for own in parts])
    return [
        _of_one(text, own, said[end - len(own) - 1 : end], names, label)
        for text, own, end, label in zip(read, parts, ends, labels, strict=True)
    ]


def _without(part: npt.NDArray[np.intp], words: int) -> npt.NDArray[np.bool_]:
    keep = np.ones(words, dtype=bool)
    keep[part] = False
    return keep


def _of_one(
    text: WordedText,
    parts: Sequence[npt.NDArray[np.intp]],
    said: FloatArray,
    names: tuple[str, ...],
    label: str | None,
) -> Explanation:
    """Return what is found of one text; the first row of `said` is of it as it came, the others without each part."""
    fallen = log_odds(said[:1]) - log_odds(said[1:])
    shared = [fallen[at] / len(part) for at, part in enumerate(parts) for _ in part]
    return Explanation(
        text=text,
        weights=np.array(shared, dtype=np.float64).reshape(-1, len(names)),
        label_names=names,
        probabilities=said[0],
        label=names[int(said[0].argmax())] if label is None else label,
    )
