"""The consensus on every two options that readers put in order, and what readers of orders are in the habit of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from curation.review.consensus import Consensus, consensus
from curation.review.order_votes import of_unit
from curation.review.reviewers import ENOUGH, HABIT, expected_confusions
from curation.review.vote_tables import VoteTable
from curation.review.votes import Floats, Ints, Votes, read_votes
from curation.tasks.orders import ABOVE, BELOW, LEVEL
from evaluation.columns import Column
from evaluation.intervals import wilson_interval

_CHOICES = (ABOVE, BELOW, LEVEL)


def pair_consensus(votes: VoteTable, *, labels: Column | None = None, seed: int = 0, **known: Any) -> Consensus:
    """Infer which of every two options is above the other; takes what `consensus` takes, for choices of orders.

    A reader who puts everything upside down is of use: their choices say the reverse (`consensus` learns what each
    reader says for what). `reviewers` has habits in words of orders in place of those of labels.

    Raises:
        ValueError: As `consensus`.
    """
    found = consensus(votes, labels=_CHOICES if labels is None else labels, seed=seed, **known)
    coded = read_votes(votes, found.labels)
    if not coded.records:
        return found
    posterior = np.stack([found.posteriors[unit] for unit in coded.records])
    habits = pa.array(_habits(coded, posterior), pa.string())
    place = found.reviewers.schema.get_field_index("habit")
    return replace(found, reviewers=found.reviewers.set_column(place, "habit", habits))


def _habits(coded: Votes, posterior: Floats) -> list[str | None]:
    """Return what stands out of every reader: orders that are upside down before anything else."""
    against, compared = _against_the_others(coded)
    order = [coded.labels.index(choice) for choice in _CHOICES]
    chosen = np.eye(len(order))[posterior.argmax(axis=1)]  # a little doubt of every pair is no pair that is level
    confusion = expected_confusions(coded, chosen)[:, order][:, :, order]
    return [
        _upside_down(int(n), int(of)) or _slips(said) for n, of, said in zip(against, compared, confusion, strict=True)
    ]


def _against_the_others(coded: Votes) -> tuple[Ints, Ints]:
    """Return in how many records a reader is against most of what the others say of two options, and of how many.

    Records in which they go as often with the others as against them count in neither; each is shape (R,).
    """
    way = np.array([{ABOVE: 1, BELOW: -1}.get(label, 0) for label in coded.labels])[coded.label]
    others = np.bincount(coded.record, way, len(coded.records))[coded.record] - way
    _, record = np.unique([of_unit(unit)[0] for unit in coded.records], return_inverse=True)
    both, place = np.unique(record[coded.record] * len(coded.reviewers) + coded.reviewer, return_inverse=True)
    net = np.bincount(place, way * others)
    reviewer, r = both % len(coded.reviewers), len(coded.reviewers)
    against = np.bincount(reviewer[net < 0], minlength=r)
    return against, against + np.bincount(reviewer[net > 0], minlength=r)


def _upside_down(against: int, compared: int) -> str | None:
    low = wilson_interval(against, compared).low if compared else None
    if low is None or low <= 0.5:
        return None
    return f"puts options the other way round than the others do, in {against} of {compared} records"


def _slips(said: Floats) -> str | None:
    """Name what a reader says of the most pairs of options in place of the consensus.

    Args:
        said: Shape (3, 3), choices: by consensus, by the reader; above, below, level.
    """
    apart, level = float(said[:2].sum()), float(said[2].sum())
    shares = {
        "turns {} of the pairs of options round that are in an order by consensus": (said[0, 1] + said[1, 0], apart),
        "calls {} of the pairs of options level that are in an order by consensus": (said[:2, 2].sum(), apart),
        "puts {} of the pairs of options in an order that are level by consensus": (said[2, :2].sum(), level),
    }
    often = {words: n for words, (n, of) in shares.items() if of >= ENOUGH and n >= HABIT * of}
    if not often:
        return None
    most = max(often, key=lambda words: often[words])
    return most.format(f"{often[most] / shares[most][1]:.0%}")
