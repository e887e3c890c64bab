"""The most probable choice of every unit, by the votes on it and by what its text lets expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from curation.review.consensus import Consensus, of_fit
from curation.review.cue_opinion import Opinion, cue_matrix, cue_opinion, shares
from curation.review.raters import MODELS, RaterFit, fit_raters
from curation.review.vote_graph import vote_graph
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
    readers of one unit agree, and where readers never differ, it is all. Where what texts let expect foretells the
    votes on other records no better than how frequent the choices are, texts play no part; and nowhere do they stand
    against three readers or more who all say the same.

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
    opinion = cue_opinion(matrix, fit.posterior, records, seed=seed)
    if (fit.posterior * _lean(opinion, fit.posterior)).sum() <= 0:
        return of_fit(coded, fit, "votes")
    believed, graph, quick = fit.posterior, vote_graph(coded), MODELS[int(np.argmax(fit.weights))]
    for _ in range(_ROUNDS - 1):  # one of the models of raters, the best, shows the way to all of them
        believed = quick(graph, _lean(opinion, believed)).posterior
        opinion = cue_opinion(matrix, believed, records, seed=seed, like=opinion)
    believed = fit_raters(coded, lean=_lean(opinion, believed), like=fit).posterior
    weight = _agreed(coded)
    pooled = _with_what_all_say(coded, weight * believed + (1 - weight) * opinion.expected, fit.posterior)
    return of_fit(coded, RaterFit(posterior=pooled, weights=fit.weights, held=fit.held), "votes and text")


def _lean(opinion: Opinion, believed: Floats) -> Floats:
    """Return log of how much likelier each choice is by its cues than in general, shape (N, K)."""
    return np.asarray(np.log(opinion.expected) - np.log(shares(believed)))


def _with_what_all_say(votes: Votes, pooled: Floats, by_votes: Floats) -> Floats:
    """Return the pooled beliefs, and those by votes alone where they are other than what three or more readers say."""
    counts = votes.counts()
    n = counts.sum(axis=1)
    overruled = (n > 2) & (counts.max(axis=1) == n) & (counts.argmax(axis=1) != pooled.argmax(axis=1))
    return np.where(overruled[:, None], by_votes, pooled)


def _agreed(votes: Votes) -> float:
    """Return the share of pairs of votes on one unit that are the same, in [0, 1]; 1 where no unit has two."""
    counts = votes.counts().astype(np.float64)
    n: Floats = counts.sum(axis=1)
    pairs = float((n * (n - 1)).sum())
    return float((counts * (counts - 1)).sum()) / pairs if pairs else 1.0
