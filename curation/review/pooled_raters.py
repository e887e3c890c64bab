"""Raters as variations on their crowd: the few votes of each are pooled with everybody's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.sparse import csr_array
from scipy.special import softmax

from curation.review.rater_model import DAMPING, ROUNDS, STILL, FitModel, RaterModel, first_guess, frequencies
from curation.review.vote_graph import Graph
from curation.review.votes import Floats, Ints

_KNOWN = 10.0  # votes on records of one label that count as much as what is known of all labels together


def pooled_raters(*, weight: float, one_coin: bool) -> FitModel:
    """Return a model in which a rater's confusions are those of the crowd until their own votes say otherwise.

    Every row of a rater's confusion matrix has a Dirichlet prior around the crowd's row, so that a rater who has n
    votes on records of a label is the crowd in `weight` of `weight + n` parts: Dawid and Skene's model (1979, Applied
    Statistics 28, 20-28) with partial pooling (Kim and Ghahramani 2012, AISTATS, 619-627). What a vote says of its
    own record is left out of what is known of its rater.

    Args:
        weight: How many votes of a rater on records of one label count as much as the crowd.
        one_coin: The crowd is right equally often on every label, its errors spread as labels are frequent; else each
            label has a row of its own, itself pooled with that.
    """
    return partial(_fit, weight=weight, one_coin=one_coin)


def _fit(graph: Graph, offset: Floats, *, weight: float, one_coin: bool) -> RaterModel:
    table, posterior = _Confusions.of(graph), first_guess(graph)
    frequency, log_messages = graph.shares, 0.0
    for at in range(ROUNDS):
        said = table.sums @ posterior
        seen = table.by_reviewer @ said
        crowd = _crowd(table, said, one_coin)
        own = posterior[graph.record]
        mixed = weight * crowd[:, graph.label].T + np.maximum(said[table.pair] - own, 0.0)
        messages = np.log(mixed / (weight + np.maximum(seen[graph.reviewer] - own, 0.0)))
        log_messages = messages if at == 0 else DAMPING * log_messages + (1 - DAMPING) * messages
        old, posterior = posterior, softmax(np.log(frequency) + offset + graph.to_records @ log_messages, axis=1)
        frequency = frequencies(graph, posterior)
        if np.abs(posterior - old).max() < STILL:
            break

    def chance(reviewer: Ints, label: Ints) -> Floats:
        return np.asarray((weight * crowd[:, label].T + table.at(said, reviewer, label)) / (weight + seen[reviewer]))

    return RaterModel(posterior=posterior, chance=chance)


@dataclass(frozen=True, kw_only=True)
class _Confusions:
    """Where expected confusions are summed: a row for each pair of a reviewer and a label that they said.

    Attributes:
        pairs: Shape (P,), reviewer x K + label, ascending.
        pair: Shape (V,), the pair of every vote.
        sums: Shape (P, N), sums records by pair.
        by_reviewer: Shape (R, P), sums pairs by reviewer.
        by_label: Shape (K, P), sums pairs by label.
        shares: Shape (K,), how often each label is said.
    """

    pairs: Ints
    pair: Ints
    sums: csr_array
    by_reviewer: csr_array
    by_label: csr_array
    shares: Floats

    @classmethod
    def of(cls, graph: Graph) -> _Confusions:
        n, k = graph.counts.shape
        pairs, pair = np.unique(graph.reviewer * k + graph.label, return_inverse=True)
        ones, each = np.ones(len(pairs)), np.arange(len(pairs))
        return cls(
            pairs=pairs,
            pair=pair,
            sums=csr_array((np.ones(len(pair)), (pair, graph.record)), shape=(len(pairs), n)),
            by_reviewer=csr_array((ones, (pairs // k, each)), shape=(graph.reviewers, len(pairs))),
            by_label=csr_array((ones, (pairs % k, each)), shape=(k, len(pairs))),
            shares=graph.shares,
        )

    def at(self, said: Floats, reviewer: Ints, label: Ints) -> Floats:
        """Return the rows of `said` of votes, zeros for what a reviewer never said."""
        wanted = reviewer * len(self.shares) + label
        place = np.minimum(np.searchsorted(self.pairs, wanted), len(self.pairs) - 1)
        return np.where((self.pairs[place] == wanted)[:, None], said[place], 0.0)


def _crowd(table: _Confusions, said: Floats, one_coin: bool) -> Floats:
    """Return what the crowd says for each true label, shape (K true, K said), rows summing to 1."""
    confusion = (table.by_label @ said).T
    k = len(confusion)
    right = (np.trace(confusion) + 1) / (confusion.sum() + 2)
    wrong = np.where(np.eye(k) > 0, 0.0, table.shares)
    coin = right * np.eye(k) + (1 - right) * wrong / wrong.sum(axis=1, keepdims=True)
    if one_coin:
        return np.asarray(coin)
    whole = confusion + _KNOWN * coin
    return np.asarray(whole / whole.sum(axis=1, keepdims=True))
