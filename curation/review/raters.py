"""Who is right when raters disagree: the true labels and what kind of rater everybody is, inferred together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit, logsumexp, softmax

from curation.review.rater_types import rater_types, type_prior
from curation.review.votes import Floats, Ints, Votes

_ROUNDS = 60
_DAMPING = 0.3  # share of the old message kept: without it, messages between few votes can swing
_PRIOR_RATERS = 10.0  # how many raters the prior over types counts for
_STILL = 1e-3  # largest change of a probability at which messages have settled
_CELLS = 20_000_000  # votes x types held at once


@dataclass(frozen=True, kw_only=True)
class RaterFit:
    """What the votes tell.

    Attributes:
        posterior: Shape (N, K), probability of each label for each record; rows sum to 1.
        balanced: In [0, 1], how sure it is that all labels are equally frequent.
    """

    posterior: Floats
    balanced: float


def fit_raters(votes: Votes, *, lean: Floats | None = None) -> RaterFit:
    """Infer the labels by belief propagation between records and raters.

    Each rater is of one of a few dozen types (confusion matrices, `rater_types`); how common each type is, is
    fitted to the votes. A rater's weight on one record comes from their other votes only, and uncertainty about raters
    is averaged over, not maximised: with two votes a record, that is what keeps it from trusting itself.
    Belief propagation for crowds: Liu, Peng and Ihler (2012, NeurIPS 25).

    Votes hardly tell a frequent label from a habit to say it, so the labels' frequencies are both fitted and
    taken as equal, and the two answers averaged by their evidence (BIC weights; Raftery 1995, Sociological
    Methodology 25, 111-163).

    Args:
        votes: Coded votes.
        lean: Shape (N, K), log of how much more likely each label is in this record than in general, before any
            vote; None for no opinion.
    """
    n, k = len(votes.records), len(votes.labels)
    if k < 2 or n == 0:
        return RaterFit(posterior=np.ones((n, k)), balanced=0.0)
    graph = _graph(votes)
    offset = np.zeros((n, k)) if lean is None else lean
    fitted, equal = (_propagate(graph, offset, learn=learn) for learn in (True, False))
    penalty = 0.5 * (k - 1) * np.log(n)
    balanced = float(expit(equal.evidence - fitted.evidence + penalty))
    posterior = balanced * equal.posterior + (1 - balanced) * fitted.posterior
    return RaterFit(posterior=posterior, balanced=balanced)


@dataclass(frozen=True, kw_only=True)
class _Graph:
    """Votes sorted by reviewer; `to_records` sums them by record; `blocks` are runs of whole reviewers."""

    record: Ints
    reviewer: Ints
    label: Ints
    to_records: csr_array
    starts: Ints
    shares: Floats
    counts: Floats

    def blocks(self, types: int) -> Iterator[tuple[slice, Ints]]:
        """Yield runs of whole reviewers, as a slice of votes and where in it each reviewer starts."""
        ends = np.append(self.starts[1:], len(self.record))
        first = 0
        while first < len(self.starts):
            room = self.starts[first] + max(_CELLS // types, 1)
            last = max(int(np.searchsorted(ends, room, side="right")), first + 1)
            begin = self.starts[first]
            yield slice(begin, ends[last - 1]), self.starts[first:last] - begin
            first = last


def _graph(votes: Votes) -> _Graph:
    order = _order(votes)
    record, reviewer = votes.record[order], votes.reviewer[order]
    v, counts = len(order), votes.counts().astype(float)
    return _Graph(
        record=record,
        reviewer=reviewer,
        label=votes.label[order],
        to_records=csr_array((np.ones(v), (record, np.arange(v))), shape=(len(counts), v)),
        starts=np.flatnonzero(np.append(True, np.diff(reviewer) != 0)),
        shares=(counts.sum(axis=0) + 1) / (v + counts.shape[1]),
        counts=counts,
    )


def _order(votes: Votes) -> Ints:
    """Order votes by reviewer, the reviewers by what they said: names decide nothing, not even a sum's last digit."""
    order = np.lexsort((votes.record, votes.reviewer))
    said = np.stack([votes.record[order], votes.label[order]], axis=1)
    parts = np.split(np.arange(len(order)), np.flatnonzero(np.diff(votes.reviewer[order])) + 1)
    ordered: Ints = order[np.concatenate(sorted(parts, key=lambda part: said[part].tobytes()))]
    return ordered


@dataclass(frozen=True, kw_only=True)
class _State:
    posterior: Floats
    evidence: float


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """What raters say back: a message for every vote, (V, K), the types' mean membership, the raters' evidence."""

    messages: Floats
    members: Floats
    evidence: float


def _propagate(graph: _Graph, offset: Floats, *, learn: bool) -> _State:
    k = graph.counts.shape[1]
    frequency = np.full(k, 1 / k)
    posterior = (graph.counts + 1) / (graph.counts + 1).sum(axis=1, keepdims=True)
    cavity, log_messages = posterior[graph.record], np.zeros((len(graph.record), k))
    types = rater_types(_guesses(graph, posterior))
    common = prior = type_prior(types)
    for _ in range(_ROUNDS):
        heard = _hear(graph, cavity, types, common)
        log_messages = _DAMPING * log_messages + (1 - _DAMPING) * np.log(heard.messages)
        before = softmax(np.log(frequency) + offset, axis=1)
        log_posterior = np.log(before) + graph.to_records @ log_messages
        old, posterior = posterior, softmax(log_posterior, axis=1)
        cavity = softmax(log_posterior[graph.record] - log_messages, axis=1)
        if learn:
            frequency = frequency * (posterior.sum(axis=0) + 0.5) / (before.sum(axis=0) + 0.5)
            frequency /= frequency.sum()
        common = heard.members + _PRIOR_RATERS * prior
        common /= common.sum()
        types = rater_types(_guesses(graph, posterior))
        if np.abs(posterior - old).max() < _STILL:
            break
    # The Bethe free energy: what records and raters make of the votes, each vote counted once.
    records = logsumexp(np.log(before) + graph.to_records @ np.log(heard.messages), axis=1).sum()
    counted_twice = np.log((cavity * heard.messages).sum(axis=1)).sum()
    kinds = _PRIOR_RATERS * (prior @ np.log(common))
    return _State(posterior=posterior, evidence=float(records + heard.evidence - counted_twice + kinds))


def _hear(graph: _Graph, cavity: Floats, types: Floats, common: Floats) -> _Heard:
    messages = np.empty_like(cavity)
    members, evidence = np.zeros(len(types)), 0.0
    for block, starts in graph.blocks(len(types)):
        label = graph.label[block]
        said = np.empty((len(label), len(types)))
        groups = [(c, np.flatnonzero(label == c)) for c in np.unique(label)]
        for c, rows in groups:
            said[rows] = np.log(cavity[block][rows] @ types[:, :, c].T)
        whole = np.add.reduceat(said, starts, axis=0) + np.log(common)
        total = logsumexp(whole, axis=1)
        members += np.exp(whole - total[:, None]).sum(axis=0)
        evidence += total.sum()
        sizes = np.diff(np.append(starts, len(label)))
        others = softmax(np.repeat(whole, sizes, axis=0) - said, axis=1)
        out = messages[block]
        for c, rows in groups:
            out[rows] = others[rows] @ types[:, :, c]
    return _Heard(messages=messages, members=members, evidence=evidence)


def _guesses(graph: _Graph, posterior: Floats) -> Floats:
    """Return what raters say who do not know the true label: mostly where everybody's errors go."""
    k = len(graph.shares)
    said = posterior.T @ graph.counts + 5 * graph.shares
    wrong = np.where(np.eye(k) > 0, 0.0, said)
    share = graph.shares[:, None]
    return np.asarray(np.where(np.eye(k) > 0, share, (1 - share) * wrong / wrong.sum(axis=1, keepdims=True)))
