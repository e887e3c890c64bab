"""Raters of a few dozen types: who is right when they disagree, by belief propagation."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from curation.review.rater_model import DAMPING, ROUNDS, STILL, RaterModel, first_guess, frequencies
from curation.review.rater_types import favourite_labels, rater_types, type_prior
from curation.review.vote_graph import Graph
from curation.review.votes import Floats, Ints

_PRIOR_RATERS = 10.0  # how many raters the prior over types counts for


def typed_raters(graph: Graph, offset: Floats) -> RaterModel:
    """Infer the labels by belief propagation between records and raters.

    Each rater is of one of a few dozen types (confusion matrices, `rater_types`); how common each type is, is
    fitted to the votes. A rater's weight on one record comes from their other votes only, and uncertainty about raters
    is averaged over, not maximised: with two votes a record, that is what keeps it from trusting itself.
    Belief propagation for crowds: Liu, Peng and Ihler (2012, NeurIPS 25).
    """
    frequency, posterior = graph.shares, first_guess(graph)
    cavity, log_messages = posterior[graph.record], np.zeros((len(graph.record), len(frequency)))
    guess = _guesses(graph, posterior)
    favourites = favourite_labels(guess)
    common = prior = type_prior(rater_types(guess, favourites))
    heard = np.bincount(graph.reviewer, minlength=graph.reviewers) > 0
    for _ in range(ROUNDS):
        favourites = favourite_labels(guess, favourites)  # in place: what is believed of a type stays with it
        types = rater_types(guess, favourites)
        members = _members(graph, cavity, types, common)
        messages = _messages(graph, cavity, types, members)
        log_messages = DAMPING * log_messages + (1 - DAMPING) * np.log(messages)
        log_posterior = np.log(frequency) + offset + graph.to_records @ log_messages
        old, posterior = posterior, softmax(log_posterior, axis=1)
        cavity = softmax(log_posterior[graph.record] - log_messages, axis=1)
        common = members[heard].sum(axis=0) + _PRIOR_RATERS * prior
        common /= common.sum()
        frequency, guess = frequencies(graph, posterior), _guesses(graph, posterior)
        if np.abs(posterior - old).max() < STILL:
            break
    members[~heard] = common

    def chance(reviewer: Ints, label: Ints) -> Floats:
        found = np.empty((len(label), len(frequency)))
        for c in np.unique(label):
            found[label == c] = members[reviewer[label == c]] @ types[:, :, c]
        return found

    return RaterModel(posterior=posterior, chance=chance)


def _members(graph: Graph, cavity: Floats, types: Floats, common: Floats) -> Floats:
    """Return of which type each rater is, shape (R, T)."""
    likely = np.tile(np.log(common), (graph.reviewers, 1))
    for label, rows in graph.pieces(len(types)):
        reviewer = graph.reviewer[rows]
        starts = np.flatnonzero(np.diff(reviewer, prepend=-1))
        chance = cavity[rows] @ types[:, :, label].T
        likely[reviewer[starts]] += np.add.reduceat(np.log(chance, out=chance), starts, axis=0)
    return np.asarray(softmax(likely, axis=1))


def _messages(graph: Graph, cavity: Floats, types: Floats, members: Floats) -> Floats:
    """Return what every vote says of its record by the other votes of its rater, shape (V, K), up to a factor."""
    messages = np.empty_like(cavity)
    for label, rows in graph.pieces(len(types)):
        confusion = types[:, :, label]
        messages[rows] = (members[graph.reviewer[rows]] / (cavity[rows] @ confusion.T)) @ confusion
    return messages


def _guesses(graph: Graph, posterior: Floats) -> Floats:
    """Return what raters say who do not know the true label: mostly where everybody's errors go."""
    k = len(graph.shares)
    said = posterior.T @ graph.counts + 5 * graph.shares
    wrong = np.where(np.eye(k) > 0, 0.0, said)
    share = graph.shares[:, None]
    return np.asarray(np.where(np.eye(k) > 0, share, (1 - share) * wrong / wrong.sum(axis=1, keepdims=True)))
