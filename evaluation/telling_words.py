"""The words that tell some texts from all others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_WORD = r"(?u)\b[^\W\d_]{2,}\b"


def telling_words(
    texts: Sequence[str], parts: Sequence[npt.NDArray[np.intp]], *, most: int = 5
) -> list[tuple[str, ...]]:
    """Return for each part the words whose frequency sets it apart, the most telling first.

    z-scores of log-odds against all other texts, with the frequencies of all texts as a prior (Monroe, Colaresi &
    Quinn, Fightin' Words, Political Analysis 2008): rare words do not win by chance, frequent ones not by number.

    Args:
        texts: n strings.
        parts: Positions of the texts of each part; parts may overlap.
        most: Words of a part.

    Example:
        >>> telling_words(["a late parcel", "the parcel is late", "refund me", "refund the order"], [np.array([0, 1])])
        [('late', 'parcel')]
    """
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(token_pattern=_WORD, min_df=2)
    try:
        counts = vectorizer.fit_transform(texts)
    except ValueError:  # no word stands in two texts
        return [() for _ in parts]
    names = vectorizer.get_feature_names_out()
    inside = np.array([np.asarray(counts[members].sum(axis=0)).ravel() for members in parts], dtype=np.float64)
    scores = _log_odds(inside, np.asarray(counts.sum(axis=0), dtype=np.float64).ravel())
    best = np.argsort(-scores, axis=1, kind="stable")[:, :most]
    return [tuple(str(names[w]) for w in row if scores[i, w] > 0) for i, row in enumerate(best)]


def _log_odds(inside: npt.NDArray[np.float64], of_all: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (parts, words) z-scores from the counts of each word in each part, and in all texts."""
    prior = of_all / max(1.0, of_all.sum() / 1000)
    outside = of_all - inside
    odds = [
        np.log((count + prior) / np.maximum((count + prior).sum(axis=1, keepdims=True) - count - prior, 1e-9))
        for count in (inside, outside)
    ]
    z: npt.NDArray[np.float64] = (odds[0] - odds[1]) / np.sqrt(1 / (inside + prior) + 1 / (outside + prior))
    return z
