"""How likely each option is the best of its record, by what all other records say: out of fold.

An order is taken for choices of the best among the options that are left (Plackett 1975), whose scores are linear in
what is known of a record, or of the texts that are the options.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from curation.quality.folds import split
from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.text_blocks import blocks_of_texts, scaled, word_topics
from evaluation.orders import Choices, order_likelihood

PENALTIES = tuple(10.0**power for power in range(-2, 3))  # of which the one that foretells best is kept
_FOLDS = 5
_FREE = 0.01  # penalty of the average order, so that an option that is always the best has a score, too
_STEPS = 200  # of the solver
_FARTHEST = 500.0  # of scores apart: beyond it, one option is as good as never chosen


@dataclass(frozen=True, kw_only=True)
class Features:
    """What the scores of the k options of n records are linear in.

    Attributes:
        table: (n, d) of the records, where every option has slopes of its own, the first column being ones; or
            (n k, d) of the options' own texts, which share theirs, the first k columns saying which option it is.
        k: Number of options.
        of_texts: Whether it is the latter.
        groups: n of what belongs together and is held out together, such as copies of a text.
        note: what to know of them, in words; empty where there is nothing to say.
    """

    table: Any
    k: int
    of_texts: bool
    groups: Sequence[Hashable]
    note: str = ""

    @property
    def free(self) -> int:
        """How many of the first columns say nothing of the record."""
        return self.k if self.of_texts else 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the slopes."""
        d = self.table.shape[1]
        return (d,) if self.of_texts else (d, self.k)

    @property
    def average(self) -> Features:
        """Those of the average order alone."""
        return replace(self, table=self.table[:, : self.free])

    def of(self, rows: Any) -> Features:
        """Return those of some records, by a mask."""
        return replace(self, table=self.table[np.repeat(rows, self.k) if self.of_texts else rows])

    def scores(self, slopes: FloatArray) -> FloatArray:
        """Return (n, k) scores."""
        return np.asarray((self.table @ slopes).reshape(-1, self.k))

    def back(self, by_score: FloatArray) -> FloatArray:
        """Return what a change of the slopes does, by what one of the (n, k) scores does."""
        return np.asarray(self.table.T @ (by_score.ravel() if self.of_texts else by_score))


def of_records(texts: Sequence[str] | None, vectors: FloatArray | None, *, n: int, k: int, seed: int) -> Features:
    """Return features of records of one text each, and of their embeddings."""
    words = np.zeros((n, 0)) if texts is None else word_topics(texts, seed)
    blocks = [csr_array(block) for block in (vectors, words) if block is not None and block.shape[1]]
    table = np.hstack([np.ones((n, 1)), *(scaled(block).toarray() for block in blocks)])
    return Features(table=table, k=k, of_texts=False, groups=range(n) if texts is None else texts)


def of_texts(texts: Sequence[Sequence[str]], *, seed: int) -> Features:
    """Return features of k texts a record, less their mean over the record, which no order depends on."""
    rows = np.array([list(record) for record in texts], dtype=object)
    n, k = rows.shape
    blocks = []
    for sides in blocks_of_texts(rows.T, seed):
        mean = sum(csr_array(side) for side in sides) / k
        apart = np.stack([(csr_array(side) - mean).toarray() for side in sides], axis=1)
        blocks.append(scaled(csr_array(apart.reshape(n * k, -1))))
    table = np.hstack([np.tile(np.eye(k), (n, 1)), *(block.toarray() for block in blocks)])
    return Features(table=table, k=k, of_texts=True, groups=[tuple(sorted(record)) for record in rows.tolist()])


def group_folds(groups: Sequence[Hashable], seed: int) -> IntArray:
    """Return (n,) fold numbers; what is of one group is held out together."""
    place: dict[Hashable, int] = {}
    at = np.array([place.setdefault(group, len(place)) for group in groups], dtype=np.intp)
    return np.asarray((np.random.default_rng(seed).permutation(len(place)) % _FOLDS)[at])


def chances(features: Features, ranks: IntArray, trust: FloatArray, fold: IntArray, penalty: float) -> FloatArray:
    """Return (n, k) how likely each option is the best, by the records of the other folds; rows sum to one.

    Args:
        features: of n records.
        ranks: (n, k) their orders, 1 the best.
        trust: (n,) weights of the records, in [0, 1].
        fold: (n,) fold numbers.
        penalty: on the slopes of all but the average order.
    """
    found = np.full(ranks.shape, 1 / ranks.shape[1])
    for train, held_out in split(fold):
        if train.any() and held_out.any():
            slopes = _slopes(features.of(train), ranks[train], trust[train], penalty)
            found[held_out] = _softmax(features.of(held_out).scores(slopes))
    return found


def best_penalty(features: Features, ranks: IntArray, fold: IntArray) -> float:
    """Return the penalty under which orders are foretold best."""
    trust = np.ones(len(ranks))
    found = {p: float(log_likelihood(chances(features, ranks, trust, fold, p), ranks).sum()) for p in PENALTIES}
    return max(found, key=lambda penalty: found[penalty])


def log_likelihood(probs: FloatArray, ranks: IntArray) -> FloatArray:
    """Return (n,) the logarithm of `order_likelihood`, of which there is always some."""
    return np.asarray(np.log(np.maximum(order_likelihood(probs, ranks), 1e-300)))


def _softmax(scores: FloatArray) -> FloatArray:
    found = np.exp(np.maximum(scores - scores.max(axis=1, keepdims=True), -_FARTHEST))
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _slopes(features: Features, ranks: IntArray, trust: FloatArray, penalty: float) -> FloatArray:
    """Return the slopes that make the orders likeliest, weighed by trust."""
    from scipy.optimize import minimize

    held = np.full(features.shape, penalty)
    held[: features.free] = _FREE
    choices = Choices.of(ranks)

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        at = flat.reshape(features.shape)
        each, by_score = choice_losses(choices, features.scores(at))
        value = float((trust * each).sum() + (held * at * at).sum() / 2)
        return value, np.asarray(features.back(trust[:, None] * by_score) + held * at).ravel()

    start = np.zeros(int(np.prod(features.shape)))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    return np.asarray(found.x.reshape(features.shape))


def choice_losses(choices: Choices, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (n,) losses of orders in nats, and (n, k) their slopes by score.

    Args:
        choices: the orders.
        scores: (n, k) of the options; the chance to be the best goes with their exponentials.
    """
    by_place = np.take_along_axis(scores, choices.order, axis=1)
    by_place = np.maximum(by_place - by_place.max(axis=1, keepdims=True), -_FARTHEST)
    weight = np.exp(by_place)
    left = choices.left(weight)
    once, gone = (1 / left).cumsum(axis=1), (choices.gone / left).cumsum(axis=1)
    before = np.take_along_axis(np.column_stack([np.zeros(len(gone)), gone]), choices.first, axis=1)
    often = np.take_along_axis(once - gone, choices.last, axis=1) + before
    slopes = np.empty_like(scores)
    np.put_along_axis(slopes, choices.order, weight * often - 1, axis=1)
    return np.asarray((np.log(left) - by_place).sum(axis=1)), slopes
