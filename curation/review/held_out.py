"""How well models foretell the answers of readers whom they have not heard on that record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from curation.review.rater_model import FitModel, RaterModel
from curation.review.vote_graph import reordered, taken, vote_graph
from curation.review.votes import Floats, Ints, Votes

_FOLDS = 5
_ENOUGH = 2000  # held-out answers after which no further fold is fitted: many votes cost one more fit, no more
_STEPS = 300


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Answers that were held out, H of them, and what M models make of their records without them.

    Attributes:
        label: Shape (H,), what was said.
        beliefs: Shape (M, H, K), probability of each label of the record.
        foretold: Shape (M, H, K), probability that this reader says each label.
    """

    label: Ints
    beliefs: Floats
    foretold: Floats


def hold_out(votes: Votes, models: Sequence[FitModel]) -> HeldOut:
    """Fit the models without one answer of some records, then without one of others, and so on.

    No record is asked about twice, and every record with two answers is, unless there are thousands.
    """
    k, found = len(votes.labels), []
    for rest, out in _folds(reordered(votes)):
        graph = vote_graph(rest)
        fits = [fit(graph, np.zeros_like(graph.counts)) for fit in models]
        foretold = np.stack([_foretold(fit, out, k) for fit in fits])
        beliefs = np.stack([fit.posterior[out.record] for fit in fits])
        found.append(HeldOut(label=out.label, beliefs=beliefs, foretold=foretold))
    nothing = np.zeros((len(models), 0, k))
    return HeldOut(
        label=np.concatenate([np.zeros(0, dtype=np.int64), *(one.label for one in found)]),
        beliefs=np.concatenate([nothing, *(one.beliefs for one in found)], axis=1),
        foretold=np.concatenate([nothing, *(one.foretold for one in found)], axis=1),
    )


def model_weights(held: HeldOut) -> Floats:
    """Return how much each model counts, shape (M,), sums to 1.

    The mixture under which the held-out answers are likeliest (stacking of predictive distributions: Yao, Vehtari,
    Simpson and Gelman 2018, Bayesian Analysis 13, 917-1007), with one answer for each model added: where answers do
    not tell models apart, they count alike.
    """
    likely = held.foretold[:, np.arange(len(held.label)), held.label]
    weights = np.full(len(likely), 1 / len(likely))
    for _ in range(_STEPS if likely.size else 0):
        share = weights[:, None] * likely
        weights = (share / share.sum(axis=0)).sum(axis=1) + 1
        weights /= weights.sum()
    return weights


def _folds(votes: Votes) -> Iterator[tuple[Votes, Votes]]:
    """Yield all votes but a few, and these: one of each record of a random part of those with two."""
    rng = np.random.default_rng(0)
    size = np.bincount(votes.record, minlength=len(votes.records))
    by_record = np.argsort(votes.record, kind="stable")
    picked = (np.cumsum(size) - size + rng.random(len(size)) * size).astype(np.int64)
    records = rng.permutation(np.flatnonzero(size >= 2))
    for fold in range(min(_FOLDS, len(records))):
        out = np.zeros(len(votes.record), dtype=np.bool_)
        out[by_record[picked[records[fold::_FOLDS]]]] = True
        yield taken(votes, ~out), taken(votes, out)
        if len(records) * (fold + 1) >= _ENOUGH * _FOLDS:
            return


def _foretold(model: RaterModel, out: Votes, k: int) -> Floats:
    belief = model.posterior[out.record]
    said = [model.chance(out.reviewer, np.full(len(out.record), c)) for c in range(k)]
    return np.stack([(belief * each).sum(axis=1) for each in said], axis=1)
