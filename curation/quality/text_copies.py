"""Copies told by their characters: the same words, or nearly the same n-grams; not every pair is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer

from curation.quality.canonical_text import canonical_text, with_heavy_symbols
from curation.quality.input_checks import FloatArray, IntArray

# 32 bands of 4: a pair meets in some bucket with probability .9998 at Jaccard .7, .988 at .6, .05 at .2.
BANDS, _BAND_ROWS = 32, 4
# A template's thousand variants in one bucket would be half a million pairs; each meets this many.
BUCKET_REACH = 16
# Sets of character 4-grams that stop at word edges; the settings of a scikit-learn vectorizer.
GRAMS: dict[str, Any] = {"analyzer": "char_wb", "ngram_range": (4, 4), "binary": True}
_MERSENNE = np.uint64((1 << 31) - 1)


@dataclass(frozen=True, kw_only=True)
class CopyPairs:
    """Pairs of records that are copies of each other.

    Attributes:
        pairs: (m, 2) record numbers, the smaller first, sorted, no pair twice.
        similarity: (m,) in [0, 1].
    """

    pairs: IntArray
    similarity: FloatArray


def equal_keys(keys: npt.NDArray[Any]) -> CopyPairs:
    """Link each record to the first one with the same key; m - 1 pairs for m copies, not m squared."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    leader = first[inverse]
    later = np.flatnonzero(leader != np.arange(len(leader)))
    pairs = np.column_stack([leader[later], later]).astype(np.intp)
    return CopyPairs(pairs=pairs, similarity=np.ones(len(later), dtype=np.float32))


def similar_texts(texts: Sequence[str], *, threshold: float, seed: int = 0) -> CopyPairs:
    """Find pairs of texts whose sets of character 4-grams have a Jaccard similarity of at least `threshold`.

    MinHash with banding (Broder 1997; Leskovec, Rajaraman & Ullman, Mining of Massive Datasets, ch. 3)
    proposes pairs, their exact similarity decides. n-grams stop at word edges, so the order of words does
    not matter. Time grows with n log n for texts of bounded length, memory with the number of distinct
    n-grams per text.

    Args:
        texts: n texts from `canonical_text`; give distinct ones, as equal texts propose each other for nothing.
        threshold: Jaccard similarity in (0, 1]; recall is above .99 from .62 upwards.
        seed: of the hash functions.
    """
    empty = CopyPairs(pairs=np.empty((0, 2), dtype=np.intp), similarity=np.empty(0, dtype=np.float32))
    if len(texts) < 2 or not any(text.strip() for text in texts):
        return empty
    grams = _grams(texts)
    candidates = _same_bucket(band_keys(grams, seed=seed))
    similarity = _jaccard(grams, candidates)
    near = similarity >= threshold
    return CopyPairs(pairs=candidates[near], similarity=similarity[near])


def alike(first: Sequence[str], second: Sequence[str]) -> FloatArray:
    """Return (n,) Jaccard similarities in [0, 1] of the character 4-grams of two lists of n texts, pair by pair."""
    n, texts = len(first), [canonical_text(text) for text in (*first, *second)]
    if not any(texts):
        return np.zeros(n, dtype=np.float32)
    return _jaccard(_grams(texts), np.column_stack([np.arange(n), np.arange(n, 2 * n)]))


def _grams(texts: Sequence[str]) -> sp.csr_matrix:
    vectorizer = CountVectorizer(**GRAMS, dtype=np.int32)
    return sp.csr_matrix(vectorizer.fit_transform([with_heavy_symbols(text) for text in texts]))


def band_keys(grams: sp.csr_matrix, *, seed: int) -> npt.NDArray[np.uint64]:
    """Return (n, bands) MinHash band keys; a record without n-grams gets keys of its own.

    Args:
        grams: (n, m) whose non-zeros are the n-grams of each record, m below 2^31. Keys of two calls can be compared
            where a column is the same n-gram in both.
        seed: of the hash functions.
    """
    rng = np.random.default_rng(seed)
    n = grams.shape[0]
    filled = np.diff(grams.indptr) > 0
    starts = grams.indptr[:-1][filled]
    columns = grams.indices.astype(np.uint64) + np.uint64(1)
    keys = np.zeros((n, BANDS), dtype=np.uint64)
    for band in range(BANDS):
        for _ in range(_BAND_ROWS):
            a, b = rng.integers(1, int(_MERSENNE), size=2, dtype=np.uint64)
            hashed = (columns * a + b) % _MERSENNE
            keys[filled, band] = keys[filled, band] * np.uint64(0x9E3779B97F4A7C15) + np.minimum.reduceat(
                hashed, starts
            )
    keys[~filled] = np.arange(n, dtype=np.uint64)[~filled, None]
    return keys


def _same_bucket(keys: npt.NDArray[np.uint64]) -> IntArray:
    """Return the distinct pairs (i < j) that share a band; within a bucket each meets the next sixteen."""
    n = len(keys)
    found: list[npt.NDArray[np.int64]] = []
    for band in keys.T:
        order = np.argsort(band, kind="stable")
        ordered = band[order]
        for reach in range(1, min(BUCKET_REACH, n - 1) + 1):
            same = np.flatnonzero(ordered[:-reach] == ordered[reach:])
            if len(same) == 0:
                break
            left, right = order[same], order[same + reach]
            found.append(np.minimum(left, right) * n + np.maximum(left, right))
    distinct = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)
    return np.column_stack([distinct // n, distinct % n]).astype(np.intp)


def _jaccard(grams: sp.csr_matrix, pairs: IntArray) -> FloatArray:
    sizes = np.diff(grams.indptr)
    similarity = np.empty(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), 100_000):
        left, right = pairs[start : start + 100_000].T
        shared = np.asarray(grams[left].multiply(grams[right]).sum(axis=1)).ravel()
        union = sizes[left] + sizes[right] - shared
        similarity[start : start + 100_000] = shared / np.maximum(union, 1)
    return similarity
