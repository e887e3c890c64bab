"""Copies among texts that do not fit in memory: read once, a few hundred bytes of each remembered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from sklearn.feature_extraction.text import HashingVectorizer

from curation.quality.canonical_text import canonical_text, with_heavy_symbols
from curation.quality.gram_sketches import N_GRAMS, SKETCH, GramSketches, smallest
from curation.quality.growing_array import GrowingArray
from curation.quality.input_checks import BoolArray, as_texts
from curation.quality.key_buckets import HALF, HIGH, LOW, KeyBuckets, Packed, members
from curation.quality.text_copies import BANDS, GRAMS, band_keys
from evaluation.settings import check_number, check_whole
from evaluation.shown import Shown

Positions = npt.NDArray[np.int64]

_VECTORIZER = HashingVectorizer(**GRAMS, n_features=N_GRAMS, alternate_sign=False, norm=None, dtype=np.float32)
# Records handled at once, whatever the batch: 65 MB, what is remembered included, for 7,673 texts of 400 characters.
_RECORDS = 4_096
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, kw_only=True, repr=False)
class StreamedCopies(Shown):
    """Which records of one batch are copies of an earlier record of the stream.

    Attributes:
        first: position in the stream of the batch's first record.
        copy_of: (b,) position in the stream of the kept record that each is a copy of, -1 for a record that is kept.
        similarity: (b,) to that record, in [0, 1]: 1 for the same words, else the Jaccard similarity of the
            character n-grams; 0 for a record that is kept.
    """

    first: int
    copy_of: Positions
    similarity: npt.NDArray[np.float32]

    def _facts(self) -> Mapping[str, Any]:
        return {"records": len(self.copy_of), "copies": int((~self.kept).sum())}

    def _columns(self) -> Mapping[str, Any]:
        position = np.arange(self.first, self.first + len(self.copy_of))
        return {"record": position, "copy_of": self.copy_of, "similarity": self.similarity}

    @property
    def kept(self) -> BoolArray:
        """(b,) true for records that are no copy of an earlier one."""
        return self.copy_of < 0


def streamed_copies(
    batches: Iterable[Sequence[str]], *, text_threshold: float = 0.8, seed: int = 0
) -> Iterator[StreamedCopies]:
    """Read batches of texts once, in order, and say of each record which earlier one it is a copy of.

    A record is a copy if it equals an earlier record word for word (see `canonical_text`), or if
    its character 4-grams have a Jaccard similarity of at least `text_threshold` with those of a kept one. It is
    linked to the kept record it resembles most, the earliest of equals; copies are not compared with, so every
    copy is as similar to the record that stays as the threshold asks, and none is dropped for a chain of others.
    The same words always get the same answer, and how the stream is cut into batches changes nothing.

    Resemblance is Broder's (On the resemblance and containment of documents, 1997): MinHash band keys propose
    earlier records, and a sketch of each text's 256 smallest n-gram hashes decides. It is exact for texts of fewer
    than 256 distinct n-grams (some 300 characters); for longer ones its standard error is at most .025 at .8.

    Texts are not kept. A distinct text takes about 300 bytes and a kept one 4 more for each of its n-grams, 1.3 KB at
    most: 490 bytes at 69 characters (200,000 made-up texts). Arrays that grow and those of the work at hand come on
    top: 700 bytes a record there. Word-for-word copies take nothing. Time grows with n log n, some 8,000 such texts
    a second on one core; use batches of a thousand or more, as each costs 15 ms whatever it holds.

    Args:
        batches: sequences of texts, any of them empty; read one at a time, as answers are asked for.
        text_threshold: Jaccard similarity of character n-grams, in (0, 1]; recall is above .99 from .62 upwards.
        seed: of the hash functions.

    Yields:
        One `StreamedCopies` for each batch, in order.

    Raises:
        ValueError: a threshold outside (0, 1]; while reading, a batch that is not a sequence of strings.

    Example:
        >>> batches = [["Where is my parcel?", "I want a refund"], ["where is my parcel", "It arrived, thanks"]]
        >>> [part.copy_of.tolist() for part in streamed_copies(batches)]
        [[-1, -1], [0, -1]]
    """
    check_number(text_threshold, "text_threshold", "a similarity in (0, 1]", above=0, most=1)
    check_whole(seed, "seed")
    if isinstance(batches, str | bytes | Mapping | AbstractSet) or not isinstance(batches, Iterable):
        raise ValueError(f"batches: expected batches of texts, one after the other, got {type(batches).__name__}")
    return _answers(batches, _Memory(threshold=text_threshold, seed=seed))


def _answers(batches: Iterable[Sequence[str]], memory: _Memory) -> Iterator[StreamedCopies]:
    first = 0
    for number, batch in enumerate(batches):
        texts = _as_batch(batch, number, first)
        parts = [memory.decide(texts[at : at + _RECORDS], first + at) for at in range(0, max(len(texts), 1), _RECORDS)]
        copy_of, similarity = (np.concatenate(part) for part in zip(*parts, strict=True))
        yield StreamedCopies(first=first, copy_of=copy_of, similarity=similarity)
        first += len(texts)


def _as_batch(batch: Any, number: int, first: int) -> list[str]:
    where = f"batch {number} (from record {first} of the stream)"
    if isinstance(batch, Mapping | AbstractSet) or not (isinstance(batch, Iterable) or hasattr(batch, "__array__")):
        raise ValueError(f"{where}: expected a sequence of strings, got {type(batch).__name__}")
    try:
        return as_texts(batch)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


class _Memory:
    """What is remembered: a row for each distinct text, and the sketches of those that are kept."""

    def __init__(self, *, threshold: float, seed: int) -> None:
        self._threshold, self._seed = threshold, seed
        self._bands = [KeyBuckets() for _ in range(BANDS)]
        self._same_words = KeyBuckets()
        self._words, self._sketches = GrowingArray(np.uint64), GramSketches()
        self._kept, self._similarity = GrowingArray(np.int64), GrowingArray(np.float32)

    def decide(self, texts: list[str], first: int) -> tuple[Positions, npt.NDArray[np.float32]]:
        """Return (n,) `copy_of` and `similarity` of texts that start at position `first`."""
        canonical = [_printable(canonical_text(text)) for text in texts]
        words: Packed = pd.util.hash_array(np.array(canonical, dtype=object), categorize=False)
        positions = np.arange(first, first + len(texts))
        new = np.flatnonzero(self._rows(words) < 0)
        new = np.sort(new[np.unique(words[new], return_index=True)[1]])
        self._remember(words[new], [canonical[i] for i in new], positions[new])
        rows = self._rows(words)
        kept, similarity = self._kept.values[rows], self._similarity.values[rows]
        itself = kept == positions
        return np.where(itself, -1, kept), np.where(itself, np.float32(0), similarity)

    def _rows(self, words: Packed) -> npt.NDArray[np.int64]:
        """Return (n,) the row of each hash of a text's words, -1 for a new one."""
        order = np.argsort(words)
        entries = (words[order] & HIGH) | np.arange(len(words), dtype=np.uint64)
        pairs = members(self._same_words.runs, entries)[1]
        which, row = order[(pairs >> HALF).astype(np.intp)], (pairs & LOW).astype(np.intp)
        same = self._words.values[row] == words[which]
        found = np.full(len(words), -1, dtype=np.int64)
        found[which[same]] = row[same]
        return found

    def _remember(self, words: Packed, texts: list[str], positions: Positions) -> None:
        """Add distinct texts in the order of the stream, each compared with those before it."""
        if not texts:
            return
        start = len(self._words.values)
        rows = np.arange(start, start + len(texts), dtype=np.uint64)
        self._same_words.add(np.sort((words & HIGH) | rows))
        self._words.append(words)
        self._kept.append(positions)
        self._similarity.append(np.ones(len(rows), dtype=np.float32))
        grams = sp.csr_matrix(_VECTORIZER.transform([with_heavy_symbols(text) for text in texts]))
        limit = np.full(len(texts), SKETCH)
        self._sketches.append(smallest(grams, limit=limit))
        for row, (kept, similarity) in self._copies(grams, rows).items():
            self._kept.values[row], self._similarity.values[row] = self._kept.values[kept], similarity
            limit[row - start] = 0
        self._sketches.replace(start, smallest(grams, limit=limit))

    def _copies(self, grams: sp.csr_matrix, rows: Packed) -> dict[int, tuple[int, float]]:
        """Return the kept row that each of the new rows is nearly a copy of, and their similarity."""
        filled = np.diff(grams.indptr) > 0
        keys = (band_keys(grams, seed=self._seed) * _MIX)[filled]
        met = [band.meet(keys[:, i], rows[filled]) for i, band in enumerate(self._bands)]
        pairs = np.sort(np.concatenate(met))  # faster than np.unique
        pairs = np.delete(pairs, 1 + np.flatnonzero(pairs[1:] == pairs[:-1]))
        similarity = self._sketches.similarity(pairs)
        near = similarity >= self._threshold
        return _most_alike(pairs[near], similarity[near])


def _most_alike(pairs: Packed, similarity: npt.NDArray[np.float32]) -> dict[int, tuple[int, float]]:
    """Link each row, in order, to the most similar of the rows before it that are no copies themselves."""
    later, earlier = pairs >> HALF, pairs & LOW
    best_first = np.lexsort((earlier, -similarity, later))
    links: dict[int, tuple[int, float]] = {}
    columns = (column[best_first].tolist() for column in (later, earlier, similarity))
    for row, kept, value in zip(*columns, strict=True):
        if row not in links and kept not in links:
            links[row] = (kept, value)
    return links


def _printable(text: str) -> str:
    """Spell out half characters (a lone surrogate, from cut JSON), which no hash function takes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
