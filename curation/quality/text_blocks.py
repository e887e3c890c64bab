"""What tells texts that are compared apart: their length, their words, and themselves where they come again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from curation.quality.input_checks import FloatArray

_WORD = r"\w+|[^\w\s]"
_TOPICS = 100  # dimensions kept of word counts


def blocks_of_texts(texts: Any, seed: int) -> list[list[Any]]:
    """Return the blocks of features that there are: for each a matrix (n, d) by side.

    Args:
        texts: (m, n) texts, n on each of m sides.
        seed: of the decomposition of word counts.
    """
    said = [side.tolist() for side in texts]
    counts = Counter(text for side in said for text in side)
    known = sorted(counts)
    place = {text: i for i, text in enumerate(known)}
    at = [np.array([place[text] for text in side], dtype=np.intp) for side in said]
    several = [i for i, text in enumerate(known) if counts[text] > 1]
    blocks: list[Any] = [np.log1p(np.array([[len(text)] for text in known], dtype=float)), word_topics(known, seed)]
    if several:
        shape = (len(known), len(several))
        blocks.append(csr_array((np.ones(len(several)), (several, range(len(several)))), shape=shape))
    return [[block[rows] for rows in at] for block in blocks if block.shape[1]]


def word_topics(texts: Sequence[str], seed: int) -> FloatArray:
    """Return (n, at most 100) the main directions of word counts weighed by rarity; none where no word comes twice."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        words = TfidfVectorizer(sublinear_tf=True, min_df=2, token_pattern=_WORD).fit_transform(texts)
    except ValueError:  # no word stands in two texts
        return np.zeros((len(texts), 0))
    size = min(_TOPICS, words.shape[1] - 1, len(texts) - 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # of the share explained, where all texts are alike
        return np.asarray(TruncatedSVD(size, random_state=seed).fit_transform(words) if size > 0 else words.toarray())


def scaled(block: Any) -> Any:
    """Return a block with rows of mean square 1."""
    return block / max(float(block.multiply(block).sum() / block.shape[0]) ** 0.5, 1e-12)
