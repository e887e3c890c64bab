"""Belief propagation between records and raters, against the same sums written out vote by vote."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

from curation.review.rater_model import DAMPING, ROUNDS, STILL, first_guess, frequencies
from curation.review.rater_types import rater_types, type_prior
from curation.review.typed_raters import typed_raters
from curation.review.vote_graph import Graph, vote_graph
from curation.review.votes import Floats, read_votes


def drawn(labels: str, *, records: int, readers: int, each: int) -> Graph:
    """Draw votes of readers who are right six times in ten, and otherwise say any label."""
    rng, rows = np.random.default_rng(0), []
    for i in range(records):
        for reader in rng.choice(readers, each, replace=False):
            label = labels[i % len(labels)] if rng.random() < 0.6 else str(rng.choice(list(labels)))
            rows.append((f"r{i:03}", f"w{reader}", label))
    return vote_graph(read_votes(rows))


def vote_by_vote(graph: Graph) -> Floats:
    """Return the posterior for two labels, of which the types of raters are known beforehand."""
    types, frequency, posterior = rater_types(np.eye(2), np.arange(2)), graph.shares, first_guess(graph)
    common = prior = type_prior(types)
    votes = list(zip(graph.record, graph.reviewer, graph.label, strict=True))
    cavity, sent = [posterior[record] for record, _, _ in votes], np.zeros((len(votes), 2))
    for _ in range(ROUNDS):
        likely = [types[:, :, label] @ cavity[v] for v, (_, _, label) in enumerate(votes)]
        said = {who: [v for v, vote in enumerate(votes) if vote[1] == who] for who in set(graph.reviewer)}
        for v, (_, who, label) in enumerate(votes):
            others = common * prod((likely[other] for other in said[who] if other != v), start=np.ones(len(types)))
            sent[v] = DAMPING * sent[v] + (1 - DAMPING) * np.log(others / others.sum() @ types[:, :, label])
        told = [[v for v, vote in enumerate(votes) if vote[0] == i] for i in range(len(posterior))]
        old, odds = posterior, np.array([frequency * np.exp(sent[of].sum(axis=0)) for of in told])
        posterior = odds / odds.sum(axis=1, keepdims=True)
        cavity = [odds[record] / np.exp(sent[v]) for v, (record, _, _) in enumerate(votes)]
        cavity = [each / each.sum() for each in cavity]
        whole = [common * prod(likely[v] for v in of) for of in said.values()]
        common = sum((each / each.sum() for each in whole), start=10 * prior)
        common, frequency = common / common.sum(), frequencies(graph, posterior)
        if np.abs(posterior - old).max() < STILL:
            break
    return posterior


@pytest.mark.parametrize(("readers", "each"), [(2, 2), (3, 3), (12, 2), (12, 4)])
def test_a_vote_is_weighed_by_what_its_rater_said_of_other_records(readers: int, each: int) -> None:
    graph = drawn("ab", records=30, readers=readers, each=each)
    found = typed_raters(graph, np.zeros_like(graph.counts)).posterior
    assert found == pytest.approx(vote_by_vote(graph), abs=1e-9)


@pytest.mark.parametrize("labels", ["ab", "abcde"])
def test_how_many_votes_are_held_at_once_changes_nothing(labels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = drawn(labels, records=60, readers=7, each=3)
    at_once = typed_raters(graph, np.zeros_like(graph.counts)).posterior
    monkeypatch.setattr("curation.review.vote_graph._CELLS", 1000)
    assert max(len(rows) for _, rows in graph.pieces(100)) == 10
    assert typed_raters(graph, np.zeros_like(graph.counts)).posterior == pytest.approx(at_once, abs=1e-12)


def test_who_says_a_label_is_taken_for_somebody_who_says_it_where_labels_are_equally_frequent() -> None:
    votes = [("m1", "ann", "late"), ("m1", "ben", "refund"), ("m2", "cem", "other"), ("m2", "dot", "other")]
    graph = vote_graph(read_votes(votes, ["late", "other", "refund"]))
    chance = typed_raters(graph, np.zeros_like(graph.counts)).chance
    late, refund = (chance(np.array([0, 1]), np.full(2, label))[:, 1] for label in (0, 2))
    assert late[0] > refund[0]
    assert late[1] < refund[1]
    assert late.tolist() == pytest.approx(refund[::-1].tolist())
