"""The most probable choice of every unit, by the votes on it and by what its text lets expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from curation.review.consensus import Consensus, of_fit
from curation.review.cue_opinion import cue_matrix, cue_opinion
from curation.review.raters import RaterFit, fit_raters
from curation.review.vote_tables import VoteTable
from curation.review.votes import Floats, Votes, read_votes
from evaluation.columns import Column
from evaluation.settings import check_whole

_ROUNDS = 4


def cued_consensus(
    votes: VoteTable,
    *,
    cues: Mapping[str, Sequence[str]],
    group: Mapping[str, str],
    labels: Column | None = None,
    seed: int = 0,
) -> Consensus:
    """Infer the choice of every unit from its votes and its cues, and how good each reviewer is.

    What cues let expect is learnt from what is believed of other records (`cue_opinion`), what is believed from that
    and the votes (`fit_raters`), in turns. In the end there are two opinions of every unit: what its text lets expect,
    which has not heard the unit's own readers, and what the votes make of that, which takes readers for independent
    of each other. They are not: who reads the same passage is led astray alike. So the opinions are pooled (a linear
    opinion pool: Stone 1961, Annals of Mathematical Statistics 32, 1339-1342); the votes' weighs as much as two
    readers of one unit agree, and where readers never differ, it is all.

    Args:
        votes: Table `record_id, reviewer, label` of units (see `read_votes`).
        cues: What is seen of every unit, in short words, by its id.
        group: The record of every unit, by its id.
        labels: All possible choices; by default those used, sorted.
        seed: Of the parts of the records that are judged by the others.

    Raises:
        ValueError: A bad vote table.
    """
    check_whole(seed, "seed")
    coded = read_votes(votes, labels)
    fit = fit_raters(coded)
    if len(coded.records) < 2 or len(coded.labels) < 2:
        return of_fit(coded, fit, "votes")
    records = np.unique([group[unit] for unit in coded.records], return_inverse=True)[1]
    matrix = cue_matrix([cues[unit] for unit in coded.records])
    believed = fit
    for _ in range(_ROUNDS):
        expected = cue_opinion(matrix, believed.posterior, records, seed=seed)
        lean = np.log(expected) - np.log(np.maximum(believed.posterior.mean(axis=0), 1e-9))
        believed = fit_raters(coded, lean=lean, like=fit)
    weight = _agreed(coded)
    pooled = weight * believed.posterior + (1 - weight) * expected / expected.sum(axis=1, keepdims=True)
    return of_fit(coded, RaterFit(posterior=pooled, weights=fit.weights, held=fit.held), "votes and text")


def _agreed(votes: Votes) -> float:
    """Return the share of pairs of votes on one unit that are the same, in [0, 1]; 1 where no unit has two."""
    counts = votes.counts().astype(np.float64)
    n: Floats = counts.sum(axis=1)
    pairs = float((n * (n - 1)).sum())
    return float((counts * (counts - 1)).sum()) / pairs if pairs else 1.0
