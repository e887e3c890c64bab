"""Records that stand in the data more than once, word for word or nearly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from curation.quality.canonical_text import canonical_text
from curation.quality.input_checks import (
    BoolArray,
    FloatArray,
    IntArray,
    as_texts,
    as_vectors,
    same_length,
)
from curation.quality.meetings import meetings
from curation.quality.text_copies import CopyPairs, equal_keys, similar_texts
from evaluation.columns import Column, codes, flags, numbers
from evaluation.settings import check_number
from evaluation.shown import Shown

# Cells that a record visits in large data: all copies are met in texts, and 99% where vectors lie in no order at all.
_VISITS = 8
# A cell is visited only if the cosine to its centre is less than this share of the copies' distance below the best one:
# from one point to a copy it can move by more only where the copies differ in just the direction of the centre.
_OF_DISTANCE = 1 / 3
# Cosine from which two vectors are one: that of a text with itself, computed in bfloat16 in two batches, is higher.
_ONE_VECTOR = 0.9999
_UNTOLD = "{} texts have the same embedding as a different text: these were compared by their characters"
# Rows handled at once: 25 MB at 384 numbers.
_ROWS = 16_384


@dataclass(frozen=True, kw_only=True, repr=False)
class Duplicates(Shown):
    """Which records are copies of which.

    Attributes:
        groups: (n,) group of each record, numbered from 0 in order of first appearance; a record without a
            copy is a group of its own.
        pairs: (m, 2) the links the groups were made from, smaller number first. Word-for-word copies are
            linked to the first of them only.
        similarity: (m,) of each link, in [0, 1]: 1 for the same words, else the larger of the cosine of the
            embeddings and the Jaccard similarity of the character n-grams.
        kept: (n,) true for the one record of each group that stays.
        note: What the embeddings could not tell, in words; empty where there is nothing to say.
    """

    groups: IntArray
    pairs: IntArray
    similarity: FloatArray
    kept: BoolArray
    note: str = ""

    def _facts(self) -> Mapping[str, Any]:
        return {"records": len(self.groups), "copies": int((~self.kept).sum()), "pairs": len(self.pairs)}

    def _columns(self) -> Mapping[str, Any]:
        return {"group": self.groups, "kept": self.kept}


def near_duplicates(
    *,
    texts: Column | None = None,
    embeddings: Column | None = None,
    threshold: float = 0.95,
    text_threshold: float = 0.8,
    priority: Column | None = None,
    unread: Column | None = None,
) -> Duplicates:
    """Find exact and near copies, and say which one of each stays.

    A pair is a copy if it is equal word for word (case, spacing and ordinary punctuation aside: `canonical_text`), if
    its character 4-grams have a Jaccard similarity of at least `text_threshold`, or if its embeddings have a cosine of
    at least `threshold`. Groups are what such pairs connect, so two records of a group may be less alike than the
    threshold.

    An embedding says nothing of what its model could not read: emoji, most scripts to an English model. Different texts
    with one and the same embedding are compared by their characters alone, which `note` then says; so are texts of
    which different parts were left `unread`.

    Texts take n log n time. Embeddings are compared exactly up to 20,000 records, beyond that with those in the
    cells around them (see `meetings`; 129 numbers a record beside the input, and 100 MB).

    Args:
        texts: n texts.
        embeddings: (n, d), any scale.
        threshold: cosine of embeddings, in (0, 1].
        text_threshold: Jaccard similarity of character n-grams, in (0, 1].
        priority: (n,) numbers; the highest of a group is kept, the earlier record where they are equal. By
            default the first record is kept.
        unread: (n,) what of each text the model behind `embeddings` could not read, "" for nothing; see
            `training.reading`.

    Raises:
        ValueError: neither texts nor embeddings, different lengths, NaN or zero vectors, a threshold outside
            (0, 1].

    Example:
        >>> texts = ["Where is my parcel?", "where is my parcel", "I want a refund", "Where is my parcel??"]
        >>> found = near_duplicates(texts=texts)
        >>> found.groups.tolist()
        [0, 0, 1, 0]
        >>> [text for text, stays in zip(texts, found.kept) if stays]
        ['Where is my parcel?', 'I want a refund']
    """
    if texts is None and embeddings is None:
        raise ValueError("near_duplicates: expected texts or embeddings, got neither")
    for name, value in (("threshold", threshold), ("text_threshold", text_threshold)):
        check_number(value, name, "a similarity in (0, 1]", above=0, most=1)
    strings = None if texts is None else as_texts(texts)
    vectors = None if embeddings is None else as_vectors(embeddings, n=None if strings is None else len(strings))
    n = len(strings) if strings is not None else len(vectors) if vectors is not None else 0
    found, distinct = ([], np.arange(n)) if strings is None else _copies_among_texts(strings, threshold=text_threshold)
    by_vectors: list[CopyPairs] = []
    if vectors is not None:
        for rows in _read_alike(distinct, unread, n):
            by_vectors += _copies_among_vectors(vectors, rows, threshold=threshold)
    untold = np.empty(0, dtype=np.intp) if strings is None else _of_one_vector(by_vectors)
    links = _merge([*found, *(_without(copies, untold) for copies in by_vectors)], n)
    groups = _connect(links.pairs, n)
    return Duplicates(
        groups=groups,
        pairs=links.pairs,
        similarity=links.similarity,
        kept=_one_of_each(groups, priority),
        note=_UNTOLD.format(len(untold)) if len(untold) else "",
    )


def conflicting_copies(groups: Column, labels: Column) -> BoolArray:
    """Return (n,) true for records whose group of copies carries more than one label.

    Raises:
        ValueError: `groups` and `labels` differ in length.

    Example:
        >>> conflicting_copies([0, 0, 1, 2], ["refund", "late", "late", "refund"]).tolist()
        [True, True, False, False]
    """
    group, code = codes(groups, "groups"), codes(labels, "labels")
    same_length(len(group), len(code), "labels")
    distinct = np.unique(np.column_stack([group, code]), axis=0)[:, 0]
    conflicting: BoolArray = (np.bincount(distinct, minlength=group.max(initial=-1) + 1) > 1)[group]
    return conflicting


def leaked(groups: Column, held_out: Column) -> BoolArray:
    """Return (n,) true for held-out records that have a copy among the others.

    Args:
        groups: (n,) from `near_duplicates` over both parts together.
        held_out: (n,) bool, true for the test part.

    Raises:
        ValueError: the two differ in length.

    Example:
        >>> leaked([0, 0, 1, 2], [True, False, True, False]).tolist()
        [True, False, False, False]
    """
    group, test = codes(groups, "groups"), flags(held_out, "held_out")
    same_length(len(group), len(test), "held_out")
    return test & np.isin(group, group[~test])


def _copies_among_texts(texts: list[str], *, threshold: float) -> tuple[list[CopyPairs], IntArray]:
    """Return the copies that words and characters tell, and the first record of each text."""
    canonical = [canonical_text(text) for text in texts]
    equal = equal_keys(pd.factorize(np.array(canonical, dtype=object))[0])
    distinct = np.setdiff1d(np.arange(len(texts)), equal.pairs[:, 1])
    near = similar_texts([canonical[i] for i in distinct], threshold=threshold)
    return [equal, CopyPairs(pairs=distinct[near.pairs], similarity=near.similarity)], distinct


def _of_one_vector(found: Sequence[CopyPairs]) -> IntArray:
    """Return the records, of different texts, whose vector is that of another one: it cannot tell them apart."""
    same = [copies.pairs[copies.similarity >= _ONE_VECTOR] for copies in found]
    return np.unique(np.concatenate([np.empty((0, 2), dtype=np.intp), *same]))


def _without(copies: CopyPairs, records: IntArray) -> CopyPairs:
    stays = ~np.isin(copies.pairs, records).any(axis=1)
    return CopyPairs(pairs=copies.pairs[stays], similarity=copies.similarity[stays])


def _read_alike(rows: IntArray, unread: Column | None, n: int) -> Iterator[IntArray]:
    """Yield the rows whose embeddings can be compared: those of which the same was left unread."""
    if unread is None:
        yield rows
        return
    left = as_texts(unread)
    same_length(n, len(left), "unread")
    same = pd.factorize(np.array(left, dtype=object))[0][rows]
    order = np.argsort(same, kind="stable")
    for part in np.split(rows[order], 1 + np.flatnonzero(np.diff(same[order]))):
        if len(part) > 1:
            yield part


def _copies_among_vectors(vectors: FloatArray, distinct: IntArray, *, threshold: float) -> list[CopyPairs]:
    """Link equal vectors to the first of them, then compare the rest; `distinct` are the rows to look at."""
    equal = _equal_vectors(vectors, distinct)
    rest = np.setdiff1d(distinct, equal.pairs[:, 1])
    near = _similar_vectors(vectors if len(rest) == len(vectors) else vectors[rest], threshold=threshold)
    return [equal, CopyPairs(pairs=rest[near.pairs], similarity=near.similarity)]


def _equal_vectors(vectors: FloatArray, rows: IntArray) -> CopyPairs:
    """Link rows to the first one with the same digits: encoders give a text other last ones in other batches."""
    weights = np.random.default_rng(0).integers(1, 2**62, vectors.shape[1])
    hashes = [_digits(vectors[rows[block]]) @ weights for block in _blocks(len(rows))]  # wraps around
    pairs = rows[equal_keys(np.concatenate(hashes)).pairs]
    same = [
        (_digits(vectors[left]) == _digits(vectors[right])).all(axis=1)
        for left, right in (pairs[block].T for block in _blocks(len(pairs)))
    ]
    pairs = pairs[np.concatenate(same)]
    return CopyPairs(pairs=pairs, similarity=np.ones(len(pairs), dtype=np.float32))


def _blocks(n: int) -> Iterator[slice]:
    """Yield slices over n rows, at least one."""
    return (slice(start, start + _ROWS) for start in range(0, max(n, 1), _ROWS))


def _digits(vectors: FloatArray) -> npt.NDArray[np.int64]:
    return np.rint(vectors * 10_000).astype(np.int64)


def _similar_vectors(vectors: FloatArray, *, threshold: float) -> CopyPairs:
    """Find pairs among those who meet; some meet twice, and `_merge` keeps each once."""
    pairs: list[IntArray] = [np.empty((0, 2), dtype=np.intp)]
    values: list[FloatArray] = [np.empty(0, dtype=np.float32)]
    within = _OF_DISTANCE * float(np.sqrt(2 - 2 * threshold))
    for meeting in meetings(vectors, vectors, visits=_VISITS, within=within):
        later = meeting.columns[np.searchsorted(meeting.columns, meeting.rows[0]) :]
        block = vectors[meeting.rows] @ vectors[later].T
        left, right = np.divmod(np.flatnonzero(block >= np.float32(threshold - 1e-6)), max(1, len(later)))
        found = np.column_stack([meeting.rows[left], later[right]])
        upper = found[:, 0] < found[:, 1]
        pairs.append(found[upper])
        values.append(block[left, right][upper])
    return CopyPairs(pairs=np.concatenate(pairs), similarity=np.clip(np.concatenate(values), 0, 1))


def _merge(found: list[CopyPairs], n: int) -> CopyPairs:
    """Keep each pair once, with the largest similarity that any of the comparisons gave it."""
    pairs = np.concatenate([copies.pairs for copies in found])
    similarity = np.concatenate([copies.similarity for copies in found])
    key, inverse = np.unique(pairs[:, 0].astype(np.int64) * n + pairs[:, 1], return_inverse=True)
    best = np.zeros(len(key), dtype=np.float32)
    np.maximum.at(best, inverse, similarity)
    return CopyPairs(pairs=np.column_stack([key // n, key % n]).astype(np.intp) if n else pairs, similarity=best)


def _connect(pairs: IntArray, n: int) -> IntArray:
    graph = sp.coo_matrix((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    component = connected_components(graph, directed=False)[1] if n else np.empty(0, dtype=np.intp)
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
    in_order: IntArray = np.argsort(np.argsort(first))[inverse].astype(np.intp)
    return in_order


def _one_of_each(groups: IntArray, priority: Column | None) -> BoolArray:
    worth = np.zeros(len(groups)) if priority is None else numbers(priority, "priority")
    same_length(len(groups), len(worth), "priority")
    if not np.isfinite(worth).all():
        raise ValueError("priority: expected finite numbers, got NaN or infinity")
    best_first = np.lexsort((np.arange(len(groups)), -worth, groups))
    kept = np.zeros(len(groups), dtype=bool)
    kept[best_first[np.unique(groups[best_first], return_index=True)[1]]] = True
    return kept
