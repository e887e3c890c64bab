"""Who is right when raters disagree: the true labels and what every rater is like, inferred together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curation.review.held_out import HeldOut, hold_out, model_weights
from curation.review.pooled_raters import pooled_raters
from curation.review.typed_raters import typed_raters
from curation.review.vote_graph import vote_graph
from curation.review.votes import Floats, Votes

MODELS = [typed_raters, *(pooled_raters(weight=w, one_coin=coin) for coin in (False, True) for w in (4.0, 32.0))]


@dataclass(frozen=True, kw_only=True)
class RaterFit:
    """What the votes tell.

    Attributes:
        posterior: Shape (N, K), probability of each label for each record; rows sum to 1.
        weights: Shape (M,), how much each of `MODELS` counts.
        held: What they made of answers that they had not seen.
    """

    posterior: Floats
    weights: Floats
    held: HeldOut


def fit_raters(votes: Votes, *, lean: Floats | None = None, like: RaterFit | None = None) -> RaterFit:
    """Infer the labels under several models of raters, and average them by how well they foretell held-out answers.

    From "all raters are alike" to "everybody is of a type of their own", none is right for every crowd: what fits
    hundreds of raters with ten votes each trusts itself too far where there are two raters, and the other way
    round. Where answers cannot tell models apart, each counts alike, and what they differ in is not certain.

    Args:
        votes: Coded votes.
        lean: Shape (N, K), log of how much more likely each label is in this record than in general, before any
            vote; None for no opinion.
        like: A fit of the same votes, the weights of which are taken.
    """
    n, k = len(votes.records), len(votes.labels)
    if k < 2 or n == 0:
        nothing = HeldOut(label=np.zeros(0, int), beliefs=np.zeros((1, 0, k)), foretold=np.zeros((1, 0, k)))
        return RaterFit(posterior=np.ones((n, k)), weights=np.ones(1), held=nothing)
    held = hold_out(votes, MODELS) if like is None else like.held
    weights = model_weights(held)
    graph, offset = vote_graph(votes), np.zeros((n, k)) if lean is None else lean
    posterior = sum(weight * fit(graph, offset).posterior for weight, fit in zip(weights, MODELS, strict=True))
    return RaterFit(posterior=np.asarray(posterior), weights=weights, held=held)
