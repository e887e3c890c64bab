"""Cohen's kappa for each two reviewers who share a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.review.coefficients import Cells, cohens_kappas
from curation.review.votes import Floats, Ints, Votes
from evaluation.intervals import Interval
from evaluation.shown import Shown

_ONE_LABEL = "both gave one and the same label throughout, so chance agreement is complete"


@dataclass(frozen=True, kw_only=True, repr=False)
class PairAgreement(Shown):
    """How two reviewers agree on the records that both voted on.

    Attributes:
        reviewers: The two names.
        shared: How many records both voted on.
        observed: Share of these on which they gave the same label, in [0, 1].
        kappa: Cohen's kappa with a 95% interval (delta method); quadratically weighted on ordinal and interval scales.
    """

    reviewers: tuple[str, str]
    shared: int
    observed: float
    kappa: Interval

    def _facts(self) -> Mapping[str, Any]:
        return {"reviewers": " and ".join(self.reviewers), **super()._facts()}


def pair_agreements(votes: Votes, places: Floats | None) -> Sequence[PairAgreement]:
    """Return Cohen's kappa of each two reviewers with a shared record, most shared records first.

    Args:
        votes: Coded votes.
        places: Shape (K,), where the labels stand on a line; None where all are equally far apart.
    """
    left, right = vote_pairs(votes.record)
    if not left.size:
        return []
    r = len(votes.reviewers)
    who, pair = np.unique(votes.reviewer[left] * r + votes.reviewer[right], return_inverse=True)
    cells = _counted(pair, votes.label[left], votes.label[right])
    kappas = cohens_kappas(cells, places)
    shared = np.bincount(pair)
    same = np.bincount(cells.pair, cells.times * (cells.first == cells.second)) / shared
    error = np.sqrt(np.bincount(cells.pair, cells.times * kappas.influence**2)) / shared
    columns = (each.tolist() for each in (who // r, who % r, shared, same, kappas.value, error))
    agreements = [
        PairAgreement(
            reviewers=(votes.reviewers[one], votes.reviewers[other]),
            shared=n,
            observed=observed,
            kappa=_interval(value, deviation, n),
        )
        for one, other, n, observed, value, deviation in zip(*columns, strict=True)
    ]
    return sorted(agreements, key=lambda one: (-one.shared, one.reviewers))


def _counted(pair: Ints, first: Ints, second: Ints) -> Cells:
    """Return the different rows of three columns, and how often each occurs."""
    rows = np.stack([pair, first, second])[:, np.lexsort((second, first, pair))]
    starts = np.flatnonzero(np.append(True, (np.diff(rows) != 0).any(axis=0)))
    kinds = rows[:, starts]
    return Cells(pair=kinds[0], first=kinds[1], second=kinds[2], times=np.diff(starts, append=len(pair)))


def _interval(value: float, error: float, shared: int) -> Interval:
    if np.isnan(value):
        return Interval(value=None, reason=_ONE_LABEL)
    if shared < 2:
        return Interval(value=value, reason="no interval: only one record is shared")
    return Interval(value=value, low=max(-1.0, value - 1.96 * error), high=min(1.0, value + 1.96 * error))


def vote_pairs(record: Ints) -> tuple[Ints, Ints]:
    """Return the positions of every two votes on one record; `record` is ascending."""
    left, right, step = [], [], 1
    while (same := np.flatnonzero(record[step:] == record[: len(record) - step])).size:
        left.append(same)
        right.append(same + step)
        step += 1
    none = np.zeros(0, dtype=np.int64)
    return np.concatenate([none, *left]), np.concatenate([none, *right])
