"""What each record's label ought to be, told from the records that can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from curation.quality.class_gaussians import gaussian_log_odds
from curation.quality.folds import stratified_folds
from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.nearest import NearestNeighbours
from curation.quality.neighbour_vote import vote_log_odds
from curation.quality.noise_channel import given_for_true, posterior
from curation.quality.opinion_pool import pool
from curation.quality.word_bayes import bayes_log_odds, word_weights

View = Callable[[FloatArray, IntArray], FloatArray]

_FOLDS = 5
_ROUNDS = 5
# Held-out accuracy that the flexible views must add before they are preferred, see `label_model`.
_WORTH = 0.02


@dataclass(frozen=True, kw_only=True)
class LabelModel:
    """What the texts say about the labels.

    Attributes:
        probs: (n, k) probability of each label from the text alone, the record's own label unseen.
        right: (n,) how likely the given label is the right one, in [0, 1].
    """

    probs: FloatArray
    right: FloatArray


def label_model(
    codes: IntArray,
    k: int,
    *,
    texts: Sequence[str] | None,
    vectors: FloatArray | None,
    graph: NearestNeighbours | None,
    given: FloatArray | None,
    seed: int,
) -> LabelModel:
    """Choose between a simple and a flexible model of the labels, and let it judge them.

    People err by rule (they take a story about a company's lawsuit for business), and a flexible model learns
    the rule with the labels: it then believes the errors. A simple model cannot, but fits only labels that
    each fill one region. So the flexible one is taken only where it predicts held-out labels better by
    `_WORTH`.
    """
    fixed = [] if given is None else [np.log(np.maximum(given, 1e-12))]
    simple = _simple_views(codes, k, texts=texts, vectors=vectors)
    flexible = _flexible_views(codes, k, vectors=vectors, graph=graph, seed=seed)
    plain = np.ones(len(codes))
    folds = stratified_folds(codes, folds=_FOLDS, seed=seed)
    if not simple:
        return _by_margin(pool(fixed, codes, plain), codes)
    easy = pool([*(view(plain, folds) for view in simple), *fixed], codes, plain)
    if flexible:
        hard = pool([*(view(plain, folds) for view in flexible), *fixed], codes, plain)
        if _accuracy(hard, codes) > _accuracy(easy, codes) + _WORTH:
            return _by_margin(hard, codes)
    return _by_channel(easy, codes, simple, fixed, seed)


def _by_margin(probs: FloatArray, codes: IntArray) -> LabelModel:
    """How far the given label stands above the best other one, from 0 (far below) to 1."""
    rows = np.arange(len(codes))
    own = probs[rows, codes]
    others = probs.copy()
    others[rows, codes] = 0
    return LabelModel(probs=probs, right=(1 + own - others.max(axis=1)) / 2)


def _by_channel(
    probs: FloatArray, codes: IntArray, views: Sequence[View], fixed: Sequence[FloatArray], seed: int
) -> LabelModel:
    """Expectation maximisation: trust each record as far as its label is likely right, refit, ask again."""
    rows = np.arange(len(codes))
    right = posterior(probs, codes, given_for_true(probs, codes))[rows, codes]
    for turn in range(1, _ROUNDS):
        folds = stratified_folds(codes, folds=_FOLDS, seed=seed + turn)
        probs = pool([*(view(right, folds) for view in views), *fixed], codes, right)
        right = posterior(probs, codes, given_for_true(probs, codes))[rows, codes]
    return LabelModel(probs=probs, right=right)


def _simple_views(
    codes: IntArray, k: int, *, texts: Sequence[str] | None, vectors: FloatArray | None
) -> list[View]:
    views: list[View] = []
    if vectors is not None:
        views.append(lambda trust, fold: gaussian_log_odds(vectors, codes, trust, fold, k))
    words = None if texts is None else word_weights(texts)
    if words is not None:
        views.append(lambda trust, fold: bayes_log_odds(words, codes, trust, fold, k))
    return views


def _flexible_views(
    codes: IntArray, k: int, *, vectors: FloatArray | None, graph: NearestNeighbours | None, seed: int
) -> list[View]:
    if vectors is None or graph is None:
        return []
    return [
        lambda trust, fold: vote_log_odds(graph, codes, trust, k),
        lambda trust, fold: np.log(_linear(vectors, codes, k, seed)),
    ]


def _linear(vectors: FloatArray, codes: IntArray, k: int, seed: int) -> FloatArray:
    from training import out_of_fold

    return out_of_fold(vectors, codes, n_classes=k, folds=_FOLDS, seed=seed, inverse_regularization=10.0)


def _accuracy(probs: FloatArray, codes: IntArray) -> float:
    return float((probs.argmax(axis=1) == codes).mean())
