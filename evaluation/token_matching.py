"""How near texts are by the vectors of their tokens: each is matched with the nearest one of the other text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_AT_ONCE = 256  # pairs whose vectors are held together


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenVectors:
    """A text as its tokens.

    Attributes:
        tokens: (t,) their numbers.
        vectors: (t, d) what a model makes of each at its place.
        counts: (t,) whether a token is of the text, and not one that begins or ends it: those are matched with, and
            weigh nothing.
    """

    tokens: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32]
    counts: npt.NDArray[np.bool_]


EncodeTokens: TypeAlias = Callable[[Sequence[str]], Sequence[TokenVectors]]
"""From texts to their tokens and vectors; `training.token_encoder` makes one of a model."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Matched:
    """How near the nearest token of the other text is to each that counts, and which tokens these are."""

    tokens: npt.NDArray[np.int64]
    nearest: Floats


def token_matching(
    right: Sequence[str], said: Sequence[str], encoder: EncodeTokens, *, inverse_frequency: bool = False
) -> Floats:
    """Return BERTScore of n texts, (n, 3): precision, recall and their harmonic mean.

    Zhang, Kishore, Wu, Weinberger and Artzi, BERTScore: Evaluating Text Generation with BERT (ICLR 2020), as bert-score
    0.3 computes it. Precision is the mean cosine of each token of what was said to the nearest one of the right text,
    recall the other way round. Not rescaled by a baseline, so that most values lie in the upper part of [-1, 1]. A text
    without tokens has 0.

    Args:
        right: n right texts.
        said: n texts.
        encoder: What makes vectors of tokens.
        inverse_frequency: Whether a token weighs the less the more of the right texts have it.

    Example:
        >>> def letters(texts):
        ...     codes = [np.array([ord(letter) for letter in text]) for text in texts]
        ...     return [TokenVectors(tokens=c, vectors=np.eye(256)[c], counts=np.ones(len(c), bool)) for c in codes]
        >>> token_matching(["late"], ["lame"], letters).tolist()
        [[0.75, 0.75, 0.75]]
    """
    pairs = [pair for start in range(0, len(right), _AT_ONCE) for pair in _matched(right, said, encoder, start)]
    weights = _weights([there.tokens for there, _ in pairs]) if inverse_frequency else None
    found = np.array([[_mean(here, weights), _mean(there, weights)] for there, here in pairs]).reshape(-1, 2)
    empty = [not (len(there.tokens) and len(here.tokens)) for there, here in pairs]
    found[empty] = 0.0
    below = found.sum(axis=1)
    both = np.divide(2 * found.prod(axis=1), below, out=np.zeros_like(below), where=below != 0)
    return np.column_stack([found, both])


def _matched(
    right: Sequence[str], said: Sequence[str], encoder: EncodeTokens, start: int
) -> list[tuple[_Matched, _Matched]]:
    parts = [[*texts[start : start + _AT_ONCE]] for texts in (right, said)]
    once = list(dict.fromkeys([*parts[0], *parts[1]]))
    known = dict(zip(once, encoder(once), strict=True))
    return [_nearest(known[one], known[other]) for one, other in zip(*parts, strict=True)]


def _nearest(right: TokenVectors, said: TokenVectors) -> tuple[_Matched, _Matched]:
    cosines = _unit(right.vectors) @ _unit(said.vectors).T
    if not cosines.size:
        cosines = np.zeros((max(1, len(right.tokens)), max(1, len(said.tokens))))
    there, here = cosines.max(axis=1)[: len(right.tokens)], cosines.max(axis=0)[: len(said.tokens)]
    return (
        _Matched(tokens=right.tokens[right.counts], nearest=there[right.counts]),
        _Matched(tokens=said.tokens[said.counts], nearest=here[said.counts]),
    )


def _unit(vectors: npt.NDArray[np.float32]) -> Floats:
    wide = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0))


def _weights(texts: Sequence[npt.NDArray[np.int64]]) -> Callable[[int], float]:
    """Return the inverse document frequency of a token among the right texts, of n + 1 texts that have it or not."""
    having = Counter(token for tokens in texts for token in set(tokens.tolist()))
    return lambda token: log((len(texts) + 1) / (having[token] + 1))


def _mean(of: _Matched, weights: Callable[[int], float] | None) -> float:
    each = np.ones(len(of.tokens)) if weights is None else np.array([weights(token) for token in of.tokens.tolist()])
    total = each.sum()
    return float((of.nearest * each).sum() / total) if total else 0.0
