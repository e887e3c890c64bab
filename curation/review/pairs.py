"""Cohen's kappa for each two reviewers who share a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.review.coefficients import Pair
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


def pair_agreements(votes: Votes, distance: Floats | None) -> Sequence[PairAgreement]:
    """Return Cohen's kappa of each two reviewers with a shared record, most shared records first.

    Args:
        votes: Coded votes.
        distance: Shape (K, K), how far two labels are apart; None where all are equally far.
    """
    left, right = vote_pairs(votes.record)
    if not left.size:
        return []
    r, k = len(votes.reviewers), len(votes.labels)
    pair = votes.reviewer[left] * r + votes.reviewer[right]
    cell = votes.label[left] * k + votes.label[right]
    kinds, counts = np.unique(np.stack([pair, cell], axis=1), axis=0, return_counts=True)
    apart = 1.0 - np.eye(k) if distance is None else distance
    bounds = np.flatnonzero(np.diff(kinds[:, 0])) + 1
    agreements = []
    for one, cells, times in zip(*(np.split(a, bounds) for a in (*kinds.T, counts)), strict=True):
        a, b = divmod(int(one[0]), r)
        names = (votes.reviewers[a], votes.reviewers[b])
        agreements.append(_agreement_of(names, cells, times, apart))
    return sorted(agreements, key=lambda one: (-one.shared, one.reviewers))


def _agreement_of(names: tuple[str, str], cells: Ints, counts: Ints, distance: Floats) -> PairAgreement:
    same = cells % (len(distance) + 1) == 0
    return PairAgreement(
        reviewers=names,
        shared=int(counts.sum()),
        observed=float(counts[same].sum() / counts.sum()),
        kappa=_kappa(cells, counts, distance),
    )


def vote_pairs(record: Ints) -> tuple[Ints, Ints]:
    """Return the positions of every two votes on one record; `record` is ascending."""
    left, right, step = [], [], 1
    while (same := np.flatnonzero(record[step:] == record[: len(record) - step])).size:
        left.append(same)
        right.append(same + step)
        step += 1
    none = np.zeros(0, dtype=np.int64)
    return np.concatenate([none, *left]), np.concatenate([none, *right])


def _kappa(cells: Ints, counts: Ints, distance: Floats) -> Interval:
    # Only labels that the two used matter: with many labels this keeps the table of one pair small.
    first, second = np.divmod(cells, len(distance))
    used = np.unique(np.concatenate([first, second]))
    pair = Pair(
        first=np.searchsorted(used, first),
        second=np.searchsorted(used, second),
        distance=distance[np.ix_(used, used)],
    )
    value, error = pair.kappa(counts.astype(float))
    if np.isnan(value):
        return Interval(value=None, reason=_ONE_LABEL)
    if counts.sum() < 2:
        return Interval(value=value, reason="no interval: only one record is shared")
    return Interval(value=value, low=max(-1.0, value - 1.96 * error), high=min(1.0, value + 1.96 * error))
