"""What is known of records besides their votes, as matrices of features for `lean`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from curation.review.votes import Floats

_TOPICS = 50  # dimensions kept of word counts
_DIRECTIONS = 100  # and of vectors of items
_NEGATIONS = frozenset(["no", "not", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot", "t"])


def feature_blocks(
    records: Sequence[str],
    *,
    texts: Mapping[str, str | Sequence[str]] | None = None,
    embeddings: Mapping[str, Any] | None = None,
    pred_probs: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> list[Floats]:
    """Return feature matrices of N rows, the fewest and plainest features first.

    Raises:
        ValueError: A mapping lacks a record, or its shapes differ between records.
    """
    plain: list[Floats] = []
    wide: list[Floats] = []
    if pred_probs is not None:
        plain.append(_standard(np.log(np.maximum(_probabilities(records, pred_probs), 1e-6))))
    if texts is not None:
        picked = _picked(records, texts, "texts")
        listed = [_parts(record, text) for record, text in zip(records, picked, strict=True)]
        paired = bool(listed) and min(map(len, listed)) > 1
        (plain if paired else wide).append(_standard(_overlaps(listed)) if paired else _topics(listed, seed))
    if embeddings is not None:
        vectors = _matrix(records, embeddings, "embeddings")
        if vectors.ndim == 3 and vectors.shape[1] > 1:
            plain.append(_standard(_cosines(vectors)))
            wide.append(_blended(vectors))
        else:
            wide.append(vectors.reshape(len(vectors), -1))
    return [np.hstack(group) for group in (plain, wide) if group]


def length_blocks(items: Sequence[str], texts: Mapping[str, str], caller: str) -> list[Floats]:
    """Return how long the text of every item is, on a scale of logarithms, shape (N, 1).

    Raises:
        ValueError: The mapping lacks an item, or something in it is no text.
    """
    found = _named(items, texts, "texts", caller)
    wrong = next((item for item, text in zip(items, found, strict=True) if not isinstance(text, str)), None)
    if wrong is not None:
        raise ValueError(f"{caller}: texts of {wrong!r}: expected a text, found {texts[wrong]!r:.60}")
    return [np.log1p(np.array([[len(text)] for text in found], dtype=float))]


def named_blocks(
    items: Sequence[str],
    *,
    texts: Mapping[str, str] | None = None,
    embeddings: Mapping[str, Any] | None = None,
    seed: int = 0,
    caller: str,
) -> list[Floats]:
    """Return word counts and vectors of items, each brought to few dimensions, blocks of shape (N, d).

    Raises:
        ValueError: The mapping lacks an item, or vectors are none or of different shapes.
    """
    blocks = []
    if texts is not None:
        blocks.append(_topics([[text] for text in _named(items, texts, "texts", caller)], seed))
    if embeddings is not None:
        _named(items, embeddings, "embeddings", caller)
        vectors = _matrix(items, embeddings, "embeddings")
        blocks.append(_reduced(vectors.reshape(len(vectors), -1), seed))
    return blocks


def _named(items: Sequence[str], known: Any, name: str, caller: str) -> list[Any]:
    if not hasattr(known, "items") or hasattr(known, "columns"):
        raise ValueError(f"{caller}: {name}: expected a mapping from items, found {type(known).__name__}")
    by_name = {str(item): value for item, value in known.items()}
    if missing := next((item for item in items if item not in by_name), None):
        raise ValueError(f"{caller}: {name} has nothing for item {missing!r}, which has votes")
    return [by_name[item] for item in items]


def _reduced(vectors: Floats, seed: int) -> Floats:
    """Return vectors of many dimensions along their principal directions."""
    from sklearn.decomposition import TruncatedSVD

    size = min(_DIRECTIONS, len(vectors) - 1)
    if vectors.shape[1] <= max(size, 1):
        return vectors
    return np.asarray(TruncatedSVD(max(size, 1), random_state=seed).fit_transform(vectors - vectors.mean(axis=0)))


def _picked(records: Sequence[str], known: Any, name: str) -> list[Any]:
    if not hasattr(known, "items") or hasattr(known, "columns"):
        raise ValueError(f"consensus: {name}: expected a mapping from record ids, found {type(known).__name__}")
    by_id = {str(record): value for record, value in known.items()}
    for record in records:
        if record not in by_id:
            raise ValueError(f"consensus: {name} has nothing for record {record!r}, which has votes")
    return [by_id[record] for record in records]


def _parts(record: str, text: Any) -> list[str]:
    parts = [text] if isinstance(text, str) else list(text) if isinstance(text, Iterable) else []
    if not parts or not all(isinstance(part, str) for part in parts):
        raise ValueError(f"consensus: texts of record {record!r}: expected a text or several, found {text!r:.60}")
    return parts


def _probabilities(records: Sequence[str], known: Any) -> Floats:
    probs = _matrix(records, known, "pred_probs")
    wrong = np.flatnonzero(((probs < 0) | (probs > 1 + 1e-6)).any(axis=tuple(range(1, probs.ndim))))
    if probs.ndim != 2 or wrong.size:
        where = f" of record {records[wrong[0]]!r}" if wrong.size else ""
        raise ValueError(f"consensus: pred_probs{where}: expected probabilities in [0, 1], shape (C,)")
    return probs


def _matrix(records: Sequence[str], known: Mapping[str, Any], name: str) -> Floats:
    rows = [_numbers(record, row, name) for record, row in zip(records, _picked(records, known, name), strict=True)]
    for record, row in zip(records, rows, strict=True):
        if row.shape != rows[0].shape:
            expected = f"shape {rows[0].shape} as for record {records[0]!r}"
            raise ValueError(f"consensus: {name} of record {record!r}: expected {expected}, found {row.shape}")
        if not np.isfinite(row).all():
            raise ValueError(f"consensus: {name} of record {record!r}: expected finite numbers")
    return np.stack(rows) if rows else np.zeros((0, 1))


def _numbers(record: str, row: Any, name: str) -> Floats:
    try:
        found = np.asarray(row, dtype=float)
    except (ValueError, TypeError):
        raise ValueError(f"consensus: {name} of record {record!r}: expected numbers, found {row!r:.60}") from None
    if found.ndim not in (1, 2) or not found.size:
        raise ValueError(f"consensus: {name} of record {record!r}: expected a vector, found shape {found.shape}")
    return found


def _standard(features: Floats) -> Floats:
    return np.asarray((features - features.mean(axis=0)) / (features.std(axis=0) + 1e-9))


def _cosines(vectors: Floats) -> Floats:
    """Return the cosine of the first text's vector with each other's, shape (N, F - 1), from (N, F, d)."""
    unit = vectors / (np.linalg.norm(vectors, axis=2, keepdims=True) + 1e-12)
    return np.asarray((unit[:, :1] * unit[:, 1:]).sum(axis=2))


def _blended(vectors: Floats) -> Floats:
    """Return differences and products of two texts' vectors (Conneau et al. 2017, EMNLP, sec. 3.1)."""
    first, second = vectors[:, 0], vectors[:, 1]
    return np.hstack([np.abs(first - second), first * second])


def _topics(texts: Sequence[Sequence[str]], seed: int) -> Floats:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    joined = ["\n".join(parts) for parts in texts]
    if not any(re.search(r"\w\w", text) for text in joined):
        return np.zeros((len(joined), 1))
    words = TfidfVectorizer(sublinear_tf=True, stop_words=None).fit_transform(joined)
    size = min(_TOPICS, words.shape[1] - 1, len(joined) - 1)
    if size < 1:
        return np.zeros((len(joined), 1))
    return np.asarray(TruncatedSVD(size, random_state=seed).fit_transform(words), dtype=float)


def _overlaps(texts: Sequence[Sequence[str]]) -> Floats:
    """Return how far the words of the last text of each record stand in those before it, shape (N, 9)."""
    pairs = [(_words(" ".join(parts[:-1])), _words(parts[-1])) for parts in texts]
    spread = Counter(word for earlier, last in pairs for word in {*earlier, *last})
    return np.array([_overlap(earlier, last, spread, len(pairs)) for earlier, last in pairs])


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _overlap(earlier: list[str], last: list[str], spread: Mapping[str, int], n: int) -> list[float]:
    known, weight = set(earlier), {word: float(np.log1p(n / spread[word])) for word in last}
    pairs, known_pairs = list(pairwise(last)), set(pairwise(earlier))
    numbers = [word for word in last if word.isdigit()]
    new = [weight[word] for word in last if word not in known]
    total = sum(weight[word] for word in last)
    return [
        sum(word in known for word in last) / max(len(last), 1),
        1 - sum(new) / total if total else 0.0,
        sum(pair in known_pairs for pair in pairs) / max(len(pairs), 1),
        sum(number not in known for number in numbers) / max(len(numbers), 1),
        float(_NEGATIONS.isdisjoint(earlier) != _NEGATIONS.isdisjoint(last)),
        float(np.log1p(len(earlier))),
        float(np.log1p(len(last))),
        float(np.log1p(len(last)) - np.log1p(len(earlier))),
        max(new, default=0.0),
    ]
