"""What every model of raters has in common: what goes in, what comes out, and how frequent labels are taken to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from curation.review.vote_graph import Graph
from curation.review.votes import Floats, Ints

ROUNDS = 60
DAMPING = 0.3  # share of the old message kept: without it, messages between few votes can swing
STILL = 1e-3  # largest change of a probability at which messages have settled


@dataclass(frozen=True, kw_only=True)
class RaterModel:
    """Labels and raters, as one model sees them.

    Attributes:
        posterior: Shape (N, K), probability of each label for each record; rows sum to 1.
        chance: Of votes, given as reviewers and labels said, shape (V,) each: the probability of that vote for
            every true label, shape (V, K).
    """

    posterior: Floats
    chance: Callable[[Ints, Ints], Floats]


FitModel: TypeAlias = Callable[[Graph, Floats], RaterModel]
"""Fits a model to votes and to an offset, shape (N, K): log of how much likelier each label is in a record than in
general, before any vote."""


def frequencies(graph: Graph, posterior: Floats) -> Floats:
    """Return how frequent each label is taken to be, shape (K,).

    Votes hardly tell a rare label that is often missed from one that is often said by mistake: fitted by likelihood
    alone, a label that people are unsure of may vanish. So what the records are believed to be counts half, and how
    often readers say each label, which is right where their errors balance, the other half.
    """
    return np.asarray((posterior.mean(axis=0) + graph.shares) / 2)


def first_guess(graph: Graph) -> Floats:
    """Return the shares of the votes, shape (N, K), no label at 0."""
    return np.asarray((graph.counts + 1) / (graph.counts + 1).sum(axis=1, keepdims=True))
