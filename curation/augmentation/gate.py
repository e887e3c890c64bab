"""The gate that an augmented text must pass: it still means what its parent meant, label included."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, matrix, read_texts, whole_numbers

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Gate = Callable[[Sequence[str], IntArray], Sequence[str | None]]
"""From (m,) texts and the (m,) positions of their parents to (m,) reasons against them, None for none."""


def label_gate(
    texts: Column,
    labels: Column,
    *,
    embed: Callable[[Sequence[str]], npt.ArrayLike],
    predict_proba: Callable[[FloatArray], npt.ArrayLike],
    min_ratio: float = 0.8,
    min_cosine: float = 0.8,
) -> Gate:
    """Build a gate from an encoder and a classifier over its embeddings.

    A text passes if it is near its parent in the embedding space, and if the classifier gives the parent's
    label about the probability it gave the parent. Train the classifier on the train part, or out of fold.

    Args:
        texts: (n,) the parents.
        labels: (n,) their labels, as positions in the columns of `predict_proba`.
        embed: (m,) texts to (m, d) embeddings.
        predict_proba: (m, d) embeddings to (m, k) probabilities.
        min_ratio: Least probability of the label, as a share of what the parent has, in [0, 1].
        min_cosine: Least cosine to the parent, in [-1, 1].

    Raises:
        ValueError: `texts` and `labels` of different lengths, or a threshold outside its range.

    Example:
        >>> def embed(texts):
        ...     return [[text.count("a") + 1.0, text.count("e") + 1.0] for text in texts]
        >>> def predict_proba(embeddings):
        ...     return embeddings / embeddings.sum(axis=1, keepdims=True)
        >>> gate = label_gate(["a banana", "eleven"], [0, 1], embed=embed, predict_proba=predict_proba)
        >>> gate(["a banana split", "banana"], [0, 1])
        [None, 'too far from its parent: cosine 0.47, at least 0.80 is asked for']
    """
    texts, given = read_texts(texts), whole_numbers(labels, "labels")
    _check(len(texts), len(given), min_ratio, min_cosine)
    embedded = _rows(embed(texts), "embed", len(texts))
    parents, probs = _unit(embedded), _rows(predict_proba(embedded), "predict_proba", len(texts))
    if len(given) and not 0 <= given.min() <= given.max() < probs.shape[1]:
        raise ValueError(f"labels: expected 0 to {probs.shape[1] - 1}, got {given.min()} to {given.max()}")
    before = probs[np.arange(len(given)), given]

    def gate(candidates: Sequence[str], parent: IntArray) -> list[str | None]:
        if not candidates:
            return []
        embeddings = np.asarray(embed(candidates), dtype=np.float64)
        cosine = np.einsum("ij,ij->i", _unit(embeddings), parents[parent])
        after = np.asarray(predict_proba(embeddings))[np.arange(len(candidates)), given[parent]]
        rows = zip(cosine, after, before[parent], strict=True)
        return [_objection(*row, min_ratio=min_ratio, min_cosine=min_cosine) for row in rows]

    return gate


def _objection(cosine: float, after: float, before: float, *, min_ratio: float, min_cosine: float) -> str | None:
    if cosine < min_cosine:
        return f"too far from its parent: cosine {cosine:.2f}, at least {min_cosine:.2f} is asked for"
    if after < min_ratio * before:
        return f"the model doubts the label now: probability {after:.2f}, {before:.2f} for the parent"
    return None


def _rows(found: npt.ArrayLike, where: str, n: int) -> FloatArray:
    rows = matrix(found, where).astype(np.float64)
    if rows.ndim != 2 or len(rows) != n:
        raise ValueError(f"{where}: expected a row for each of {n} texts, got shape {rows.shape}")
    return rows


def _unit(vectors: FloatArray) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, np.finfo(np.float64).tiny))


def _check(texts: int, labels: int, min_ratio: float, min_cosine: float) -> None:
    if texts != labels:
        raise ValueError(f"labels: expected one per text ({texts}), got {labels}")
    if not 0 <= min_ratio <= 1:
        raise ValueError(f"min_ratio: expected a share between 0 and 1, got {min_ratio}")
    if not -1 <= min_cosine <= 1:
        raise ValueError(f"min_cosine: expected a cosine between -1 and 1, got {min_cosine}")
